"""Who an author is held against."""

from collections.abc import Mapping, Sequence

from llm_engineering.application.cleaning import clean
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import RawDocument


def sample_impostors(author_name: str, samples: Mapping[str, Sequence[RawDocument]]) -> dict[str, list[str]]:
    """Name → style texts of the sample authors, in the order given, never of the author herself.

    `samples` is what `sample_documents` reads. An author is the same whatever the case or the spaces
    of the name (`Author.named`).
    """
    own = Author.named(author_name).id
    return {
        name: [clean(document).style_text for document in documents]
        for name, documents in samples.items()
        if Author.named(name).id != own
    }
