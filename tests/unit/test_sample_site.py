"""The sample site is what it says it is: real-looking, complete, and troublesome only where listed."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import feedparser
import httpx
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from llm_engineering.domain.documents import Outcome
from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.identity import canonical_link
from tools.sample_site import (
    SAMPLE_SITE_DIR,
    Article,
    SampleSite,
    Trouble,
    aliases,
    explicit_links,
    published,
    served,
    trouble_pages,
)
from tools.sample_site.__main__ import main
from tools.sample_site.markdown import to_html

AUTHORS = {"mara-lindqvist": "Mara Lindqvist", "edmund-achterberg": "Edmund Achterberg"}
ARTICLES = published(SAMPLE_SITE_DIR)
TROUBLE = {page.kind: page for page in trouble_pages(SAMPLE_SITE_DIR)}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
RELATED = {"mara-lindqvist": ".related a", "edmund-achterberg": ".related-entries a"}


@pytest.fixture(scope="module")
def site() -> Iterator[httpx.Client]:
    with served(SAMPLE_SITE_DIR, port=0) as base_url, client(base_url) as http:
        yield http


def client(base_url: str) -> httpx.Client:
    return httpx.Client(base_url=base_url, trust_env=False)


def copied(tmp_path: Path) -> Path:
    return shutil.copytree(SAMPLE_SITE_DIR, tmp_path / "site")


def soup(answer: httpx.Response) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "lxml")


def at(site: httpx.Client, path: str) -> str:
    return urljoin(str(site.base_url), path)


def plain(html_or_text: str) -> str:
    return " ".join(html_or_text.split())


def prose(article: Article) -> list[str]:
    """Paragraphs of the body, headings included, code left out."""
    without_code = re.sub(r"^```.*?^```$", "", article.body, flags=re.MULTILINE | re.DOTALL)
    return [plain(block) for block in re.split(r"\n\s*\n", without_code) if block.strip()]


def main_text(site: httpx.Client, page: Trouble) -> str:
    return soup(site.get(page.path)).select_one(".post-body").get_text(" ")


# ------------------------------------------------------------------------------ the articles


@pytest.mark.parametrize("slug", AUTHORS)
def test_each_author_has_at_least_16_articles(slug: str):
    assert len([article for article in ARTICLES if article.author_slug == slug]) >= 16


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.slug)
def test_an_article_has_500_to_1100_words(article: Article):
    assert 500 <= len(article.body.split()) <= 1100


def test_articles_come_newest_first_with_the_name_of_their_author():
    assert [article.date for article in ARTICLES] == sorted((article.date for article in ARTICLES), reverse=True)
    assert {article.author_slug: article.author for article in ARTICLES} == AUTHORS


def test_no_paragraph_and_no_heading_occurs_twice():
    seen = Counter(block.casefold() for article in ARTICLES for block in prose(article))
    assert [block for block, count in seen.items() if count > 1] == []


def test_no_title_and_no_description_occurs_twice():
    assert len({article.title.casefold() for article in ARTICLES}) == len(ARTICLES)
    assert len({article.description.casefold() for article in ARTICLES}) == len(ARTICLES)


def test_front_matter_without_a_date_names_the_file(tmp_path: Path):
    root = copied(tmp_path)
    broken = root / "articles" / "mara-lindqvist" / "no-date.md"
    broken.write_text("---\ntitle: No date\n---\nText.\n")
    with pytest.raises(BadInput, match=r"no-date\.md lacks 'date'"):
        published(root)


# ------------------------------------------------------------------------------ pages


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.slug)
def test_an_article_is_published_whole_with_the_chrome_of_a_real_blog(site: httpx.Client, article: Article):
    answer = site.get(article.path)
    page = soup(answer)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.select_one("link[rel=canonical]")["href"] == at(site, article.path)
    assert page.select_one("link[type='application/rss+xml']")["href"] == at(site, "/feed.xml")
    assert page.title.get_text().startswith(article.title)
    assert page.select_one("meta[name=author]")["content"] == article.author
    assert page.select_one("time")["datetime"] == article.date.isoformat()
    text = plain(page.get_text())
    for words in ("Field Notes", article.author, "cookies", "Share this"):
        assert words in text
    assert page.select_one("input[type=email]")
    assert {f"/tags/{tag}/" for tag in article.tags} <= {link["href"] for link in page.select("a")}
    related = [link["href"] for link in page.select(RELATED[article.author_slug])]
    assert len(set(related)) == 3
    assert all(link.startswith(f"/{article.author_slug}/") and link != article.path for link in related)
    body = plain(BeautifulSoup(to_html(article.body), "lxml").get_text())
    assert body in text


@pytest.mark.parametrize("article", [a for a in ARTICLES if a.image], ids=lambda article: article.slug)
def test_a_header_image_is_shown_with_its_description(site: httpx.Client, article: Article):
    image = soup(site.get(article.path)).select_one("img")
    answer = site.get(image["src"])
    assert image["alt"] == article.image_alt != ""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert ElementTree.fromstring(answer.content).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_two_authors_use_different_page_structures(site: httpx.Client):
    first = {author: next(a for a in ARTICLES if a.author_slug == author) for author in AUTHORS}
    semantic = soup(site.get(first["mara-lindqvist"].path))
    older = soup(site.get(first["edmund-achterberg"].path))
    facts = json.loads(semantic.select_one("script[type='application/ld+json']").string)
    assert facts["author"]["name"] == "Mara Lindqvist"
    assert facts["headline"] == first["mara-lindqvist"].title
    assert semantic.select_one("article h1")
    assert semantic.select_one("meta[property='og:title']")
    assert older.select_one("#sidebar")
    assert not older.select("article, main, nav, [property], [type*=json]")


def test_every_link_within_the_site_leads_to_a_page(site: httpx.Client):
    """From the home page, through everything that is linked or listed, no dead end but the listed trouble."""
    waiting, seen = ["/", "/feed.xml", "/sitemap.xml", "/robots.txt"], set()
    waiting += [
        urlsplit(link).path for author in AUTHORS for link in explicit_links(SAMPLE_SITE_DIR, "http://x", author)
    ]
    trouble = {page.path: page.status for page in TROUBLE.values()}
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = site.get(path)
        assert answer.status_code == trouble.get(path, 200), path
        if answer.headers["content-type"].startswith("text/html"):
            links = [element[key] for key in ("href", "src") for element in soup(answer).select(f"[{key}]")]
            targets = [urlsplit(urljoin(at(site, path), link)) for link in links]
            waiting += [target.path for target in targets if target.netloc == urlsplit(str(site.base_url)).netloc]
    assert {article.path for article in ARTICLES} <= seen


def test_no_page_loads_anything_from_another_host(site: httpx.Client):
    for path in ["/", "/mara-lindqvist/", *(a.path for a in ARTICLES), *(t.path for t in TROUBLE.values())]:
        page = soup(site.get(path))
        loaded = [element["src"] for element in page.select("[src]")]
        loaded += [element["href"] for element in page.select("link[rel=stylesheet]")]
        assert all(link.startswith("/") and not link.startswith("//") for link in loaded), path
    assert "http" not in site.get("/static/style.css").text


def test_a_tag_page_lists_all_articles_with_that_tag(site: httpx.Client):
    tag = ARTICLES[0].tags[0]
    listed = {link["href"] for link in soup(site.get(f"/tags/{tag}/")).select(".entries h3 a")}
    assert listed == {article.path for article in ARTICLES if tag in article.tags}


def test_markdown_has_tables_code_and_footnotes_but_code_is_left_alone():
    html = to_html(
        "A claim.[^a] Again.[^a] An [^unknown].\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n"
        "```text\n[^a]: not a note\n```\n\n[^a]: The *source*.\n"
    )
    page = BeautifulSoup(html, "lxml")
    assert [mark.get_text() for mark in page.select("sup a")] == ["1", "1"]
    assert page.select_one(".footnotes li").get_text().startswith("The source.")
    assert page.select_one(page.select_one("sup a")["href"]).name == "li"
    assert page.select_one("td").get_text() == "1"
    assert page.select_one("pre code").get_text() == "[^a]: not a note\n"
    assert "[^unknown]" in page.get_text()


# ------------------------------------------------------------------------------ feed, sitemap, robots


def test_the_feed_names_every_article_once_newest_first_without_its_text(site: httpx.Client):
    answer = site.get("/feed.xml")
    feed = feedparser.parse(answer.content)
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert not feed.bozo
    dates = [entry.published_parsed for entry in feed.entries]
    assert dates == sorted(dates, reverse=True)
    creators = {entry.link: entry.author for entry in feed.entries}
    assert len(creators) == len(feed.entries)
    listed = [page for page in TROUBLE.values() if "feed" in page.listed_in]
    expected = {at(site, article.path): article.author for article in ARTICLES}
    expected |= {at(site, page.path): page.byline or AUTHORS[page.author_slug] for page in listed}
    assert creators == expected
    assert creators[at(site, TROUBLE["guest"].path)] == "Priya Raman"
    assert not any("content" in entry for entry in feed.entries)


def test_the_sitemap_names_every_article_author_and_tag_once(site: httpx.Client):
    tree = ElementTree.fromstring(site.get("/sitemap.xml").content)
    links = [element.text for element in tree.iterfind("s:url/s:loc", SITEMAP)]
    expected = {"/", *(f"/{author}/" for author in AUTHORS), *(article.path for article in ARTICLES)}
    expected |= {f"/tags/{tag}/" for article in ARTICLES for tag in article.tags}
    expected |= {page.path for page in TROUBLE.values() if "sitemap" in page.listed_in}
    assert sorted(links) == sorted(at(site, path) for path in expected)
    dates = {url.findtext("s:loc", namespaces=SITEMAP): url.findtext("s:lastmod", namespaces=SITEMAP) for url in tree}
    assert all(dates[at(site, article.path)] == article.date.isoformat() for article in ARTICLES)


def test_absolute_links_follow_the_host_that_was_asked_for(site: httpx.Client):
    for path in (ARTICLES[0].path, "/feed.xml", "/sitemap.xml", "/robots.txt"):
        text = site.get(path, headers={"Host": "blog.example:8080"}).text
        assert "http://blog.example:8080/" in text
        assert "127.0.0.1" not in text


def test_robots_are_kept_out_of_private(site: httpx.Client):
    answer = site.get("/robots.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Disallow: /private/\n" in answer.text
    assert site.get("/private/diary/").status_code == 404


# ------------------------------------------------------------------------------ trouble


@pytest.mark.parametrize("page", TROUBLE.values(), ids=TROUBLE)
def test_trouble_answers_with_the_status_on_record(site: httpx.Client, page: Trouble):
    answer = site.get(page.path)
    assert answer.status_code == page.status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert Outcome(page.outcome) in (Outcome.GONE, Outcome.QUARANTINED, Outcome.FAILED)
    assert page.reason


def test_the_expected_kinds_of_trouble_are_all_there():
    assert set(TROUBLE) == {
        *("not-found", "gone", "soft-404", "captcha", "paywall", "javascript", "short", "guest", "index"),
        *("near-duplicate", "server-error", "broken"),
    }


def test_feed_and_sitemap_name_some_of_the_trouble_as_in_real_life():
    assert {kind for kind, page in TROUBLE.items() if page.listed_in == ("sitemap",)} == {
        *("not-found", "gone", "soft-404", "captcha"),
    }
    assert {kind for kind, page in TROUBLE.items() if page.listed_in == ("feed",)} == {"guest", "short"}


def test_trouble_is_either_listed_or_an_explicit_link(site: httpx.Client):
    listed = site.get("/feed.xml").text + site.get("/sitemap.xml").text
    explicit = [link for author in AUTHORS for link in explicit_links(SAMPLE_SITE_DIR, str(site.base_url), author)]
    for page in TROUBLE.values():
        assert (f"{at(site, page.path)}<" in listed) != (at(site, page.path) in explicit), page.path


def test_the_pages_that_say_ok_and_lie_use_the_words_of_real_ones(site: httpx.Client):
    says = {kind: plain(soup(site.get(page.path)).get_text(" ")) for kind, page in TROUBLE.items()}
    assert "Sorry, we can’t find that page" in says["soft-404"]
    assert "Verify you are human" in says["captcha"]
    assert "Enable JavaScript and cookies to continue" in says["captcha"]
    assert "Subscribe to keep reading" in says["paywall"]
    assert says["javascript"].endswith("You need to enable JavaScript to run this app.")


def test_the_short_page_has_under_80_words_and_the_guest_post_is_a_real_article(site: httpx.Client):
    assert len(main_text(site, TROUBLE["short"]).split()) < 80
    assert len(main_text(site, TROUBLE["guest"]).split()) > 280
    page = soup(site.get(TROUBLE["guest"].path))
    assert "By Priya Raman" in plain(page.select_one(".byline").get_text())
    assert page.select_one("meta[name=author]")["content"] == "Priya Raman"


def test_the_reprint_is_an_existing_article_with_a_few_words_changed(site: httpx.Client):
    page = TROUBLE["near-duplicate"]
    original = next(a for a in ARTICLES if a.slug == page.reprint_of)
    assert page.slug == f"reprint-{original.slug}"
    assert all(old in original.body for old in page.replace)
    answer = soup(site.get(page.path))
    assert answer.select_one("link[rel=canonical]")["href"] == at(site, page.path)
    changed = Counter(answer.select_one(".entry-content").get_text().split())
    same = Counter(soup(site.get(original.path)).select_one(".entry-content").get_text().split())
    assert 0 < (same - changed).total() < 0.03 * same.total()


def test_the_broken_page_stops_in_its_head(site: httpx.Client):
    text = site.get(TROUBLE["broken"].path).text
    assert "<head>" in text
    assert "</head>" not in text
    assert "<body" not in text


def test_the_page_of_links_has_no_prose(site: httpx.Client):
    page = soup(site.get(TROUBLE["index"].path)).select_one(".page")
    for link in page.select("a"):
        link.decompose()
    assert plain(page.get_text()) == TROUBLE["index"].title


def test_a_link_with_tracking_parameters_is_the_article_itself(site: httpx.Client):
    (alias,) = aliases(SAMPLE_SITE_DIR)
    link = urljoin(str(site.base_url), alias.link)
    assert link in explicit_links(SAMPLE_SITE_DIR, str(site.base_url), alias.author_slug)
    assert canonical_link(link) == at(site, alias.same_as)
    assert alias.same_as in {article.path for article in ARTICLES}
    assert site.get(link).content == site.get(alias.same_as).content


# ------------------------------------------------------------------------------ HTTP


@pytest.mark.parametrize("path", ["/", ARTICLES[0].path, "/feed.xml", "/sitemap.xml", "/static/style.css"])
def test_a_page_that_the_client_has_is_not_sent_again(site: httpx.Client, path: str):
    first = site.get(path)
    by_tag = site.get(path, headers={"If-None-Match": first.headers["etag"]})
    by_date = site.get(path, headers={"If-Modified-Since": first.headers["last-modified"]})
    assert (by_tag.status_code, by_tag.content) == (304, b"")
    assert (by_date.status_code, by_date.content) == (304, b"")
    assert by_tag.headers["etag"] == first.headers["etag"]
    both = {"If-None-Match": '"another"', "If-Modified-Since": first.headers["last-modified"]}
    assert site.get(path, headers=both).status_code == 200


def test_an_edited_article_is_sent_again(tmp_path: Path):
    root, article = copied(tmp_path), ARTICLES[0]
    with served(root, port=0) as base_url, client(base_url) as http:
        before = http.get(article.path).headers["etag"]
        file = root / "articles" / article.author_slug / f"{article.slug}.md"
        file.write_text(file.read_text(encoding="utf-8") + "\nA sentence that was added later.\n", encoding="utf-8")
        answer = http.get(article.path, headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert "A sentence that was added later." in answer.text


def test_head_sends_what_get_would_without_the_body(site: httpx.Client):
    head, get = site.head(ARTICLES[0].path), site.get(ARTICLES[0].path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))
    assert head.headers["etag"] == get.headers["etag"]


def test_a_missing_last_slash_is_added_by_a_redirect(site: httpx.Client):
    answer = site.get("/mara-lindqvist")
    assert (answer.status_code, answer.headers["location"]) == (301, "/mara-lindqvist/")


@pytest.mark.parametrize(
    "path",
    ["/nothing/", "/mara-lindqvist/nothing/", "/tags/nothing/", "/images/nothing.svg", "/site.yaml", "/trouble.yaml"],
)
def test_the_rest_is_not_found(site: httpx.Client, path: str):
    assert site.get(path).status_code == 404


def test_a_path_cannot_climb_out_of_its_directory():
    site = SampleSite(SAMPLE_SITE_DIR)
    for path in ("/images/../site.yaml", "/../../pyproject.toml", "/images/../images/three-doors.svg", "//site.yaml"):
        assert site.respond(path, "http://x").status == 404


def test_a_broken_file_is_a_server_error_that_names_it(tmp_path: Path):
    root = copied(tmp_path)
    (root / "articles" / "mara-lindqvist" / "broken.md").write_text("no front matter")
    with served(root, port=0) as base_url, client(base_url) as http:
        answer = http.get("/")
    assert answer.status_code == 500
    assert "broken.md does not start with front matter" in answer.text


def test_a_strange_host_header_is_refused(site: httpx.Client):
    assert site.get("/", headers={"Host": "x/<script>"}).status_code == 400


def test_the_end_of_the_context_frees_the_port_at_once():
    with served(SAMPLE_SITE_DIR, port=0) as base_url, client(base_url) as http:
        http.get("/")
        port = urlsplit(base_url).port
        started = time.monotonic()
    assert time.monotonic() - started < 1
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    with served(SAMPLE_SITE_DIR, port=port) as again:
        assert again == base_url


def test_a_taken_port_is_named_with_the_way_out():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        expected = f"Port {port} is taken; stop the program that uses it or choose another with --port."
        with pytest.raises(BadInput, match=re.escape(expected)), served(SAMPLE_SITE_DIR, port=port):
            pass


def test_the_command_prints_the_address_and_stops_on_ctrl_c():
    command = [sys.executable, "-u", "-m", "tools.sample_site", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=SAMPLE_SITE_DIR.parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background inherits "ignore Ctrl-C", and would pass that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
            assert httpx.get(address, trust_env=False).status_code == 200
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (process.returncode, out.strip(), err) == (0, "Stopped.", "")


def test_the_command_says_in_one_sentence_that_the_port_is_taken():
    with served(SAMPLE_SITE_DIR, port=0) as base_url:
        port = str(urlsplit(base_url).port)
        answer = CliRunner().invoke(main, ["--port", port])
    assert answer.exit_code == 1
    assert answer.output.startswith(f"Error: Port {port} is taken; ")
