"""Make an author's preference dataset: their passage against a model's own answer to the same prompt."""

import re
from collections import Counter
from collections.abc import Sequence, Set
from itertools import pairwise
from typing import TYPE_CHECKING

from llm_engineering.application import prompting
from llm_engineering.application.costs import TOKENS_PER_WORD, Meter, Usage, expected
from llm_engineering.application.gates import has_personal_data
from llm_engineering.application.generation import Sampling, generate
from llm_engineering.application.instructing import Task
from llm_engineering.application.passages import eight_grams, words
from llm_engineering.application.ports import DocumentStore, Progress
from llm_engineering.application.quarantine import detected_language
from llm_engineering.application.sampling import bounded, distributions_of
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.weights import Weights
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, InstructSample, PreferenceDataset, PreferenceSample
from llm_engineering.domain.errors import BadInput, DatasetError
from llm_engineering.domain.twins import GGUF

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

BASE = "base"
"""`rejected_by`: CHAT_MODEL writes the rejected answers; "latest": the author's promoted twin does."""
LENGTH_RATIOS = (0.5, 1.5)
"""Rejected words / chosen words outside of these would teach DPO length instead of voice."""
MOST_OVERLAP = 0.8
"""Jaccard of the two texts' words; above it the pair says nothing of either."""
TEMPERATURE = 0.7

_FORMATTING = re.compile(r"^\s*(?:[-*+•]\s|\d+[.)]\s|#{1,6}\s|>\s|```)|\*\*[^*\n]+\*\*", re.MULTILINE)
"""Lists, headings, quotes, code and bold type of Markdown."""


def preference_dataset(
    instruct: InstructDataset,
    *,
    chat: "BaseChatModel",
    model_name: str,
    store: DocumentStore,
    progress: Progress,
    meter: Meter | None = None,
    max_samples: int | None = None,
    seed: int = 17,
    put_right: Sequence[PreferenceSample] = (),
) -> PreferenceDataset:
    """Self-play pairs (arXiv:2401.01335) on the split of the instruction samples.

    `put_right` are pairs that readers made (`feedback.pairs`): those that pass `flaw` join the
    training split, whatever `max_samples`, and lower the verbatim share accordingly.

    A pair is dropped when a glance tells which is which, so that DPO would learn nothing of the
    voice; gates: "rejected_empty", "rejected_length", "rejected_loops", "rejected_same",
    "rejected_formatted" (lists, headings or bold type where the passage has none) and
    "rejected_other_language". Raises DatasetError when no pair is left.
    """
    dropped: Counter[str] = Counter()
    train, test = bounded(instruct.train, instruct.test, max_samples)
    asked = [*train, *test]
    answers = generate(
        chat,
        _prompts(instruct, asked),
        model_name=model_name,
        store=store,
        progress=progress,
        description="writing rejected answers",
        meter=meter,
        **_sampling(asked, seed),
    )
    language = instruct.metadata.language
    pairs = [
        _pair(sample, answer, model_name, language, dropped) for sample, answer in zip(asked, answers, strict=True)
    ]
    readers = _sound(put_right, [sample.answer for sample in instruct.test], language, dropped)
    kept = [*(pair for pair in pairs if pair), *readers]
    metadata = instruct.metadata.model_copy(
        update={
            "seed": seed,
            "max_samples": max_samples,
            "instruct_fingerprint": instruct.fingerprint,
            "dropped": dict(dropped),
            "replaced": {},
            "retried": 0,
            "shares": {
                "chosen_formatted": _formatted_share([pair.chosen for pair in kept]),
                "rejected_formatted": _formatted_share([pair.rejected for pair in kept]),
            },
            "distributions": distributions_of(
                length_ratio=[len(words(pair.rejected)) / max(1, len(words(pair.chosen))) for pair in kept],
                overlap=[overlap(pair.rejected, pair.chosen) for pair in kept],
                chosen_words=[float(len(pair.chosen.split())) for pair in kept],
                rejected_words=[float(len(pair.rejected.split())) for pair in kept],
            ),
            "verbatim_answer_share": (len(kept) - len(readers)) / len(kept) if kept else 1.0,
            "model_ids": {**instruct.metadata.model_ids, "rejected": model_name},
        }
    )
    dataset = PreferenceDataset(
        metadata=metadata,
        train=[*(pair for pair in pairs[: len(train)] if pair), *readers],
        test=[pair for pair in pairs[len(train) :] if pair],
    )
    if not dataset.train:
        raise DatasetError(f"No preference pair passed the gates: {dict(dropped)}; try another CHAT_MODEL.")
    return dataset


def rejecting_model(
    rejected_by: str, author: Author, *, base_model: str, warehouse: Warehouse, weights: Weights
) -> tuple[str, str]:
    """What `ChatModels.opened` takes, and the name that the samples carry: of the base, or of the author's latest twin.

    Raises BadInput when no twin of the author was promoted, TemplateMismatch or ModelError for one
    that cannot be used.
    """
    if rejected_by == BASE:
        return base_model, base_model
    manifest = warehouse.latest_twin(author)
    if manifest is None:
        raise BadInput(
            f"rejected_by is {rejected_by}, but no twin of {author.full_name} has passed its evaluation; train and "
            f"evaluate one, or leave rejected_by at {BASE}."
        )
    name = f"{manifest.name}/{manifest.version}"
    prompting.require_same_templates(name, manifest.template_fingerprint)
    return str(weights.file(manifest)), f"{name}@{manifest.files[GGUF][:12]}"


