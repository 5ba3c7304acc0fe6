"""Jupyter notebooks, format 3 and 4: prose and code, without what the code printed.

https://nbformat.readthedocs.io/en/latest/format_description.html
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.formats.code import fenced
from llm_engineering.infrastructure.sources.formats.facts import described
from llm_engineering.infrastructure.sources.formats.front_matter import front_matter
from llm_engineering.infrastructure.sources.formats.markdown import titled
from llm_engineering.infrastructure.sources.formats.text import LeftOut, Part

WITHOUT_PROSE = LeftOut("notebook without prose", "notebooks without prose")


def read(name: str, data: bytes) -> list[Part]:
    """Text cells as they are, code cells fenced; outputs and raw cells are left out.

    Title and facts come from front matter in the first cell, as Quarto has it, or the first heading.
    Raises CollectError when it is no notebook.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CollectError(f"{name} is no notebook: {error}.") from error
    cells = list(_cells(notebook))
    if not cells and not (isinstance(notebook, dict) and ("cells" in notebook or "worksheets" in notebook)):
        raise CollectError(f"{name} is no notebook: it has no cells.")
    facts, rest = front_matter(_source(cells[0]), name) if cells and cells[0].get("cell_type") != "code" else ({}, "")
    if facts:
        cells[0] = {**cells[0], "source": rest}
    if not any(_has_prose(cell) for cell in cells):
        return [WITHOUT_PROSE]
    language = _language(notebook)
    title, body = titled(facts, "\n\n".join(block for cell in cells if (block := _block(cell, language))))
    return [described(facts, title, body)]


def _cells(notebook: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(notebook, dict):
        return
    sheets = notebook.get("worksheets")  # format 3
    for holder in sheets if isinstance(sheets, list) else [notebook]:
        cells = holder.get("cells") if isinstance(holder, dict) else None
        yield from (cell for cell in (cells if isinstance(cells, list) else []) if isinstance(cell, dict))


def _block(cell: dict[str, Any], language: str) -> str:
    source = _source(cell).strip("\n")
    if not source.strip():
        return ""
    match cell.get("cell_type"):
        case "code":
            return fenced(source, str(cell.get("language") or language))
        case "markdown" | "html":
            return source
        case "heading":  # format 3
            level = cell.get("level")
            return f"{'#' * (level if level in (1, 2, 3, 4, 5, 6) else 1)} {source}"
    return ""


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    lines = source if isinstance(source, list) else [source]
    return "".join(str(line) for line in lines).replace("\r\n", "\n")


def _has_prose(cell: dict[str, Any]) -> bool:
    lines = _source(cell).split("\n") if cell.get("cell_type") == "markdown" else []
    return any(re.search(r"[^\W\d_]", line) for line in lines if not line.lstrip().startswith(("#", "![", "<img")))


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    for key in ("language_info", "kernelspec"):
        holder = metadata.get(key) if isinstance(metadata, dict) else None
        name = (
            (holder.get("name") if key == "language_info" else holder.get("language"))
            if isinstance(holder, dict)
            else ""
        )
        if isinstance(name, str) and re.fullmatch(r"[\w+#.-]{1,30}", name):
            return name.lower()
    return ""
