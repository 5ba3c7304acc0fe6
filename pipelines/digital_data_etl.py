"""Bring what an author published into the data warehouse."""

from pipelines.parameters import (
    AuthorName,
    Browser,
    FailureShare,
    Language,
    Limit,
    Links,
    MaxMinutes,
    Since,
    Sources,
)


def digital_data_etl(
    user_full_name: AuthorName,
    links: Links = None,
    sources: Sources = None,
    max_failure_share: FailureShare = 0.5,
    language: Language = None,
    since: Since = None,
    limit: Limit = None,
    max_minutes: MaxMinutes = 360.0,
    browser: Browser = "auto",
    wait_for: str | list[str] | None = None,
) -> str:
    """Crawl or import what an author published; quarantine what is not the author's text."""
    from steps.etl import crawl_links, get_or_create_user

    user = get_or_create_user(user_full_name, after=wait_for)
    report = crawl_links(
        user,
        links=links or [],
        sources=sources or [],
        max_failure_share=max_failure_share,
        language=language,
        since=since,
        limit=limit,
        max_minutes=max_minutes,
        browser=browser,
    )
    return str(report.invocation_id)
