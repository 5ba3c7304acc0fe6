"""What keeps a passage out of a dataset, each reason counted under its name."""

from collections import Counter
from collections.abc import Sequence, Set

from llm_engineering.application.cleaning import MARKERS
from llm_engineering.application.passages import eight_grams, ends_sentence, normalised_sentences, words
from llm_engineering.application.pii import PiiRules, scrubbed
from llm_engineering.application.pii_patterns import PiiKind
from llm_engineering.application.quarantine import detected_language
from llm_engineering.domain.datasets import Passage
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import DatasetError

PII = PiiRules(kinds=frozenset(PiiKind) - {PiiKind.BLOCKED})


def main_language(documents: Sequence[CleanedDocument]) -> str | None:
    """The language of most of the author's words, as the documents say; None when none says."""
    counts: Counter[str] = Counter()
    for document in documents:
        if document.language:
            counts[document.language] += len(document.style_text.split())
    return min(counts, key=lambda language: (-counts[language], language)) if counts else None


def usable(
    found: Sequence[Passage],
    document: CleanedDocument,
    *,
    boilerplate: Set[str],
    language: str | None,
    dropped: Counter[str],
) -> list[Passage]:
    """The document's passages that no gate refuses; each of the others is counted once.

    Gates: "cut_off", "other_language", "pii_left" (personal data, whether or not scrubbing was asked
    for), "boilerplate" (a sentence that stands in several documents).
    """
    kept = []
    for passage in found:
        reason = _refusal(passage, document, boilerplate, language)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(passage)
    return kept


def _refusal(passage: Passage, document: CleanedDocument, boilerplate: Set[str], language: str | None) -> str | None:
    if is_cut_off(passage, document.style_text):
        return "cut_off"
    if language and (detected_language(passage.text) or language) != language:
        return "other_language"
    if has_personal_data(passage.text):
        return "pii_left"
    if boilerplate and not boilerplate.isdisjoint(normalised_sentences(passage.text)):
        return "boilerplate"
    return None


def has_personal_data(text: str) -> bool:
    """Whether anything of the text would be scrubbed, whether or not scrubbing was asked for."""
    return bool(scrubbed(text, PII)[1])


def is_cut_off(passage: Passage, text: str) -> bool:
    """Whether the passage begins or ends in the middle of a sentence of its document's style text.

    Where a document begins and ends there is nothing more, whatever its last character. A small
    first letter tells only where the text before it did not end: some authors write all small.
    """
    if text[passage.end :].strip() and not ends_sentence(passage.text):
        return True
    before = text[: passage.start].rstrip()
    last = before.rsplit("\n", 1)[-1]
    interrupted = bool(before) and (last in MARKERS or not ends_sentence(before))
    return interrupted and passage.text[:1].islower()


def without_duplicates(items: Sequence[Passage], dropped: Counter[str]) -> list[Passage]:
    """The passages, each text once: near-duplicates by MinHash over three-word shingles (Jaccard 0.8)."""
    from datasketch import MinHash, MinHashLSH

    index: MinHashLSH = MinHashLSH(threshold=0.8, num_perm=64)
    kept: list[Passage] = []
    for number, passage in enumerate(items):
        tokens = words(passage.text)
        signature = MinHash(num_perm=64, seed=17)
        shingles = {" ".join(tokens[at : at + 3]).encode() for at in range(max(1, len(tokens) - 2))}
        signature.update_batch(sorted(shingles))
        if index.query(signature):
            dropped["near_duplicate"] += 1
            continue
        index.insert(str(number), signature)
        kept.append(passage)
    return kept


def without_leaks(train: Sequence[Passage], test: Sequence[Passage], dropped: Counter[str]) -> list[Passage]:
    """The training passages that share no run of eight words with a held-out one."""
    held_out = set().union(*(eight_grams(passage.text) for passage in test)) if test else set()
    kept = [passage for passage in train if not eight_grams(passage.text) & held_out]
    dropped["overlaps_held_out"] += len(train) - len(kept)
    return kept


def leak_share(train: Sequence[str], test: Sequence[str]) -> float:
    """Share (0 to 1) of the test texts that share a run of eight words with a training text."""
    seen = set().union(*(eight_grams(text) for text in train)) if train else set()
    leaking = [bool(eight_grams(text) & seen) for text in test]
    return sum(leaking) / len(leaking) if leaking else 0.0


def require_no_leak(train: Sequence[str], test: Sequence[str]) -> float:
    """The leak share, which is 0. Raises DatasetError when training text reaches the test split."""
    share = leak_share(train, test)
    if share > 0:
        raise DatasetError(
            f"{share:.0%} of the held-out passages share eight words in a row with training text; "
            "the split is not clean, so nothing measured on it would mean anything."
        )
    return share
