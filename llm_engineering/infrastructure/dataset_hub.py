"""Datasets on the Hugging Face hub: private repositories, one subset an author and kind."""

import re

from llm_engineering.application.ports import Record
from llm_engineering.domain.errors import BadInput, StoreError

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


class DatasetHub:
    """Uploads what is given, on the given account."""

    def __init__(self, token: str) -> None:
        self._token = token

    def push(self, splits: dict[str, list[Record]], dataset_id: str, subset: str) -> str:
        """Write the splits (name → rows) as a subset of the repository; returns its address.

        The repository is made private when it is new; one that is there keeps its visibility.
        Raises BadInput for a malformed id and StoreError when the hub refuses or is out of reach.
        """
        if not REPOSITORY.fullmatch(dataset_id):
            raise BadInput(f'"{dataset_id}" is no dataset id; write it as account/name, such as your-name/llmtwin.')
        from datasets import Dataset, DatasetDict

        rows = DatasetDict({name: Dataset.from_list(some) for name, some in splits.items() if some})
        try:
            rows.push_to_hub(dataset_id, config_name=subset, private=True, token=self._token)
        except Exception as error:  # noqa: BLE001 - the hub's client raises of many kinds, some bare
            reason = " ".join(str(error).replace(self._token, "…").split())[:200]
            raise StoreError(
                f"Could not push to {dataset_id} ({type(error).__name__}: {reason}); check the account, the token's "
                "right to write, and the connection."
            ) from None
        return f"https://huggingface.co/datasets/{dataset_id}"
