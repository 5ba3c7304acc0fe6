"""Read what may be silent for long without waiting for it: a model's stream, whose client may go away meanwhile."""

import threading
from collections.abc import Generator
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

LINGER_SECONDS = 5.0
"""How long closing waits for the piece that is being made; a silent server is left to its own thread."""


def each_or_none(pieces: Generator[T, None, None], seconds: float) -> Generator[T | None, None, None]:
    """Each of the pieces once it comes, and None after each `seconds` in which none did.

    The generator runs in a thread of its own, never further than was asked for. Raises what it
    raises; closing this one closes it.
    """
    wanted: SimpleQueue[bool] = SimpleQueue()
    come: SimpleQueue[list[T] | Exception] = SimpleQueue()  # an empty list is the end

    def serve() -> None:
        while wanted.get():
            try:
                come.put([next(pieces)])
            except StopIteration:
                come.put([])
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                come.put(error)
        pieces.close()

    thread = threading.Thread(target=serve, name="answer-stream", daemon=True)
    thread.start()
    try:
        while True:
            wanted.put(True)
            while (piece := _within(seconds, come)) is None:
                yield None
            if isinstance(piece, Exception):
                raise piece
            if not piece:
                return
            yield piece[0]
    finally:
        wanted.put(False)
        thread.join(LINGER_SECONDS)


def _within(seconds: float, come: "SimpleQueue[list[T] | Exception]") -> list[T] | Exception | None:
    try:
        return come.get(timeout=seconds)
    except Empty:
        return None
