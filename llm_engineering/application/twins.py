"""Choose among an author's twins."""

from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.twins import TwinManifest


def twin_version(warehouse: Warehouse, author: Author, version: int | None = None) -> TwinManifest:
    """The twin of that version, or the newest one, whether it passed evaluation or not.

    Raises BadInput, naming the versions there are.
    """
    twins = warehouse.twins(author)
    if not twins:
        raise BadInput(f"{author.full_name} has no twin yet; train one: ./poe run-training-pipeline.")
    if version is None:
        return twins[-1]
    for twin in twins:
        if twin.version == version:
            return twin
    known = ", ".join(str(twin.version) for twin in twins)
    raise BadInput(f"{author.full_name} has no twin of version {version}; there are: {known}.")
