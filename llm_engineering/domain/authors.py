"""The person whose words these are."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.identity import author_id


class Author(BaseModel):
    """An author known to the warehouse (collection `users`)."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    full_name: str

    @classmethod
    def named(cls, full_name: str) -> "Author":
        """The author of that name. Raises BadInput for an empty name."""
        shown = " ".join(full_name.split())
        if not shown:
            raise BadInput("An author needs a name; give it as user_full_name: First Last.")
        return cls(id=author_id(shown), full_name=shown)

    @property
    def first_name(self) -> str:
        """All but the last word of the name, as the warehouse's `users` collection keeps it."""
        return self.full_name.rsplit(" ", 1)[0]

    @property
    def last_name(self) -> str:
        """The last word of the name (the whole of it, when it is a single word)."""
        return self.full_name.rsplit(" ", 1)[-1]
