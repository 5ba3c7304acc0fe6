"""The file formats that can be read: one module a format, and one line for each in READERS.

A reader is a top-level function `read(name, data)` (`text.Reader`): pure, so that it can run in another
process with a time limit, and importing heavy libraries only when it is called.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

from llm_engineering.infrastructure.sources.formats import docx, epub, html, markdown, notebook, org, pdf, plain
from llm_engineering.infrastructure.sources.formats.text import Reader

READERS: Mapping[str, Reader] = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mdx", ".qmd", ".rmd"), markdown.read),
    **dict.fromkeys((".html", ".htm", ".xhtml"), html.read),
    **dict.fromkeys((".txt", ".text", ".rst"), plain.read),
    ".org": org.read,
    ".ipynb": notebook.read,
    ".pdf": pdf.read,
    ".docx": docx.read,
    ".epub": epub.read,
}
"""Ending, in lower case → its reader."""


def reader_for(name: str) -> Reader | None:
    """The reader of the file's format, None when it is another kind of file."""
    return READERS.get(PurePosixPath(name).suffix.lower())
