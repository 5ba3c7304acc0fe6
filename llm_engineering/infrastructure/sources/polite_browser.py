"""A browser that asks like the HTTP client does: robots.txt first, one host's pages in turn."""

import threading

from llm_engineering.application.ports import Fetcher, Page
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher


class PoliteBrowser:
    """A ports.Fetcher that renders one page at a time, under the HTTP client's rules for the host."""

    def __init__(self, http: HttpFetcher, browser: Fetcher) -> None:
        self._http = http
        self._browser = browser
        self._one_page = threading.Lock()

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Page:
        """The rendered page; see ports.Fetcher. Validators are not used: a browser sends none of ours."""
        with self._http.turn(url), self._one_page:
            page = self._browser.fetch(url)
        if page.url != url:  # the browser followed a redirect by itself
            self._http.require_robots(page.url)
        return page

    def close(self) -> None:
        """End the browser."""
        self._browser.close()
