"""How much of the disk a training run takes, asked before it starts."""

from pathlib import Path

from llm_engineering.domain.errors import TrainingError

GIGABYTE = 1_000_000_000
BYTES_OF_A_CHECKPOINT = 12
"""For each trained parameter: itself and the two moments of AdamW, all in float32."""
CHECKPOINTS = 3
"""Two are kept, and a third is written before the older one goes."""
ADAPTERS = 4
"""The best ones of early stopping, and the one that is the result, 4 bytes a parameter."""
BYTES_OF_THE_EXPORT = 5
"""For each parameter of the model: 2 merged, 2 in GGUF f16, 1 in a quantised GGUF."""


def bytes_needed(*, parameters: int, trained: int) -> int:
    """Disk space of one stage and the export of its twin, in bytes.

    `parameters` are those of the base model, `trained` those of the adapter.
    """
    return (CHECKPOINTS * BYTES_OF_A_CHECKPOINT + 4 * ADAPTERS) * trained + BYTES_OF_THE_EXPORT * parameters


def require_room(directory: Path, *, needed: int, free: int) -> None:
    """Raises TrainingError when `free` bytes at the directory are fewer than `needed`."""
    if free < needed:
        raise TrainingError(
            f"Training and its export need about {needed / GIGABYTE:.1f} GB in {directory}, where "
            f"{free / GIGABYTE:.1f} GB are free; make room, or set TWINS_DIR to another disk."
        )
