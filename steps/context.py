"""What every step needs: the Twin with progress, and a second try when a server does not answer."""

import functools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from zenml import add_tags, get_step_context, log_metadata

from llm_engineering.application.registering import slug
from llm_engineering.bootstrap import Twin, opened
from llm_engineering.domain.errors import StoreUnreachable
from llm_engineering.domain.identity import content_hash
from llm_engineering.infrastructure.progress import TerminalProgress

P = ParamSpec("P")
T = TypeVar("T")

PAUSES = (2.0, 6.0)
"""Seconds before the second and the third try."""

log = logging.getLogger(__name__)


class StepProgress(TerminalProgress):
    """Progress on the terminal whose notes also go to the step's log, which the dashboard shows."""

    def note(self, message: str) -> None:
        """A line for the person at the terminal and for the log."""
        super().note(message)
        log.info(message.strip())


@contextmanager
def opened_twin() -> Iterator[Twin]:
    """The system for the length of a step; says which step it is that begins."""
    progress = StepProgress()
    progress.note(f"▸ {get_step_context().step_run.name}")
    with opened(progress=progress) as twin:
        yield twin


def patient(work: Callable[P, T]) -> Callable[P, T]:
    """Try again, twice, when a store gives no answer; every step may be repeated, as each write is an upsert.

    ZenML's own StepRetryConfig is not used: it repeats a step after any exception, a wrong author
    name and Ctrl-C included.
    """

    @functools.wraps(work)
    def patiently(*args: P.args, **kwargs: P.kwargs) -> T:
        for pause in PAUSES:
            try:
                return work(*args, **kwargs)
            except StoreUnreachable as error:
                log.warning("%s Trying again in %.0f seconds.", error, pause)
                time.sleep(pause)
        return work(*args, **kwargs)

    return patiently


def author_tag(author_full_name: str) -> str:
    """The tag by which an author's artifacts are found again.

    ZenML's store is one for all checkouts of a user, so the tag names the warehouse too: a
    dataset of an author of the same name in another one is not this author's.
    """
    with opened_stores() as twin:
        settings = twin.settings
    warehouse = settings.mongodb_url or str(settings.sqlite_path.resolve())
    return f"author:{slug(author_full_name)}:{content_hash(warehouse, settings.DATABASE_NAME)[:8]}"


def log_step(author_full_name: str | None = None, **figures: Any) -> None:
    """Note figures of this step for the dashboard, and tag its output and its run with the author."""
    if figures:
        log_metadata(figures)
    if author_full_name:
        add_tags(tags=[author_tag(author_full_name)])
        add_tags(tags=[author_tag(author_full_name)], infer_artifact=True)


@contextmanager
def opened_stores() -> Iterator[Twin]:
    """The system while a pipeline is being put together, outside of any step."""
    with opened() as twin:
        yield twin
