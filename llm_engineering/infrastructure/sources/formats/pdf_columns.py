"""The reading order of a printed page: columns side by side, and what runs across them between."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

GUTTER = 6
"""Least width of the space between columns, in points; broad spaces between words do not lie below each other."""
CROSSING = 0.2
"""Share of a page's rows that may run across the gutter: titles, pictures' captions, tables."""
COLUMN_ROWS = 5
"""A column has at least as many."""
MOST_SPLITS = 2
"""Columns are looked for in columns once more, so up to four stand side by side."""
SAME_ROW = 0.5
"""Share of the lower height by which pieces of one row overlap."""


@dataclass(frozen=True)
class Line:
    """A printed line, or a piece of one. Lengths are in points, from the page's lower left corner."""

    text: str
    x0: float
    x1: float
    y0: float
    y1: float
    size: float
    """Of most of its letters, rounded to half a point."""
    bold: bool
    mono: bool
    page: int = 0
    box: int = 0
    """Numbers the part of a column that it stands in, over all pages."""


def in_reading_order(pieces: Sequence[Line], splits: int = MOST_SPLITS) -> list[list[Line]]:
    """The page's whole lines, in boxes of lines that stand below each other."""
    rows = _rows(pieces)
    gutter = _gutter(pieces, rows) if splits else None
    if gutter is None:
        return [[_merged(row) for row in rows]] if rows else []
    boxes: list[list[Line]] = []
    waiting: list[Line] = []
    across: list[Line] = []
    for row in rows:
        if any(piece.x0 < gutter < piece.x1 for piece in row):
            boxes += _beside(waiting, gutter, splits)
            waiting = []
            across.append(_merged(row))
        else:
            if across:
                boxes.append(across)
                across = []
            waiting += row
    return [*boxes, *([across] if across else []), *_beside(waiting, gutter, splits)]


def _beside(pieces: Sequence[Line], gutter: float, splits: int) -> list[list[Line]]:
    left = [piece for piece in pieces if piece.x1 <= gutter]
    right = [piece for piece in pieces if piece.x1 > gutter]
    return [*in_reading_order(left, splits - 1), *in_reading_order(right, splits - 1)]


def _rows(pieces: Sequence[Line]) -> list[list[Line]]:
    """Pieces of one height, from left to right; the rows from top to bottom."""
    rows: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda piece: (-piece.y1, piece.x0)):
        last = rows[-1][0] if rows else None
        if last is not None and _overlap(last, piece) > SAME_ROW * min(last.y1 - last.y0, piece.y1 - piece.y0):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.x0) for row in rows]


def _overlap(one: Line, other: Line) -> float:
    return min(one.y1, other.y1) - max(one.y0, other.y0)


def _merged(row: Sequence[Line]) -> Line:
    main = max(row, key=lambda piece: len(piece.text))
    return replace(
        main,
        text=" ".join(piece.text for piece in row),
        x0=row[0].x0,
        x1=max(piece.x1 for piece in row),
        y0=main.y0,
        y1=main.y1,
        bold=all(piece.bold for piece in row),
        mono=all(piece.mono for piece in row),
    )


def _gutter(pieces: Sequence[Line], rows: Sequence[Sequence[Line]]) -> float | None:
    """The middle of the widest strip that few rows cross and that has a column on either side, if there is one."""
    if len(rows) < COLUMN_ROWS:
        return None
    left, right = min(piece.x0 for piece in pieces), max(piece.x1 for piece in pieces)
    width = min(10_000, int(right - left) + 1)
    steps = [0] * (width + 1)
    for piece in pieces:  # how many pieces begin and end at each point, summed up to how many lie over it
        steps[max(0, min(width, int(piece.x0 - left)))] += 1
        steps[max(0, min(width, int(piece.x1 - left) + 1))] -= 1
    best: tuple[int, float] | None = None
    over = run = 0
    for point in range(width):
        over += steps[point]
        run = run + 1 if over <= CROSSING * len(rows) else 0
        middle = left + point - run / 2
        if run >= GUTTER and (best is None or run > best[0]) and _has_columns(pieces, middle):
            best = (run, middle)
    return best[1] if best else None


def _has_columns(pieces: Sequence[Line], gutter: float) -> bool:
    """Whether on both sides there are enough rows that are broad enough for text and stand beside each other."""
    left = [piece for piece in pieces if piece.x1 <= gutter]
    right = [piece for piece in pieces if piece.x0 >= gutter]
    if min(len(left), len(right)) < COLUMN_ROWS:
        return False
    letters = sum(len(piece.text) for piece in pieces)
    fewest = min(sum(len(piece.text) for piece in side) for side in (left, right))
    top = min(max(piece.y1 for piece in side) for side in (left, right))
    bottom = max(min(piece.y0 for piece in side) for side in (left, right))
    return fewest >= 0.1 * letters and top > bottom
