"""The collections of a Qdrant server: how they are made, what they are called, how they are replaced."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from llm_engineering.domain.errors import StoreError
from llm_engineering.infrastructure.stores.common import is_successor, successor

if TYPE_CHECKING:
    from qdrant_client import QdrantClient
    from qdrant_client.models import AliasOperations, CollectionInfo


class ServerCollections:
    """Makes collections, and switches the aliases by which those with vectors are called.

    What a collection was made by is part of its real name as a hash, so that the comparison also
    works on servers that keep no metadata of a collection (before 1.16).
    """

    def __init__(self, client: "QdrantClient", address: str) -> None:
        self._client = client
        self._address = address
        self._sizes: dict[str, int | None] = {}

    def is_there(self, name: str) -> bool:
        """Whether the collection or alias exists; asked of the server until it does, then remembered."""
        if name not in self._sizes and self._client.collection_exists(name):
            self._sizes[name] = _dense_size(self._client.get_collection(name))
        return name in self._sizes

    def size(self, name: str, fitting: Sequence[float] | None = None) -> int | None:
        """Length of its dense vectors; asked of the server again when `fitting` does not fit.

        Another process may have switched the alias since.
        """
        if fitting is not None and len(fitting) != self._sizes[name]:
            self._sizes[name] = _dense_size(self._client.get_collection(name))
        return self._sizes[name]

    def ensure(self, name: str, dense_size: int | None, made_by: Mapping[str, str] | None) -> str:
        """Make the collection unless it is there; returns the name to write to (see the port)."""
        if made_by is None:
            if not self._client.collection_exists(name):
                self._make(name, dense_size, {})
            self._require_size(name, dense_size)
            return name
        to = successor(name, dense_size, made_by)
        now = self._now(name)
        if now == to:
            self._remove_others(name, to)
            self._require_size(name, dense_size)
            return name
        if now == name:
            self._require_ours(name)
        if not self._client.collection_exists(to):
            self._make(to, dense_size, made_by)
        if now is None:  # nothing is in use, so there is nothing to keep until this one is full
            self._point(name, to)
            self._require_size(name, dense_size)
            return name
        self._require_size(to, dense_size)
        return to

    def switch(self, name: str, to: str) -> None:
        """Let the alias `name` mean `to`, and remove what it meant.

        In one step, but for a collection of a version without aliases: that has the very name, so it
        must go before the alias can come, and a reader in that moment is refused.
        """
        if not self._client.collection_exists(to):
            raise StoreError(f"There is no collection {to} at {self._address} that could take the place of {name}.")
        if self._now(name) == name:
            self._require_ours(name)
            self._client.delete_collection(name)
        self._point(name, to)
        self._sizes[name] = self._sizes.pop(to, _dense_size(self._client.get_collection(name)))
        self._remove_others(name, to)

    def _now(self, name: str) -> str | None:
        """The real name of the collection, None when there is none."""
        for alias in self._client.get_aliases().aliases:
            if alias.alias_name == name:
                return str(alias.collection_name)
        return name if self._client.collection_exists(name) else None

    def _point(self, name: str, to: str) -> None:
        from qdrant_client.models import CreateAlias, CreateAliasOperation, DeleteAlias, DeleteAliasOperation

        changes: list[AliasOperations] = [
            DeleteAliasOperation(delete_alias=DeleteAlias(alias_name=name)),
            CreateAliasOperation(create_alias=CreateAlias(collection_name=to, alias_name=name)),
        ]
        there = any(alias.alias_name == name for alias in self._client.get_aliases().aliases)
        self._client.update_collection_aliases(changes if there else changes[1:])

    def _remove_others(self, name: str, now: str) -> None:
        """Every collection that was, or was to be, this one, and is not."""
        for found in self._client.get_collections().collections:
            if found.name != now and is_successor(found.name, name):
                self._client.delete_collection(found.name)

    def _make(self, name: str, dense_size: int | None, made_by: Mapping[str, str]) -> None:
        from qdrant_client.http.exceptions import UnexpectedResponse
        from qdrant_client.models import Distance, Modifier, SparseVectorParams, VectorParams

        dense = {} if dense_size is None else {"dense": VectorParams(size=dense_size, distance=Distance.COSINE)}
        sparse = None if dense_size is None else {"sparse": SparseVectorParams(modifier=Modifier.IDF)}
        kept = dict(made_by) or None
        try:
            self._client.create_collection(name, vectors_config=dense, sparse_vectors_config=sparse, metadata=kept)
        except UnexpectedResponse as error:
            if error.status_code != 409:  # 409: another process has just made it
                raise

    def _require_size(self, name: str, wanted: int | None) -> None:
        info = self._client.get_collection(name)
        there = _dense_size(info)
        if there != wanted or (wanted is not None and not _is_ours(info)):
            raise StoreError(
                f"The collection {name} at {self._address} has other vectors ({_shown(info)}) than are wanted "
                f"(dense: {wanted or 'none'}); rename or delete it, and run the feature engineering pipeline again."
            )
        self._sizes[name] = there

    def _require_ours(self, name: str) -> None:
        """Raises StoreError for a collection that another program has made: it is not removed."""
        info = self._client.get_collection(name)
        if not _is_ours(info):
            raise StoreError(
                f"The collection {name} at {self._address} was made by another program ({_shown(info)}); "
                "rename or delete it, and run the feature engineering pipeline again."
            )


def _is_ours(info: "CollectionInfo") -> bool:
    return _dense_size(info) is not None and "sparse" in (info.config.params.sparse_vectors or {})


def _dense_size(info: "CollectionInfo") -> int | None:
    vectors = info.config.params.vectors
    return vectors["dense"].size if isinstance(vectors, dict) and "dense" in vectors else None


def _shown(info: "CollectionInfo") -> str:
    vectors = info.config.params.vectors
    named = {name: params.size for name, params in vectors.items()} if isinstance(vectors, dict) else vectors
    sizes = named if isinstance(named, dict) else {"unnamed": named.size} if named else {}
    shown = [f"{name}: {size}" for name, size in sizes.items()] + sorted(info.config.params.sparse_vectors or {})
    return ", ".join(shown) or "none"