def calls_at_most(train: Sequence[Task], test: Sequence[Task], max_samples: int | None) -> Usage:
    """What the rejected answers of samples of these tasks take at most, were none there yet."""
    asked = [task for side in bounded(train, test, max_samples) for task in side]
    return sum((_expected(task) for task in asked), Usage())


def _expected(task: Task) -> Usage:
    shown = task.shown or "An instruction has about twenty words, and the model is told once more who it is. " * 2
    return expected([{"role": "user", "content": shown}], _most_tokens(task.passage.text))


def overlap(one: str, other: str) -> float:
    """Jaccard (0 to 1) of the two texts' sets of words."""
    mine, theirs = set(words(one)), set(words(other))
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0


def is_formatted(text: str) -> bool:
    """Whether the text has lists, headings, quotes, code or bold type of Markdown."""
    return bool(_FORMATTING.search(text))


def broken(rejected: str, chosen: str, language: str | None = None) -> str | None:
    """Why the rejected text would teach something else than voice; None when it would not."""
    if not words(rejected):
        return "rejected_empty"
    if not _as_long(rejected, chosen):
        return "rejected_length"
    if _loops(rejected):
        return "rejected_loops"
    if overlap(rejected, chosen) > MOST_OVERLAP:
        return "rejected_same"
    if is_formatted(rejected) and not is_formatted(chosen):
        return "rejected_formatted"
    if _is_foreign(rejected, language):
        return "rejected_other_language"
    return None


def flaw(pair: PreferenceSample, held_out: Set[tuple[str, ...]], language: str | None = None) -> str | None:
    """Why a reader's pair is not learned from; None when it is. `held_out`: the test split's runs of eight words.

    What a reader wrote is looked at harder than what the model wrote, which is there to be unlearned:
    gates "feedback_broken" (a correction much shorter or longer than the answer, in another language,
    or that repeats itself), and of all three texts "feedback_pii" and "feedback_overlaps_held_out".
    """
    texts = (pair.instruction, pair.chosen, pair.rejected)
    if not _as_long(pair.rejected, pair.chosen) or _loops(pair.chosen) or _is_foreign(pair.chosen, language):
        return "feedback_broken"
    if any(map(has_personal_data, texts)):
        return "feedback_pii"
    return None if held_out.isdisjoint(set().union(*map(eight_grams, texts))) else "feedback_overlaps_held_out"


def _as_long(rejected: str, chosen: str) -> bool:
    low, high = LENGTH_RATIOS
    return low <= len(words(rejected)) / max(1, len(words(chosen))) <= high


def _loops(text: str) -> bool:
    runs = list(pairwise(words(text)))
    return bool(runs) and len(set(runs)) / len(runs) < 0.5


def _is_foreign(text: str, language: str | None) -> bool:
    return bool(language) and (detected_language(text) or language) != language


def _sound(
    pairs: Sequence[PreferenceSample], held_out: Sequence[str], language: str | None, dropped: Counter[str]
) -> list[PreferenceSample]:
    seen = {run for text in held_out for run in eight_grams(text)}
    flaws = [flaw(pair, seen, language) for pair in pairs]
    dropped.update(filter(None, flaws))
    return [pair for pair, wrong in zip(pairs, flaws, strict=True) if wrong is None]


def _pair(
    sample: InstructSample, answer: str, model_name: str, language: str | None, dropped: Counter[str]
) -> PreferenceSample | None:
    rejected = whole_sentences(answer)
    if reason := broken(rejected, sample.answer, language):
        dropped[reason] += 1
        return None
    return PreferenceSample(
        instruction=sample.instruction,
        chosen=sample.answer,
        rejected=rejected,
        document_id=sample.document_id,
        start=sample.start,
        end=sample.end,
        rejected_by=model_name,
        task=sample.task,
    )


def whole_sentences(answer: str) -> str:
    """Without the last sentence when the token limit cut it off."""
    text = answer.strip()
    if not text or text[-1] in ".!?…\"'”’)":
        return text
    spans = sentence_spans(text)
    return text[: spans[-2][1]] if len(spans) > 1 else text


def _prompts(instruct: InstructDataset, samples: Sequence[InstructSample]) -> list[prompting.Messages]:
    author = instruct.metadata.author_full_name
    return [prompting.conversation(author, sample.instruction) for sample in samples]


def _sampling(samples: Sequence[InstructSample], seed: int) -> Sampling:
    limits = [_most_tokens(sample.answer) for sample in samples]
    return {"max_tokens": limits, "temperature": TEMPERATURE, "seed": seed}


def _most_tokens(passage: str) -> int:
    """As long as the passage, so that length does not tell the two apart."""
    return int(len(passage.split()) * TOKENS_PER_WORD) + 1


def _formatted_share(texts: Sequence[str]) -> float:
    return sum(map(is_formatted, texts)) / len(texts) if texts else 0.0
