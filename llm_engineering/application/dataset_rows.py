"""A dataset as rows of plain values, in the conversational formats of TRL."""

from collections.abc import Mapping

from llm_engineering.application import prompting
from llm_engineering.application.model_names import public_name
from llm_engineering.application.ports import Record
from llm_engineering.domain.datasets import InstructDataset, InstructSample, PreferenceDataset, PreferenceSample

Rows = Mapping[str, list[Record]]
"""Split (train, test) → its rows."""


def rows_of(dataset: InstructDataset | PreferenceDataset) -> Rows:
    """Split → rows, without a split that has none.

    Instruction samples have `prompt` and `completion`, preference samples `prompt`, `chosen` and
    `rejected`: lists of messages, the prompt exactly as training and serving write it. Beside them
    stand `task`, `document_id`, `start` and `end` (of the passage in its document's style text),
    and who wrote what the author did not, by a name that tells no path and no address.
    """
    author = dataset.metadata.author_full_name
    splits = {
        "train": [_row(author, sample) for sample in dataset.train],
        "test": [_row(author, sample) for sample in dataset.test],
    }
    return {name: rows for name, rows in splits.items() if rows}


def _row(author: str, sample: InstructSample | PreferenceSample) -> Record:
    place = {"document_id": str(sample.document_id), "start": sample.start, "end": sample.end}
    prompt = prompting.conversation(author, sample.instruction)
    if isinstance(sample, InstructSample):
        answers = {"completion": _said(sample.answer)}
        by = {"instruction_by": public_name(sample.instruction_by)}
    else:
        answers = {"chosen": _said(sample.chosen), "rejected": _said(sample.rejected)}
        by = {"rejected_by": public_name(sample.rejected_by)}
    return {"prompt": prompt, **answers, "task": sample.task.value, **place, **by}


def _said(text: str) -> prompting.Messages:
    return [{"role": "assistant", "content": text}]
