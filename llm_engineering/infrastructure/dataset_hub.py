"""Datasets on the Hugging Face hub: private repositories, one subset an author and kind, with a card."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from llm_engineering.application.ports import Record
from llm_engineering.domain.errors import BadInput, StoreError, TwinError
from llm_engineering.infrastructure.dataset_files import json_lines

if TYPE_CHECKING:
    from huggingface_hub import HfApi

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)^---(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_SECTION = re.compile(
    r"^<!-- subset: (?P<name>\S+) -->\n(?:(?!^<!-- subset: ).)*?^<!-- end -->(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
TITLE = "# Passages of an author, with prompts"


class DatasetHub:
    """Uploads what is given, on the given account, in one commit."""

    def __init__(self, token: str, api: "HfApi | None" = None) -> None:
        """`api` is the hub's client, one for this token unless given."""
        self._token = token
        self._api = api

    def push(
        self,
        splits: Mapping[str, list[Record]],
        dataset_id: str,
        *,
        subset: str,
        card: str,
        front_matter: Mapping[str, Any],
    ) -> str:
        """Write the splits (name → rows) as a subset of the repository, with its part of the card.

        Returns the repository's address. It is made private when it is new; one that is there keeps its other subsets
        and what people wrote into its README.md. Raises BadInput for a malformed id or a public repository, and
        StoreError when the hub refuses or is out of reach.
        """
        if not REPOSITORY.fullmatch(dataset_id):
            raise BadInput(f'"{dataset_id}" is no dataset id; write it as account/name, such as your-name/llmtwin.')
        try:
            return self._pushed(splits, dataset_id, subset, card, front_matter)
        except TwinError:
            raise
        except Exception as error:  # noqa: BLE001 - the hub's client raises of many kinds, some bare
            reason = " ".join(str(error).replace(self._token, "…").split())[:200]
            raise StoreError(
                f"Could not push to {dataset_id} ({type(error).__name__}: {reason}); check the account, the token's "
                "right to write, and the connection."
            ) from None

    def _pushed(
        self,
        splits: Mapping[str, list[Record]],
        dataset_id: str,
        subset: str,
        card: str,
        front_matter: Mapping[str, Any],
    ) -> str:
        from huggingface_hub import CommitOperationAdd, HfApi

        api = self._api or HfApi(token=self._token)
        api.create_repo(dataset_id, repo_type="dataset", private=True, exist_ok=True)
        # One that was there keeps its visibility; an author's texts go into no public one.
        if not api.repo_info(dataset_id, repo_type="dataset").private:
            raise BadInput(f"{dataset_id} is public; make it private, or name another dataset_id.")
        there = ""
        if api.file_exists(dataset_id, "README.md", repo_type="dataset"):
            with open(api.hf_hub_download(dataset_id, "README.md", repo_type="dataset"), encoding="utf-8") as file:
                there = file.read()
        files = {f"{subset}/{name}.jsonl": json_lines(rows) for name, rows in splits.items() if rows}
        files["README.md"] = readme(there, subset, list(splits), card, front_matter)
        api.create_commit(
            dataset_id,
            operations=[CommitOperationAdd(path, text.encode()) for path, text in files.items()],
            commit_message=f"Write {subset}",
            repo_type="dataset",
        )
        return f"https://huggingface.co/datasets/{dataset_id}"


def readme(there: str, subset: str, splits: list[str], card: str, front_matter: Mapping[str, Any]) -> str:
    """The repository's README.md with this subset in its front matter and a section on it.

    All else stays: other subsets, text outside of the sections, and a licence. Raises BadInput for
    front matter that cannot be read.
    """
    matter, body = _parts(there)
    configs = [config for config in matter.pop("configs", None) or [] if config.get("config_name") != subset]
    files = [{"split": name, "path": f"{subset}/{name}.jsonl"} for name in splits]
    licensed = bool(matter.get("license"))
    for name, value in front_matter.items():
        if not (licensed and name.startswith("license")):
            matter[name] = _joined(matter.get(name), value)
    matter["configs"] = sorted([*configs, {"config_name": subset, "data_files": files}], key=_name)
    head = yaml.safe_dump(matter, sort_keys=False, allow_unicode=True)
    section = f"<!-- subset: {subset} -->\n## {subset}\n\n{card}<!-- end -->\n"
    return f"---\n{head}---\n\n{_with_section(body, subset, section)}"


def _parts(there: str) -> tuple[dict[str, Any], str]:
    """(front matter, the text below it) of a README.md."""
    match = _FRONT_MATTER.match(there)
    try:
        known = yaml.safe_load(match[1]) if match else None
    except yaml.YAMLError:
        raise BadInput(
            "The front matter of the repository's README.md is no YAML; correct it there, or name another dataset_id."
        ) from None
    if match and isinstance(known, dict):
        return known, there[match.end() :].lstrip("\n")
    return {}, there


def _with_section(body: str, subset: str, section: str) -> str:
    """The text with the section in place of the subset's last one, or at the end."""
    if any(found["name"] == subset for found in _SECTION.finditer(body)):
        return _SECTION.sub(lambda found: section if found["name"] == subset else found[0], body)
    return f"{body.rstrip() or TITLE}\n\n{section}"


def _joined(known: Any, value: Any) -> Any:
    """Lists of several subsets together; anything else as the newest says."""
    if not known or not isinstance(value, list):
        return value
    return list(dict.fromkeys([*(known if isinstance(known, list) else [known]), *value]))


def _name(config: Mapping[str, Any]) -> str:
    return str(config.get("config_name"))
