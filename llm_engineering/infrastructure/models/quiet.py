"""Keeps the talk of model libraries off the user's terminal; errors still come through."""

import logging
import warnings


def quiet_transformers() -> None:
    """No progress bars, notices or deprecation warnings of transformers and its relatives, from here on."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    for name in ("sentence_transformers", "peft", "trl", "datasets", "accelerate", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module=rf"{name}(\.|$)")
    for name in ("transformers", "torch"):
        warnings.filterwarnings("ignore", module=rf"{name}(\.|$)")
