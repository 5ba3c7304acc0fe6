"""Every page of the sample site, rendered at request time."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from email.utils import format_datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tools.sample_site.content import Article, Site, SiteAuthor, load_site, newest_first, published, related, tag_counts
from tools.sample_site.markdown import to_html
from tools.sample_site.trouble import Trouble, trouble_pages

HTML = "text/html; charset=utf-8"
ASSETS = {
    re.compile(r"/images/[\w-]+\.svg"): "image/svg+xml",
    re.compile(r"/static/style\.css"): "text/css; charset=utf-8",
}
PUBLISHING_HOUR = time(8, tzinfo=UTC)
"""Front matter has days only, feeds need an instant."""
WORDS_PER_MINUTE = 220
FEED = "feed"
SITEMAP = "sitemap"


@dataclass(frozen=True)
class Response:
    """What the site answers to one request, before HTTP's own details."""

    status: int
    content_type: str
    body: bytes
    location: str | None = None
    """Where a redirect leads: a path on this site."""


class SampleSite:
    """The site that the directory `root` describes; an edited file shows at the next request."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._templates = Environment(
            loader=FileSystemLoader(root),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["rfc822"] = lambda day: format_datetime(datetime.combine(day, PUBLISHING_HOUR))

    def respond(self, path: str, base_url: str) -> Response:
        """The answer to a GET of `path` (decoded, without query) under the address `base_url`.

        Raises BadInput when a file of the site is missing or wrong.
        """
        return _Edition(self.root, self._templates, base_url).respond(path)

    def modified_at(self) -> datetime:
        """When any file of the site last changed, in whole seconds, as HTTP counts."""
        newest = max(int(path.stat().st_mtime) for path in self.root.rglob("*"))
        return datetime.fromtimestamp(newest, UTC)


@dataclass(frozen=True)
class _Edition:
    """The site as it is at this moment, under one address."""

    root: Path
    templates: Environment
    base_url: str

    @cached_property
    def site(self) -> Site:
        return load_site(self.root)

    @cached_property
    def articles(self) -> list[Article]:
        return published(self.root)

    @cached_property
    def trouble(self) -> list[Trouble]:
        return trouble_pages(self.root)

    @cached_property
    def routes(self) -> dict[str, Callable[[], Response]]:
        """Path → what makes its page."""
        routes: dict[str, Callable[[], Response]] = {
            "/": self._home,
            "/feed.xml": self._feed,
            "/sitemap.xml": self._sitemap,
            "/robots.txt": self._robots,
        }
        routes |= {author.path: partial(self._index, author) for author in self.site.authors}
        routes |= {f"/tags/{tag}/": partial(self._tag, tag) for tag in tag_counts(self.articles)}
        routes |= {article.path: partial(self._article, article) for article in self.articles}
        routes |= {page.path: partial(self._trouble, page) for page in self.trouble}
        return routes

    def respond(self, path: str) -> Response:
        if path in self.routes:
            return self.routes[path]()
        if f"{path}/" in self.routes:
            return Response(301, HTML, b"", location=f"{path}/")
        for pattern, content_type in ASSETS.items():
            file = self.root / path.removeprefix("/")
            if pattern.fullmatch(path) and file.is_file():
                return Response(200, content_type, file.read_bytes())
        return self._html("plain_not_found.html", path, status=404)

    def _home(self) -> Response:
        return self._html("plain_home.html", "/")

    def _tag(self, tag: str) -> Response:
        tagged = [article for article in self.articles if tag in article.tags]
        return self._html("plain_tag.html", f"/tags/{tag}/", tag=tag, tagged=tagged)

    def _index(self, author: SiteAuthor) -> Response:
        return self._html(f"{author.theme}_index.html", author.path, **self._section(author))

    def _article(self, article: Article) -> Response:
        return self._article_page(article, Markup(to_html(article.body)))

    def _article_page(self, article: Article, content: Markup) -> Response:
        author = self._author(article.author_slug)
        return self._html(
            f"{author.theme}_article.html",
            article.path,
            article=article,
            content=content,
            minutes=max(1, round(len(content.striptags().split()) / WORDS_PER_MINUTE)),
            related=related(article, self.articles),
            **self._section(author),
        )

    def _trouble(self, page: Trouble) -> Response:
        match page.layout:
            case "raw":
                return Response(page.status, HTML, (self.root / "trouble" / f"{page.slug}.html").read_bytes())
            case "reprint":
                return self._article(self._reprint(page))
            case "article":
                return self._article_page(self._as_article(page), self._body(page))
            case _:
                author = self._author(page.author_slug)
                return self._html(
                    f"{author.theme}_page.html",
                    page.path,
                    page.status,
                    title=page.title,
                    content=self._body(page),
                    **self._section(author),
                )

    def _body(self, page: Trouble) -> Markup:
        """The hand-written part of a troublesome page; it may list the author's articles."""
        template = self.templates.get_template(f"trouble/{page.slug}.html")
        return Markup(template.render(self._section(self._author(page.author_slug))))

    def _reprint(self, page: Trouble) -> Article:
        """Another article of the same author under this page's address, a few words changed."""
        original = next(a for a in self.articles if (a.author_slug, a.slug) == (page.author_slug, page.reprint_of))
        body = original.body
        for old, new in page.replace.items():
            body = body.replace(old, new)
        return replace(original, slug=page.slug, title=page.title, date=page.date, body=body)

    def _as_article(self, page: Trouble) -> Article:
        return Article(
            author=page.byline or self._author(page.author_slug).name,
            author_slug=page.author_slug,
            slug=page.slug,
            title=page.title,
            date=page.date,
            description=page.description,
            tags=page.tags,
            body="",
        )

    def _feed(self) -> Response:
        listed = [self._as_article(page) for page in self.trouble if FEED in page.listed_in]
        items = newest_first([*self.articles, *listed])
        return self._xml("feed.xml", "application/rss+xml; charset=utf-8", items=items)

    def _sitemap(self) -> Response:
        listed = [page for page in self.trouble if SITEMAP in page.listed_in]
        return self._xml("sitemap.xml", "application/xml; charset=utf-8", listed=listed)

    def _robots(self) -> Response:
        text = f"User-agent: *\nDisallow: /private/\n\nSitemap: {self.base_url}/sitemap.xml\n"
        return Response(200, "text/plain; charset=utf-8", text.encode())

    def _author(self, slug: str) -> SiteAuthor:
        return next(author for author in self.site.authors if author.slug == slug)

    def _section(self, author: SiteAuthor) -> dict[str, Any]:
        """What the templates of an author's theme need on every page."""
        mine = [article for article in self.articles if article.author_slug == author.slug]
        return {"author": author, "mine": mine, "my_tags": tag_counts(mine)}

    def _html(self, template: str, path: str, status: int = 200, **context: Any) -> Response:
        return Response(status, HTML, self._rendered(template, path=path, **context))

    def _xml(self, template: str, content_type: str, **context: Any) -> Response:
        return Response(200, content_type, self._rendered(template, **context))

    def _rendered(self, template: str, **context: Any) -> bytes:
        text = self.templates.get_template(f"templates/{template}").render(
            site=self.site, base_url=self.base_url, articles=self.articles, tags=tag_counts(self.articles), **context
        )
        return text.encode()
