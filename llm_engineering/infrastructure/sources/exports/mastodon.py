"""Mastodon archive: outbox.json (ActivityPub) holds all posts, actor.json says whose they are."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.infrastructure.sources.exports.base import (
    BIG_EXPORT,
    EVIDENCE_CHARACTERS,
    language_code,
    named,
    text_at,
    utc,
    value_at,
    whole_characters,
)
from llm_engineering.infrastructure.sources.exports.json_stream import JsonStream
from llm_engineering.infrastructure.sources.exports.threads import Piece, ThreadedExport
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.files import Files
from llm_engineering.infrastructure.sources.html_markdown import to_markdown
from llm_engineering.infrastructure.sources.html_tree import parsed

PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
TYPED_BY_HAND = frozenset({"body", "p", "br", "a", "span"})
"""The tags of a toot that was typed into Mastodon: text, line breaks, links, mentions and hash tags."""


class MastodonExport(ThreadedExport):
    """Public and unlisted posts, threads joined; boosts are left out, and replies to others unless asked for."""

    platform = "mastodon"
    limits = BIG_EXPORT

    def _account(self, files: Files) -> str:
        """The handle with its server, e.g. "@ann@social.example"."""
        actor = _actor(files)
        host, name = urlsplit(text_at(actor, "id")).netloc, text_at(actor, "preferredUsername")
        return f"@{name}@{host}" if name and host else ""

    def _found(self, files: Files, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a thread or article. Raises BadInput when there is no outbox.json, or it is broken."""
        outbox = named(files, "outbox.json")
        if outbox is None:
            raise BadInput(
                f"{self._path} is no Mastodon archive: it has no outbox.json (a .tar.gz must be unpacked first)."
            )
        owner = text_at(_actor(files), "id")
        pieces: dict[str, Piece] = {}
        for number, activity in enumerate(_activities(files, outbox), start=1):
            try:
                found = _read(activity, owner)
            except CollectError as error:
                yield self._failed(f"file:{outbox}, entry {number}", str(error))
                continue
            if isinstance(found, Piece):
                pieces[found.key] = found
            elif isinstance(found, CollectedItem):
                yield found
            else:
                self._leave_out(found)
        yield from self._threads(pieces)


def _actor(files: Files) -> Any:
    name = named(files, "actor.json")
    if name is None:
        return {}
    with files.opened(name) as stream:
        return JsonStream(stream, name).value()


def _activities(files: Files, outbox: str) -> Iterator[Any]:
    with files.opened(outbox) as stream:
        json, is_outbox = JsonStream(stream, outbox), False
        for key in json.members():
            if key != "orderedItems":
                json.value()
                continue
            is_outbox = True
            for _ in json.elements():
                yield json.value()
    if not is_outbox:
        raise BadInput(f"{outbox} is no outbox of Mastodon: it has no orderedItems.")


def _read(activity: Any, owner: str) -> Piece | CollectedItem | str:
    """What an entry of the outbox is; a text says why it is left out."""
    kind = text_at(activity, "type")
    if kind != "Create":
        return "boosts" if kind == "Announce" else f"entries of type {kind or 'unknown'}"
    thing = activity.get("object")
    if not isinstance(thing, Mapping):
        return "posts without a text"
    actor, writer = text_at(activity, "actor"), text_at(thing, "attributedTo")
    if actor != (owner or actor) or writer not in ("", actor):
        return "posts of others"
    if text_at(thing, "type") not in ("Note", "Article"):
        return f"posts of type {text_at(thing, 'type') or 'unknown'}"
    if not PUBLIC & {*_addressees(thing, "to"), *_addressees(thing, "cc")}:
        return "private posts"
    id = text_at(thing, "id")
    if not id:
        raise CollectError("This post has no id.")
    link = canonical_link(text_at(thing, "url") or id)
    return _article(thing, link) if thing["type"] == "Article" else _toot(thing, id, link, actor)


def _toot(thing: Mapping[str, Any], id: str, link: str, actor: str) -> Piece:
    answered = text_at(thing, "inReplyTo")
    is_own = bool(actor) and answered.startswith(f"{actor}/")
    warning = " ".join(text_at(thing, "summary").split())
    return Piece(
        key=id,
        link=link,
        text=toot_text(text_at(thing, "content")),
        at=utc(text_at(thing, "published")),
        parent=answered if is_own else None,
        answers=answered if answered and not is_own else None,
        language=_language(thing),
        extra={"content_warning": warning} if warning else {},
    )


def _article(thing: Mapping[str, Any], link: str) -> CollectedItem:
    title, subtitle = (" ".join(text_at(thing, key).split()) for key in ("name", "summary"))
    content = fragment_markdown(text_at(thing, "content"), title)
    return CollectedItem(
        link=link,
        category=Category.ARTICLES,
        platform="mastodon",
        title=title,
        content=content,
        published_at=utc(text_at(thing, "published")),
        language=_language(thing),
        extra={"subtitle": subtitle} if subtitle else {},
        evidence=content[:EVIDENCE_CHARACTERS],
    )


def toot_text(content: str) -> str:
    """The text as its author typed it, or Markdown where it holds lists, quotes or emphasis."""
    tree = parsed(f"<!DOCTYPE html><body>{whole_characters(content)}</body>")
    body = tree.find("body") if tree is not None else None
    if body is None:
        return ""
    for fallback in body.xpath(".//*[contains(concat(' ',@class,' '),' quote-inline ')]"):
        fallback.drop_tree()  # "RE: link", which Mastodon adds for readers that show no quoted posts
    if {element.tag for element in body.iter()} <= TYPED_BY_HAND and all(map(_shows_its_target, body.iter("a"))):
        paragraphs = [_typed(element) for element in _paragraphs(body)]
        return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    return to_markdown(body)


def _paragraphs(body: HtmlElement) -> list[HtmlElement]:
    """Mastodon writes paragraphs, other servers of its kind a text with line breaks."""
    loose = [body.text, *(child.tail for child in body)]
    is_loose = any((text or "").strip() for text in loose) or any(child.tag != "p" for child in body)
    return [body] if is_loose else list(body)


def _shows_its_target(link: HtmlElement) -> bool:
    """Whether it is a mention, a hash tag or a bare address, which Mastodon links itself."""
    shown: str = link.text_content()
    return shown.startswith(("@", "#")) or shown == str(link.get("href"))


def _typed(element: HtmlElement) -> str:
    for line_break in element.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    return str(element.text_content()).strip()


def _addressees(thing: Mapping[str, Any], key: str) -> list[str]:
    value = thing.get(key)
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _language(thing: Mapping[str, Any]) -> str | None:
    texts = value_at(thing, "contentMap")
    codes = list(texts) if isinstance(texts, Mapping) else []
    return language_code(codes[0]) if len(codes) == 1 else None
