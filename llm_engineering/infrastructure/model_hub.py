"""Models on the Hugging Face hub."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from llm_engineering.domain.errors import BadInput, StoreError, TwinError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
MOST_REASON = 200
"""Characters of what the hub's client says that a sentence quotes."""


class HuggingFaceModels:
    """Uploads what is given, on the given account."""

    def __init__(self, token: str, *, api: "Callable[[str], HfApi] | None" = None) -> None:
        """`api` makes the hub's client from the token; huggingface_hub's own unless given."""
        self._token = token
        self._api = api or _hub

    def push(self, files: Mapping[str, Path | bytes], model_id: str, *, public: bool, message: str) -> str:
        """Write the files in one commit; returns the model's address. As `ModelHub.push`."""
        if not REPOSITORY.fullmatch(model_id):
            raise BadInput(f'"{model_id}" is no model id; write it as account/name, such as your-name/my-twin.')
        from huggingface_hub import CommitOperationAdd

        api = self._api(self._token)
        operations = [
            CommitOperationAdd(path_in_repo=there, path_or_fileobj=here if isinstance(here, bytes) else str(here))
            for there, here in sorted(files.items())
        ]
        try:
            api.create_repo(model_id, private=not public, repo_type="model", exist_ok=True)
            # One that was there keeps its visibility; nothing private goes into a public one unasked.
            if not public and not api.repo_info(model_id, repo_type="model").private:
                raise BadInput(f"{model_id} is public; choose another name, make it private, or say --public.")
            api.create_commit(model_id, operations, commit_message=message, repo_type="model")
        except TwinError:
            raise
        except Exception as error:  # noqa: BLE001 - the hub's client raises of many kinds, some bare
            reason = " ".join(str(error).replace(self._token, "…").split())[:MOST_REASON]
            raise StoreError(
                f"Could not push to {model_id} ({type(error).__name__}: {reason}); check the account, the token's "
                "right to write, and the connection."
            ) from None
        return f"https://huggingface.co/{model_id}"


def _hub(token: str) -> "HfApi":
    from huggingface_hub import HfApi

    return HfApi(token=token)
