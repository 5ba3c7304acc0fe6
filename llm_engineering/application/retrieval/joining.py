"""From ranked chunks to passages: each thing said once, neighbours together, no more than fits a prompt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from llm_engineering.application.indexing import cleaned_collection, cleaned_of, embedded_collection
from llm_engineering.application.passages import words
from llm_engineering.application.ports import VectorStore
from llm_engineering.domain.chunks import Chunk, RetrievedPassage
from llm_engineering.domain.identity import chunk_id

SAME_FROM = 0.95
"""Cosine from which two chunks may say the same, e.g. in an article that was published twice."""
SAME_WORDS = 0.6
"""Share of their words that two such chunks have in common: to some embedders all texts are near each other."""
MOST_PER_DOCUMENT = 2
"""More passages of one document would crowd out the others."""
MOST_JOINED = 3
"""Chunks of one passage."""
CHARACTERS_PER_TOKEN = 4
"""A text counts as at least its length by this: word pieces skip the indentation of code, chat models read it."""

Similar = Callable[[UUID, UUID], float]


@dataclass
class Group:
    """Chunks of one document that follow each other."""

    best: RetrievedPassage
    chunks: list[Chunk]
    """In the document's order; the best one's is among them."""

    @property
    def document(self) -> UUID:
        """Whose chunks they are."""
        return self.best.chunk.document_id

    def adjoins(self, chunk: Chunk) -> bool:
        """Whether the chunk follows or precedes these."""
        ends = (self.chunks[0].ordinal - 1, self.chunks[-1].ordinal + 1)
        return chunk.document_id == self.document and chunk.ordinal in ends

    def add(self, chunk: Chunk) -> None:
        """Join a chunk that adjoins."""
        self.chunks = sorted([*self.chunks, chunk], key=lambda one: one.ordinal)


def selected(passages: Sequence[RetrievedPassage], similar: Similar, k: int) -> list[Group]:
    """The best `k` groups of chunks, best first.

    A chunk that says the same as a better one is left out, and one that adjoins a better one is
    joined to it, so that the chunks after it get its place. At most a few groups are of one
    document while other documents have any.
    """
    taken: list[Group] = []
    later: list[Group] = []
    for passage in passages:
        chunk = passage.chunk
        if any(_say_the_same(chunk, known, similar) for group in taken for known in group.chunks):
            continue
        beside = next((group for group in taken if group.adjoins(chunk) and len(group.chunks) < MOST_JOINED), None)
        if beside:
            beside.add(chunk)
        elif len(taken) == k:
            break
        elif sum(group.document == chunk.document_id for group in taken) < MOST_PER_DOCUMENT:
            taken.append(Group(passage, [chunk]))
        else:
            later.append(Group(passage, [chunk]))
    return (taken + later)[:k]


def _say_the_same(left: Chunk, right: Chunk, similar: Similar) -> bool:
    if similar(left.id, right.id) < SAME_FROM:
        return False
    ours, theirs = set(words(left.text)), set(words(right.text))
    return len(ours & theirs) >= SAME_WORDS * len(ours | theirs)


def within(
    budget: int, groups: Sequence[Group], *, vectors: VectorStore, count_tokens: Callable[[str], int]
) -> list[Group]:
    """As many of the best groups as have `budget` tokens together, at least the first chunk.

    A group that is too long is cut to its best chunk. What is left of the budget goes to the
    neighbours of the best groups: they give a passage its context.
    """
    left, kept = budget, list[Group]()
    for group in groups:
        cost = sum(_tokens(chunk, count_tokens) for chunk in group.chunks)
        if cost > left and len(group.chunks) > 1:
            group = Group(group.best, [group.best.chunk])
            cost = _tokens(group.best.chunk, count_tokens)
        if cost > left and kept:
            break
        kept.append(group)
        left -= cost
    known = {chunk.id for group in kept for chunk in group.chunks}
    around = _neighbours(kept, vectors) if left > 0 else {}
    for group in kept:
        for ordinal in (group.chunks[-1].ordinal + 1, group.chunks[0].ordinal - 1):
            chunk = around.get((group.document, ordinal))
            if chunk is None or chunk.id in known or len(group.chunks) >= MOST_JOINED:
                continue
            cost = _tokens(chunk, count_tokens)
            if cost <= left:
                group.add(chunk)
                known.add(chunk.id)
                left -= cost
    return kept


def joined(groups: Sequence[Group], vectors: VectorStore) -> list[RetrievedPassage]:
    """Each group as one passage with the exact text of its span, from the cleaned document.

    A group whose document is another by now (it is being indexed anew) is its best chunk alone.
    """
    texts = _texts([group for group in groups if len(group.chunks) > 1], vectors)
    return [_passage(group, texts.get(group.document, "")) for group in groups]


def _passage(group: Group, text: str) -> RetrievedPassage:
    best, chunks = group.best, group.chunks
    if len(chunks) == 1 or any(text[chunk.start : chunk.end] != chunk.text for chunk in chunks):
        return best.model_copy(update={"joined": (best.chunk.ordinal,)})
    start, end = min(chunk.start for chunk in chunks), max(chunk.end for chunk in chunks)
    whole = best.chunk.model_copy(update={"start": start, "end": end, "text": text[start:end]})
    return best.model_copy(update={"chunk": whole, "joined": tuple(chunk.ordinal for chunk in chunks)})


def _texts(groups: Sequence[Group], vectors: VectorStore) -> dict[UUID, str]:
    """Document id → search text."""
    found: dict[UUID, str] = {}
    for category in {group.best.chunk.category for group in groups}:
        ids = {group.document for group in groups if group.best.chunk.category is category}
        points = vectors.get(cleaned_collection(category), sorted(ids, key=str))
        found.update({point.id: cleaned_of(point).search_text for point in points})
    return found


def _neighbours(groups: Sequence[Group], vectors: VectorStore) -> dict[tuple[UUID, int], Chunk]:
    """(Document id, ordinal) → the chunks before and after the groups."""
    found: dict[tuple[UUID, int], Chunk] = {}
    for category in {group.best.chunk.category for group in groups}:
        ends = {
            (group.document, ordinal)
            for group in groups
            if group.best.chunk.category is category
            for ordinal in (group.chunks[0].ordinal - 1, group.chunks[-1].ordinal + 1)
            if ordinal >= 0
        }
        ids = sorted((chunk_id(document, ordinal) for document, ordinal in ends), key=str)
        for point in vectors.get(embedded_collection(category), ids):
            chunk = Chunk.model_validate({"id": point.id, **point.payload})
            found[(chunk.document_id, chunk.ordinal)] = chunk
    return found


def _tokens(chunk: Chunk, count_tokens: Callable[[str], int]) -> int:
    return max(count_tokens(chunk.text), len(chunk.text) // CHARACTERS_PER_TOKEN)
