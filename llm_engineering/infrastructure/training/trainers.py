"""TRL's trainers, with what they do differently here."""

from typing import TYPE_CHECKING, Any

from llm_engineering.domain.twins import FinetuningType, TrainingPlan
from llm_engineering.infrastructure.training.batches import length, sampler

if TYPE_CHECKING:
    from transformers import Trainer


def adapted(trainer_class: "type[Trainer]", plan: TrainingPlan) -> "type[Trainer]":
    """The class, with checkpoints of the trained adapter only, and batches of samples of like length.

    DPO and KTO keep a frozen copy of the adapter beside it. Saved as well, it would be the only one that
    transformers 5.17 loads again, and a resumed run would silently start over from the SFT adapter.
    Neither is the hub asked about the base model's vocabulary, nor a model card written.
    """

    class Adapted(trainer_class):  # type: ignore[misc, valid-type]
        def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
            self.model.save_pretrained(
                output_dir, state_dict=state_dict, selected_adapters=["default"], save_embedding_layers=False
            )

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Nothing: the twin has its own card."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            if plan.finetuning_type is FinetuningType.KTO:  # whose rows have their order
                return super()._get_train_sampler(train_dataset)
            rows = self.train_dataset if train_dataset is None else train_dataset
            return sampler([length(row) for row in rows], plan.per_device_train_batch_size, plan.seed)

    Adapted.__name__ = trainer_class.__name__
    return Adapted
