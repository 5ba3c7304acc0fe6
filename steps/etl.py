"""Steps of `digital_data_etl`. Never cached: what a site says may have changed."""

from typing import Annotated, Any

from zenml import step

from llm_engineering.application.collecting import collect
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
    limit: int | None,
) -> Annotated[CollectionReport, "crawled_links"]:
    """Collect everything behind the links and sources; what is not the author's goes to quarantine."""
    with opened_twin() as twin:
        report = collect(
            user,
            twin.sources(user, [*sources, *links]),
            twin.warehouse,
            progress=twin.progress,
            max_failure_share=max_failure_share,
            language=language,
            limit=limit,
        )
    log_step(user.full_name, **report.counts)
    return report
