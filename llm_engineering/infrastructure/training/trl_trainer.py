"""Fine-tuning of a LoRA adapter by TRL, in this process or in several."""

from collections.abc import Callable, Sequence
from pathlib import Path

from llm_engineering.application.ports import Progress
from llm_engineering.domain.backends import choose
from llm_engineering.domain.datasets import InstructSample, PreferenceSample
from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.twins import TrainingPlan, TrainingResult
from llm_engineering.infrastructure.models.precision import let_threads_wait_passively
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.launching import launched
from llm_engineering.infrastructure.training.machine import model_type, this_machine
from llm_engineering.infrastructure.training.rows import Messages, instruct_rows, preference_rows
from llm_engineering.infrastructure.training.run import Job, run
from llm_engineering.infrastructure.training.tracking import Tracking

NO_TRACKING = Tracking()


class TrlTrainer:
    """Trains as the plan says with what the machine has: CUDA devices, Apple's GPU, or the CPU."""

    def __init__(self, models: ModelStore, tracking: Tracking = NO_TRACKING) -> None:
        self._models = models
        self._tracking = tracking

    def train_sft(
        self,
        plan: TrainingPlan,
        *,
        base_model: str,
        conversations: Callable[[InstructSample], Messages],
        train: Sequence[InstructSample],
        test: Sequence[InstructSample],
        output_dir: Path,
        progress: Progress,
    ) -> TrainingResult:
        """Train a new adapter (LoRA, arXiv:2106.09685) to give each sample's answer.

        `conversations` gives the messages that come before the answer; only the answer's tokens count.
        The held-out loss is of all of `test`.
        The adapter is written to `output_dir`/adapter. A run that was killed goes on from its last
        checkpoint in `output_dir`, so a directory belongs to one plan, base model and dataset.
        Raises TrainingError when there is nothing to learn from, no room, too little memory, or the loss
        diverges, ModelError when the base model is not to be had, BadConfig or MissingDependency when
        the plan asks for what this machine has not.
        """
        _require(train, "instruction")
        job = Job(
            plan=plan,
            base_model=base_model,
            adapter_dir=None,
            train=instruct_rows(train, conversations),
            test=instruct_rows(test, conversations),
            output_dir=output_dir,
        )
        return self._trained(job, progress)

    def train_preferences(
        self,
        plan: TrainingPlan,
        *,
        base_model: str,
        adapter_dir: Path,
        prompts: Callable[[PreferenceSample], Messages],
        train: Sequence[PreferenceSample],
        test: Sequence[PreferenceSample],
        output_dir: Path,
        progress: Progress,
    ) -> TrainingResult:
        """Continue the adapter by DPO (arXiv:2305.18290) or KTO (arXiv:2402.01306).

        The reference is the adapter as it was, which TRL keeps frozen beside the trained one. The
        adapter's shape stays, and dropout is off, so that policy and reference are compared like with
        like. Writes, goes on and raises as `train_sft`, and TrainingError for a plan of another rank.
        """
        _require(train, "preference")
        kind = plan.finetuning_type
        job = Job(
            plan=plan,
            base_model=base_model,
            adapter_dir=adapter_dir,
            train=preference_rows(train, prompts, kind, plan.seed),
            test=preference_rows(test, prompts, kind, plan.seed),
            output_dir=output_dir,
        )
        return self._trained(job, progress)

    def _trained(self, job: Job, progress: Progress) -> TrainingResult:
        let_threads_wait_passively()
        machine = this_machine()
        # Only a GPU can take any other than the usual way, for which alone the architecture matters.
        architecture = model_type(job.base_model, self._models) if machine.cuda_devices else None
        backend = choose(job.plan, machine, architecture)
        # Unsloth changes transformers while it is imported, which this process has done long ago.
        elsewhere = backend.processes > 1 or backend.name == "unsloth"
        return (launched if elsewhere else run)(job, backend, self._models, self._tracking, progress)


def _require(samples: Sequence[object], kind: str) -> None:
    if not samples:
        raise TrainingError(f"The train split has no {kind} samples; generate the {kind} dataset first.")
