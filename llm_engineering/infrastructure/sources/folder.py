"""A folder of texts in many formats, a zip of one, or a single file."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.files import Files, Limits, opened_files
from llm_engineering.infrastructure.sources.formats import READERS, markdown, obsidian, reader_for
from llm_engineering.infrastructure.sources.formats.names import date_in, title_in
from llm_engineering.infrastructure.sources.formats.text import DRAFT, LeftOut, Part, Reader, Text, Unread
from llm_engineering.infrastructure.sources.globs import chosen
from llm_engineering.infrastructure.sources.processes import Processes

LIMITS = Limits(file_bytes=100 * 1024 * 1024, total_bytes=2 * 1024 * 1024 * 1024)
"""Books with pictures are large."""
MOST_CHARACTERS = 8_000_000
"""Of one text: twice the longest novels, and what a document of the warehouse can hold."""
EVIDENCE_CHARACTERS = 6_000
HARD = frozenset({".html", ".htm", ".xhtml", ".ipynb", ".pdf", ".docx", ".epub"})
"""Formats whose files can take for ever, or all memory: they are read in another process."""
DRAFT_FOLDERS = frozenset({"_drafts", "drafts"})
VAULT = ".obsidian"
COPY_NUMBER = re.compile(r" ?\(\d{1,3}\)$")
"""What a browser adds to a file that it downloads once more."""
NOTION_ZIP = re.compile(r"(?:[0-9a-f-]{32,36}_)?Export(?:Block)?-[0-9a-f-]{32,36}(?:-Part-\d+)?")


class Folder:
    """Every text below `path` that `glob` chooses (`globs.chosen`); drafts and the like are left out and counted.

    The stable key of an item is "file:NAME/relative/path", with "#part" for a text within a file, where
    NAME is `name`, or else the folder's own name, a zip's without ".zip". So the folder can move, and two
    folders of different names do not mix. A single file's key is "file:NAME".
    """

    coverage = Coverage.ALL

    def __init__(
        self, path: str | Path, processes: Processes, glob: str | Sequence[str] = "**", name: str = ""
    ) -> None:
        """Files are read in `processes`. Raises BadInput when there is no usable name, or a pattern is empty."""
        self._processes = processes
        self._path = Path(os.path.abspath(Path(path).expanduser()))
        self._globs = [glob] if isinstance(glob, str) else list(glob)
        self._name = unicodedata.normalize("NFC", name.strip() or _name_of(self._path))
        if not self._name or "/" in self._name:
            raise BadInput(f"The source {self._path} needs a name without slashes; got {self._name!r}.")
        if not self._globs or not all(isinstance(pattern, str) and pattern.strip() for pattern in self._globs):
            raise BadInput(f"The glob of {self._path} must be one or more patterns such as **/*.md; got {glob!r}.")
        self.notes: list[str] = []

    @property
    def origin(self) -> str:
        """The same wherever the folder lies."""
        return f"{'file' if self._is_single else 'folder'}:{self._name}"

    @property
    def _is_single(self) -> bool:
        return self._path.is_file() and not _is_zip(self._path)

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """The texts of each file. Raises BadInput when the folder is missing or has no such file."""
        with opened_files(self._path, LIMITS) as files:
            names = [name for name in files.names() if chosen(name, self._globs)]
            readable = [name for name in names if reader_for(name)]
            if not readable:
                known = ", ".join(READERS)
                raise BadInput(f"{self._path} holds no file ({known}) that matches {', '.join(self._globs)}.")
            vaults = self._vaults(files)
            left_out: Counter[LeftOut] = Counter()
            for name in readable:
                for part in self._parts(files, name, vaults):
                    if isinstance(part, LeftOut):
                        left_out[part] += 1
                    else:
                        yield self._item(name, part)
        self.notes += [f"{self._name}: {_counted(count, what.one, what.many)}." for what, count in left_out.items()]
        self.notes += _other_kinds(self._name, [name for name in names if not reader_for(name)])

    def _vaults(self, files: Files) -> list[str]:
        """Prefixes of the names that lie in an Obsidian vault; the whole folder may be a part of one."""
        if any((parent / VAULT).is_dir() for parent in (self._path, *self._path.parents)):
            return [""]
        return [hidden.removesuffix(VAULT) for hidden in files.hidden_folders() if PurePosixPath(hidden).name == VAULT]

    def _parts(self, files: Files, name: str, vaults: Sequence[str]) -> Iterable[Part]:
        if DRAFT_FOLDERS & {part.lower() for part in PurePosixPath(name).parts[:-1]}:
            return [DRAFT]
        reader = _reader(name, vaults)
        try:
            data = files.read(name)
            return (
                self._processes.run(reader, name, data)
                if PurePosixPath(name).suffix.lower() in HARD
                else reader(name, data)
            )
        except CollectError as error:
            reason = str(error)
            return [Unread("", reason if name in reason else f"{name}: {reason}")]
        except RecursionError:
            return [Unread("", f"{name} is nested too deeply to be read.")]

    def _item(self, name: str, part: Text | Unread) -> CollectedItem | RefusedItem:
        key = self._name if self._is_single else f"{self._name}/{name}"
        link = unicodedata.normalize("NFC", f"file:{key}#{part.part}" if part.part else f"file:{key}")
        if isinstance(part, Unread):
            return RefusedItem(link, Outcome.FAILED, part.reason)
        if len(part.markdown) > MOST_CHARACTERS:
            reason = f"{name} holds {len(part.markdown):,} characters; {MOST_CHARACTERS:,} is the limit for one text."
            return RefusedItem(link, Outcome.FAILED, reason)
        return CollectedItem(
            link=link,
            category=Category.ARTICLES,
            platform="folder",
            title=part.title or title_in(name),
            content=part.markdown,
            published_at=part.published_at or date_in(name),
            language=part.language,
            byline=part.byline,
            extra=part.extra,
            evidence=part.evidence or part.markdown[:EVIDENCE_CHARACTERS],
        )


def _reader(name: str, vaults: Sequence[str]) -> Reader:
    reader = READERS[PurePosixPath(name).suffix.lower()]
    return obsidian.read if reader is markdown.read and name.startswith(tuple(vaults)) else reader


def _other_kinds(place: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    endings = Counter(PurePosixPath(name).suffix.lower() or "no ending" for name in names)
    shown = ", ".join(ending for ending, _ in endings.most_common(8)) + (", …" if len(endings) > 8 else "")
    return [f"{place}: {_counted(len(names), 'file of another kind', 'files of other kinds', f' ({shown})')}."]


def _counted(count: int, one: str, many: str, which: str = "") -> str:
    return f"{count:,} {one if count == 1 else many}{which} {'was' if count == 1 else 'were'} left out"


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _name_of(path: Path) -> str:
    """The folder's name; a zip's without what changes with every download."""
    if path.is_dir() or not _is_zip(path):
        return path.name
    stem = COPY_NUMBER.sub("", path.stem)
    return "notion" if NOTION_ZIP.fullmatch(stem) else stem
