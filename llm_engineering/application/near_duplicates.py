"""Finds texts of one author that say nearly the same, such as a reprint on another site."""

import re
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from llm_engineering.application.markdown import LINK
from llm_engineering.domain.documents import Category

if TYPE_CHECKING:
    import numpy as np
    from datasketch import LeanMinHash

DUPLICATE_JACCARD = 0.85
PERMUTATIONS = 256
SHINGLE_WORDS = 5
MIN_COMPARED_WORDS = 30
"""Shorter posts may well repeat ("Happy new year!")."""


class SeenTexts:
    """Finds near-duplicates among an author's texts by MinHash over 5-word shingles.

    Broder 1997, "On the resemblance and containment of documents". Jaccard is estimated from 256
    permutations (standard error 0.02 at the limit of 0.85); candidates come from an LSH index.
    """

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._index = MinHashLSH(threshold=0.7, num_perm=PERMUTATIONS)
        self._signatures: dict[UUID, LeanMinHash] = {}
        self._links: dict[UUID, str] = {}

    def add(self, id: UUID, link: str, shingles: "np.ndarray") -> None:
        """Remember a text by its shingles, in place of what was known under its id."""
        self.remove(id)
        if len(shingles):
            self._signatures[id], self._links[id] = _signature(shingles.tobytes()), link
            self._index.insert(id, self._signatures[id])

    def remove(self, id: UUID) -> None:
        """Forget a text; an unknown id is no error."""
        if self._signatures.pop(id, None) is not None:
            self._index.remove(id)

    def duplicate_of(self, id: UUID, shingles: "np.ndarray") -> str | None:
        """The link of another text that is nearly the same, the most similar one."""
        if not len(shingles):
            return None
        signature = _signature(shingles.tobytes())
        others = [other for other in self._index.query(signature) if other != id]
        near = [(signature.jaccard(self._signatures[other]), self._links[other]) for other in others]
        best, link = max(near, default=(0.0, ""))
        return link if best >= DUPLICATE_JACCARD else None


@lru_cache(maxsize=4)  # a new text is compared, and then remembered
def _signature(shingles: bytes) -> "LeanMinHash":
    import numpy as np
    from datasketch import LeanMinHash, MinHash

    signature = MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=int)  # they are hashed already
    signature.update_batch(np.frombuffer(shingles, dtype=np.uint32))
    return LeanMinHash(signature)


def shingles_of(markdown: str, category: Category) -> "np.ndarray":
    """The 32-bit hashes of the text's different 5-word shingles; none of a short text or a repository."""
    import numpy as np

    words = [] if category is Category.REPOSITORIES else re.findall(r"[^\W_]+", LINK.sub(r"\1", markdown).casefold())
    if len(words) < MIN_COMPARED_WORDS:
        return np.empty(0, dtype=np.uint32)
    runs = (" ".join(words[start : start + SHINGLE_WORDS]) for start in range(len(words) - SHINGLE_WORDS + 1))
    return np.unique(np.fromiter((zlib.crc32(run.encode()) for run in runs), dtype=np.uint32))
