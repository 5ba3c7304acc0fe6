"""Reranking by a cross-encoder (arXiv:1901.04085)."""

import threading
from collections.abc import Sequence
from pathlib import Path

from llm_engineering.domain.errors import ModelError
from llm_engineering.infrastructure.models.precision import let_threads_wait_passively, require_device
from llm_engineering.infrastructure.models.quiet import quiet_transformers


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder, e.g. cross-encoder/ms-marco-MiniLM-L-4-v2, or a directory."""

    def __init__(self, model_id: str, device: str = "cpu") -> None:
        """Load it to `device`.

        Raises ModelError when there is no such model or it is no cross-encoder, BadSettings when
        there is no such device.
        """
        let_threads_wait_passively()
        from sentence_transformers import CrossEncoder

        require_device(device)
        quiet_transformers()
        try:
            self._model = CrossEncoder(model_id, device=device, local_files_only=Path(model_id).is_dir(), num_labels=1)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelError(
                f"The reranker {model_id!r} cannot be loaded ({reason}); check RERANKING_CROSS_ENCODER_MODEL_ID."
            ) from error
        architectures = self._model.config.architectures or []
        if not any(name.endswith(("ForSequenceClassification", "ForCausalLM")) for name in architectures):
            # It would load all the same, with a head of random numbers.
            raise ModelError(f"{model_id!r} is no cross-encoder; set RERANKING_CROSS_ENCODER_MODEL_ID to one.")
        self._lock = threading.Lock()

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        """One score a passage, larger is better; comparable within one query only."""
        if not passages:
            return []
        with self._lock:
            return [
                float(score)
                for score in self._model.predict([(query, passage) for passage in passages], show_progress_bar=False)
            ]
