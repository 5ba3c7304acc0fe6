"""Questions to ten authors, written by hand, with the short spans of their texts that hold the answers.

The texts stay outside the repository: a question names its document and quotes a few words of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("golden.jsonl")
LONGEST_SPAN = 160
"""Characters: a pointer into the text, not a copy of it."""


@dataclass(frozen=True)
class Answer:
    """Where an answer stands: a file of the author, named without its ending, and verbatim spans of its body."""

    document: str
    spans: tuple[str, ...]


@dataclass(frozen=True)
class GoldenQuestion:
    """What a reader asks an author, and where the author answers it.

    id: the author and a number, unique in the file.
    author: the folder of the texts.
    question: in a reader's words, not in the author's.
    answers: the document that answers it, then others that do so as well; none if no text of the author does.
    """

    id: str
    author: str
    question: str
    answers: tuple[Answer, ...]

    @property
    def answerable(self) -> bool:
        return bool(self.answers)

    @property
    def document(self) -> str | None:
        """The document that answers best; None if none does."""
        return self.answers[0].document if self.answers else None

    @property
    def spans(self) -> tuple[str, ...]:
        """The spans of that document; any of them in a passage makes it the right one."""
        return self.answers[0].spans if self.answers else ()


def load(file: Path = FILE) -> list[GoldenQuestion]:
    """The questions, in the order of the file."""
    return [_question(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def check(questions: Sequence[GoldenQuestion], texts: Path) -> list[str]:
    """One line for every document or span that is not in this corpus (`texts`/AUTHOR/DOCUMENT.md); empty if all are."""
    found: list[str] = []
    for question in questions:
        for answer in question.answers:
            file = texts / question.author / f"{answer.document}.md"
            if not file.is_file():
                found.append(f"{question.id}: no document {question.author}/{answer.document}.md")
                continue
            text = body(file.read_text(encoding="utf-8"))
            found.extend(
                f"{question.id}: {question.author}/{answer.document}.md does not say {span!r}"
                for span in answer.spans
                if span not in text
            )
    return found


def body(text: str) -> str:
    """A document without its front matter."""
    if not text.startswith("---\n"):
        return text
    return text[4:].partition("\n---\n")[2]


def _question(row: dict[str, Any]) -> GoldenQuestion:
    answers: list[Answer] = []
    if row["answerable"]:
        answers.append(Answer(row["document"], tuple(row["spans"])))
        answers.extend(Answer(other["document"], (other["span"],)) for other in row.get("also", ()))
    return GoldenQuestion(row["id"], row["author"], row["question"], tuple(answers))
