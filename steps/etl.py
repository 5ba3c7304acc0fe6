"""Steps of `digital_data_etl`. Never cached: what a site says may have changed."""

from datetime import date
from typing import Annotated, Any, cast

from zenml import step

from llm_engineering.application.collecting import collect
from llm_engineering.application.ports import BrowserUse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import CollectionReport
from steps.context import log_step, opened_twin, patient


@step(enable_cache=False)
@patient
def get_or_create_user(user_full_name: str) -> Annotated[Author, "user"]:
    """The author as the warehouse knows them, or a new one, whom their first document will make known."""
    named = Author.named(user_full_name)
    with opened_twin() as twin:
        author = next((known for known in twin.warehouse.authors() if known.id == named.id), named)
    log_step(author.full_name, author_id=str(author.id))
    return author


@step(enable_cache=False)
@patient
def crawl_links(
    user: Author,
    links: list[str],
    sources: list[Any],
    max_failure_share: float,
    language: str | None,
    since: str | None,
    limit: int | None,
    max_minutes: float | None,
    browser: str,
) -> Annotated[CollectionReport, "crawled_links"]:
    """Collect everything behind the links and sources; what is not the author's goes to quarantine."""
    with opened_twin() as twin:
        report = collect(
            user,
            twin.sources([*sources, *links]),
            twin.warehouse,
            reader=twin.page_reader(cast(BrowserUse, browser)),
            progress=twin.progress,
            max_failure_share=max_failure_share,
            language=language,
            since=date.fromisoformat(since) if since else None,
            limit=limit,
            max_seconds=max_minutes * 60 if max_minutes else None,
        )
    log_step(user.full_name, **report.counts)
    return report
