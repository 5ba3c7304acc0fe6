"""The block of facts at the top of a text: YAML, TOML, or lines "Key: value". Nothing else is taken off."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import yaml

from llm_engineering.domain.errors import CollectError

MOST_CHARACTERS = 100_000
"""A longer "front matter" is a text between two rules."""
YAML_BLOCK = re.compile(r"\A---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
TOML_BLOCK = re.compile(r"\A\+\+\+[ \t]*\n(.*?\n)??\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
KEY_LINE = re.compile(r"([A-Za-z][\w-]{0,30}):(?:[ \t]+(.*)|[ \t]*)\Z")
KNOWN_KEYS = frozenset(
    "title subtitle date modified author authors category categories tags keywords slug summary description status "
    "lang language template draft published".split()
)


def front_matter(text: str, name: str) -> tuple[Mapping[str, Any], str]:
    """The facts (keys in lower case; empty when there are none) and the text below them, untouched.

    `text` has "\\n" as line ends. Raises CollectError when the block is there and cannot be read.
    """
    head = text[:MOST_CHARACTERS]
    if match := YAML_BLOCK.match(head):
        facts = _yaml(match.group(1) or "", name)
    elif match := TOML_BLOCK.match(head):
        facts = _toml(match.group(1) or "", name)
    else:
        return _key_lines(text)
    if facts is None:
        return {}, text
    return {str(key).lower(): value for key, value in facts.items()}, text[match.end() :]


def _yaml(block: str, name: str) -> dict[Any, Any] | None:
    """The facts, None for a text that merely starts with a rule."""
    try:
        facts = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: the 45th of some month
        raise CollectError(f"The front matter of {name} is no YAML: {str(error).splitlines()[0]}.") from error
    if facts is None:
        return {}
    return facts if isinstance(facts, dict) else None


def _toml(block: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(block)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CollectError(f"The front matter of {name} is no TOML: {error}.") from error


def _key_lines(text: str) -> tuple[Mapping[str, Any], str]:
    """Facts as Pelican, MkDocs and MultiMarkdown have them: lines "Key: value" up to the first empty line.

    A text may start with a line that only looks so ("Note: …"), hence a title must be among them, or
    two keys that are known; and no line may be anything else.
    """
    head, _, _ = text.partition("\n\n")
    if ":" not in head[:40] or len(head) > MOST_CHARACTERS:
        return {}, text
    facts: dict[str, str] = {}
    last = ""
    for line in head.split("\n"):
        if match := KEY_LINE.match(line):
            last = match.group(1).lower()
            facts[last] = (match.group(2) or "").strip()
        elif last and line.startswith(("    ", "\t")):
            facts[last] = f"{facts[last]} {line.strip()}".strip()
        else:
            return {}, text
    known = KNOWN_KEYS & set(facts)
    if not facts or not ("title" in known or len(known) >= 2):
        return {}, text
    return facts, text[len(head) :].removeprefix("\n").removeprefix("\n")
