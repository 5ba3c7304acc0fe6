"""Keys of the service: random and long, known to it by their hashes only."""

import hashlib
import secrets

KEY_BYTES = 32


def new_key() -> tuple[str, str]:
    """A random API key, and the sha256 (hex) of it that goes into API_KEYS."""
    key = f"twin-{secrets.token_urlsafe(KEY_BYTES)}"
    return key, hash_of(key)


def hash_of(key: str) -> str:
    """sha256 in hex. No slower hash is needed, because nobody can try all keys of 256 random bits."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
