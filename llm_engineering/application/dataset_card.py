"""The data card of a dataset, written from its metadata."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from llm_engineering.application.model_names import public_name
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset, TaskKind

GATES: Mapping[str, str] = {
    "document_too_short": "documents without a passage",
    "cut_off": "passage begins or ends inside a sentence",
    "other_language": "passage in another language than most of the author's words",
    "pii_left": "passage with personal data",
    "boilerplate": "passage with a sentence that stands in several documents",
    "near_duplicate": "passage nearly the same as another (MinHash, Jaccard 0.8)",
    "overlaps_held_out": "training passage that shares eight words in a row with a held-out one",
    "instruction_malformed": "instruction asks for nothing, or is too short or too long",
    "instruction_about_text": "instruction talks of the passage",
    "instruction_copies": "instruction has eight words in a row of the passage",
    "instruction_leaks": "instruction names most of the passage's telling words",
    "instruction_unrelated": "instruction and passage differ in meaning (cosine below 0.40)",
    "instruction_duplicate": "instruction that another passage already has",
    "rewrite_length": "plain text much shorter or longer than its passage",
    "rewrite_first_person": "plain text in the first person",
    "rewrite_copies": "plain text has eight words in a row of the passage",
    "rewrite_unrelated": "plain text and passage differ in meaning (cosine below 0.60)",
    "rejected_empty": "rejected answer is empty",
    "rejected_length": "rejected answer is much shorter or longer than the passage",
    "rejected_loops": "rejected answer repeats itself",
    "rejected_same": "rejected answer is nearly the passage",
    "rejected_formatted": "rejected answer has lists, headings or bold type and the passage has none",
    "rejected_other_language": "rejected answer in another language",
    "feedback_broken": "reader's correction that repeats itself, or is of another length or language",
    "feedback_pii": "reader's pair with personal data",
    "feedback_overlaps_held_out": "reader's pair with eight words in a row of a held-out passage",
}
"""Gate → what it refuses, for people."""

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
"""The hub's names for numbers of rows."""


def gate_rows(dataset: InstructDataset | PreferenceDataset) -> list[tuple[str, str, int, str]]:
    """(gate, what it refuses, count, "dropped" or "other prompt") of every gate that refused something."""
    about = dataset.metadata
    dropped = [(gate, GATES.get(gate, gate), count, "dropped") for gate, count in about.dropped.items() if count]
    replaced = [(gate, GATES.get(gate, gate), n, "another prompt") for gate, n in about.replaced.items() if n]
    return dropped + replaced


def kind_counts(dataset: InstructDataset | PreferenceDataset) -> list[tuple[str, int, int]]:
    """(task, training samples, held-out samples), the most frequent first."""
    train = Counter(sample.task.value for sample in dataset.train)
    test = Counter(sample.task.value for sample in dataset.test)
    return [(task, train[task], test[task]) for task, _ in (train + test).most_common()]


def front_matter(dataset: InstructDataset | PreferenceDataset) -> dict[str, Any]:
    """What the hub reads of the card. The licence is "other": the texts are the author's."""
    rows = len(dataset.train) + len(dataset.test)
    return {
        "license": "other",
        "license_name": "rights-of-the-author",
        "language": [dataset.metadata.language] if dataset.metadata.language else [],
        "size_categories": [next((name for most, name in SIZES if rows < most), "n>1M")],
        "task_categories": ["text-generation"],
        "tags": ["llm-twin", "trl", "dpo" if isinstance(dataset, PreferenceDataset) else "sft"],
    }


def card_of(dataset: InstructDataset | PreferenceDataset) -> str:
    """The card's section on this dataset, in Markdown: what it is, how it was made, its gates and limits."""
    about = dataset.metadata
    kinds = [f"| {task} | {train} | {test} |" for task, train, test in kind_counts(dataset)]
    gates = [f"| `{gate}` | {meaning} | {count} | {done} |" for gate, meaning, count, done in gate_rows(dataset)]
    spread = [
        f"| {name.replace('_', ' ')} | {one.low:.3g} | {one.median:.3g} | {one.high:.3g} |"
        for name, one in about.distributions.items()
    ]
    parts = [
        _introduction(dataset),
        _table("Samples by task", ("task", "train", "test"), kinds),
        _table("Quality gates", ("gate", "refuses", "count", "then"), gates),
        _table("Distributions over both splits", ("of", "5 %", "median", "95 %"), spread),
        _how_made(dataset),
        _limits(dataset),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _introduction(dataset: InstructDataset | PreferenceDataset) -> str:
    about = dataset.metadata
    sizes = f"{len(dataset.train)} training and {len(dataset.test)} held-out samples"
    documents = f"{len(about.train_documents)} and {len(about.test_documents)} documents"
    what = (
        "Each pair is the author's own passage (`chosen`), or a reader's correction of an answer, against a model's "
        "answer to the same prompt (`rejected`)."
        if isinstance(dataset, PreferenceDataset)
        else "Each `completion` is a passage of the author, character by character; the prompt was written for it."
    )
    return (
        f"Author: {about.author_full_name}. {sizes} from {documents}, split by document, the newest held out. {what} "
        f"Share of answers that occur verbatim in the author's texts: {about.verbatim_answer_share:.0%}; share of "
        f"held-out answers with eight words in a row of a training answer: {about.leak_share:.0%}."
    )


def _how_made(dataset: InstructDataset | PreferenceDataset) -> str:
    about = dataset.metadata
    models = ", ".join(f"{role}: `{public_name(model)}`" for role, model in about.model_ids.items())
    return (
        f"### How it was made\n\nInstruction back-translation (arXiv:2308.06259). Models: {models}. Seed {about.seed}, "
        f"share held out {about.test_split_size:g}, recipe `{about.recipe}`, corpus `{about.corpus_fingerprint[:12]}`, "
        f"this dataset `{dataset.fingerprint[:12]}`. Instructions that had to be written twice: {about.retried}."
    )


def _table(heading: str, columns: tuple[str, ...], rows: list[str]) -> str:
    if not rows:
        return ""
    return "\n".join((f"### {heading}\n", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *rows))


def _limits(dataset: InstructDataset | PreferenceDataset) -> str:
    replies = any(sample.task is TaskKind.REPLY for sample in [*dataset.train, *dataset.test])
    return " ".join((f"### Limits\n\n{OWNED}", *([OTHERS_WORDS] if replies else []), LOOSE))


OWNED = "The texts belong to their author, and nothing here grants a licence for them."
OTHERS_WORDS = (
    f"The prompts of `{TaskKind.REPLY}` samples are other people's words and belong to those who wrote them; "
    "ask them before you share this."
)
LOOSE = (
    "Prompts by small models may fit their passages loosely. Personal data is looked for by its shape only: names in "
    "prose stay."
)
