"""Stable identities: the same thing always gets the same id, so every write is an upsert.

author id   = uuid5(normalised full name)
document id = uuid5(author id, canonical link or stable key)
chunk id    = uuid5(document id, ordinal)
"""

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID, uuid5

NAMESPACE = UUID("5f0f2d5e-8d1e-5d0b-9a54-0f1d6d2b7c11")

TRACKING_PARAMETERS = frozenset(
    "fbclid gclid dclid gbraid wbraid msclkid yclid igshid mc_cid mc_eid mkt_tok ref_src ref_url "
    "trk trkinfo spm _hsenc _hsmi vero_id oly_enc_id oly_anon_id".split()
)
SITE_TRACKING_PARAMETERS = {
    "substack.com": frozenset({"r", "s", "showwelcome", "publication_id", "isfreemail", "triedredirect"}),
    "medium.com": frozenset({"source", "sk", "gi"}),
    "linkedin.com": frozenset({"lipi", "rcm"}),
    "youtube.com": frozenset({"si", "feature"}),
}
DEFAULT_PORTS = {"http": 80, "https": 443}


def normalised_name(full_name: str) -> str:
    """Case, accents' encoding and spacing do not make another author: NFKC, folded, single spaces."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", full_name)).strip().casefold()


def author_id(full_name: str) -> UUID:
    """The id of the author with this name. Two people of one name need two spellings."""
    return uuid5(NAMESPACE, f"author\x00{normalised_name(full_name)}")


def document_id(author: UUID, key: str) -> UUID:
    """The id of this author's document; `key` is its canonical link or another stable key."""
    return uuid5(NAMESPACE, f"document\x00{author}\x00{key}")


def chunk_id(document: UUID, ordinal: int) -> UUID:
    """The id of the chunk at this place (0 = first) of the document."""
    return uuid5(NAMESPACE, f"chunk\x00{document}\x00{ordinal}")


def content_hash(*parts: str) -> str:
    """sha256 (hex) over the parts, with their boundaries, so ("ab", "c") differs from ("a", "bc")."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def canonical_link(link: str) -> str:
    """The link without what does not name the page: tracking parameters, fragment, default port.

    Scheme and host are lower-cased, and an empty path becomes "/". Path case, trailing slash
    and the order of the other parameters stay: servers may tell them apart.
    """
    parts = urlsplit(link.strip())
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").lower().rstrip(".")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port and parts.port != DEFAULT_PORTS.get(scheme):
        netloc = f"{netloc}:{parts.port}"
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _is_tracking(name.lower(), host)
    ]
    return urlunsplit((scheme, netloc, parts.path or "/", urlencode(kept), ""))


def _is_tracking(parameter: str, host: str) -> bool:
    if parameter.startswith("utm_") or parameter in TRACKING_PARAMETERS:
        return True
    return any(
        parameter in parameters and (host == site or host.endswith(f".{site}"))
        for site, parameters in SITE_TRACKING_PARAMETERS.items()
    )
