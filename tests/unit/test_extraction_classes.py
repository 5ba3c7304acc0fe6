"""What heuristics lose or leak, one class of page at a time, apart from any theme."""

import pytest

from llm_engineering.infrastructure.sources.extraction import extract, fragment_markdown
from tests.unit.extraction_pages import PROSE

URL = "https://ada.example/writing/mites/"


def page(body: str, head: str = "<title>Mites</title>", after: str = "") -> str:
    return (
        f"<!DOCTYPE html><html lang=en><head>{head}</head><body><article><h1>Mites</h1>{body}"
        f"<p>{PROSE['1']}</p><p>{PROSE['2']}</p></article>{after}</body></html>"
    )


def markdown_of(body: str) -> str:
    return extract(page(body), URL).markdown


@pytest.mark.parametrize(
    "code",
    [
        '<pre><span class="token comment"># the mite</span>\n<span class="token tag">x</span></pre>',
        '<pre><code><span class="hljs-comment"># the mite</span>\n<span class="hljs-meta">x</span></code></pre>',
        '<pre><code><span class="menu"># the mite</span>\n<span class="nav">x</span></code></pre>',
    ],
)
def test_what_highlighters_call_a_comment_or_a_tag_is_code(code):
    assert "# the mite\nx\n```" in markdown_of(code)


@pytest.mark.parametrize(
    "kept",
    [
        'the <span class="meta">meta</span> of it',
        'see <a class="related" href="/x">the other</a> page',
        'a <b class="banner">banner</b> for you',
    ],
)
def test_words_in_a_line_stay_whatever_their_class(kept):
    assert len(markdown_of(f"<p>I mean {kept}, no less.</p>").split("I mean")[1].split("no less")[0].split()) >= 4


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ('<table class="image"><caption>The board.</caption><tr><td><img src=x></td></tr></table>', "The board."),
        ('<div class="wp-block-gallery"><figure><figcaption>The wall.</figcaption></figure></div>', "The wall."),
        ('<details><summary>Why three days?</summary><p>Two are too few.</p></details>', "Two are too few."),
        ('<aside><p>Update: I was wrong about the lid.</p></aside>', "Update: I was wrong"),
        ('<dl><div><dt>Brood</dt><dd>Young bees.</dd></div></dl>', "**Brood**\n\nYoung bees."),
        ('<section id="comments"><h2>Comments</h2><p>On remarks in code, that is.</p></section>', "On remarks in code"),
        ('<h2 class="anchor anchorWithStickyNavbar_x1y2">Smoke</h2><p>None.</p>', "## Smoke"),
        ('<p><a href="/files/plans.pdf">The plans of the hive</a></p>', "[The plans of the hive]"),
        ('<section><header><h2>First</h2></header><p>Of all, gloves.</p></section>', "## First"),
        ('<ul><li><a href="/a">On smoke</a></li><li><a href="/b">On wax</a></li></ul><p>So far.</p>', "[On wax]"),
    ],
)  # fmt: skip
def test_what_looks_like_chrome_but_is_the_authors_stays(piece, words):
    assert words in markdown_of(f"<p>{PROSE['3']}</p>{piece}<p>{PROSE['4']}</p>")


@pytest.mark.parametrize(
    "end",
    [
        "<p>Tags: <a href='/tags/bees'>bees</a>, <a href='/tags/wax'>wax</a></p>",
        "<p>Last updated on 3 May 2024</p>",
        "<div><a href='./tags.html#bees'>#bees</a> <a href='./tags.html'>#wax</a></div><time>3 May 2024</time>",
        "<p><a href='/older'>← On wax</a></p>",
        "<div>Previous: <a href='/wax'>On wax</a></div>",
        "<p>© 2024 Ada Quill. All rights reserved.</p>",
        "<p>Found a typo? <a href='https://github.com/ada/site/edit/main/mites.md'>Edit this page</a></p>",
        "<p>Discussion:</p><ul><li><a href='https://news.ycombinator.com/item?id=1'>Hacker News</a></li></ul>",
        "<h3>Related posts</h3><ul><li><a href='/wax'>On wax</a></li><li><a href='/smoke'>On smoke</a></li></ul>",
        "<div><form><h3>Never miss a bee</h3><p>One letter a month.</p><input name=email></form></div>",
    ],
)
def test_what_themes_set_after_an_article_goes(end):
    html = page("").replace("</article>", f"{end}</article>")
    assert extract(html, URL).markdown == f"{PROSE['1']}\n\n{PROSE['2']}"


@pytest.mark.parametrize(
    "end",
    [
        "<p>Yours, Ada</p>",
        "<p>Ada Quill, May 2024</p>",
        "<p>The tags are what matters.</p>",
        "<p>Next year I’ll begin with two.</p>",
        "<h2>References</h2><ul><li><a href='https://b.example/1'>The book of the mite</a></li></ul>",
        "<p>See also: <a href='/wax'>what I wrote about wax</a></p>",
    ],
)
def test_an_authors_own_last_line_stays(end):
    html = page("").replace("</article>", f"{end}</article>")
    assert len(extract(html, URL).markdown) > len(f"{PROSE['1']}\n\n{PROSE['2']}") + 5


def test_a_form_around_the_whole_page_is_no_form():
    html = (
        page(f"<p>{PROSE['5']}</p>")
        .replace("<article>", "<form id=aspnetForm><article>")
        .replace("</article>", "</article></form>")
    )
    assert PROSE["5"] in extract(html, URL).markdown


def test_notes_that_a_theme_sets_beside_the_articles_element_are_its_end():
    html = (
        f"<body><main><h1>Mites</h1><div class='post-content'><p>{PROSE['1']}</p><p>{PROSE['2']}</p></div>"
        "<section class='footnotes'><ol><li>On a board.</li></ol></section><div class=bio><p>Ada.</p></div></main>"
    )
    assert extract(html, URL).markdown.endswith("1. On a board.")


@pytest.mark.parametrize("place", ["inside", "after"])
@pytest.mark.parametrize("named", ["class=comments", "id=comments", "class='comments-area'"])
def test_comments_go_although_they_are_longer_than_the_article(named, place):
    said = "".join(f"<p>{text}</p>" for text in PROSE.values())
    comments = f"<section {named}><h2>Comments</h2><form></form>{said}</section>"
    html = page("").replace("</article>", f"{comments}</article>") if place == "inside" else page("", after=comments)
    assert extract(html, URL).markdown == f"{PROSE['1']}\n\n{PROSE['2']}"


def test_a_box_in_a_short_fragment_goes_although_it_is_longer_than_the_text():
    box = "<div class=subscription-widget><p>Thanks for reading! Subscribe for free to receive new posts.</p></div>"
    assert fragment_markdown(f"<p>Two swarms today.</p>{box}") == "Two swarms today."


def test_a_fragment_loses_its_title_and_nothing_that_stands_before_it():
    html = "<p>2024-05-03</p><h2>Mites</h2><p>By the way.</p><p>Tags: bees</p>"
    assert fragment_markdown(html, "Mites") == "2024-05-03\n\nBy the way.\n\nTags: bees"


@pytest.mark.parametrize("first", ["By the sea I kept two.", "By the sea", "Part of a whole"])
def test_a_first_line_that_is_no_byline_stays(first):
    assert markdown_of(f"<p>{first}</p>").startswith(first)


# ------------------------------------------------------------------------------ dates


@pytest.mark.parametrize(
    ("shown", "day"),
    [
        ("<p>Published 3 May 2024</p>", "2024-05-03"),
        ("<p>May 3rd, 2024 · 5 min read</p>", "2024-05-03"),
        ("<div>2024-05-03</div>", "2024-05-03"),
        ("<div><time>Friday, 3 May 2024</time></div>", "2024-05-03"),
        ("<p>Posted on May 3, 2024 by Ada in <a href='/category/bees'>Bees</a></p>", "2024-05-03"),
        ("<p>Created 2024-05-03, updated 2025-01-01</p>", "2024-05-03"),
        ("<p>Updated: 2025-01-01 · Published: 2024-05-03</p>", "2024-05-03"),
        ("<p>Last updated <time datetime=2025-01-01>Jan 1</time></p><p>Written 3.5.2024</p>", "2024-05-03"),
        ("<span class=date data-ts=1714737600><time data-ts=1714737600>a while ago</time></span>", "2024-05-03"),
        ("<relative-time datetime='2024-05-03T10:00:00Z'>a while ago</relative-time>", "2024-05-03"),
        ("<p>Sept. 3, 2024</p>", "2024-09-03"),
        ("<p>the 3rd of May, 2024</p>", "2024-05-03"),
    ],
)  # fmt: skip
def test_the_date_beside_the_title_is_the_date(shown, day):
    found = extract(page(shown), URL)
    assert found.published_at is not None
    assert found.published_at.date().isoformat() == day
    assert found.markdown == f"{PROSE['1']}\n\n{PROSE['2']}"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "<div class=comments><p>Tom, <time datetime=2025-02-02>Feb 2, 2025</time>: fine.</p></div>",
        "<aside class=related><a href=/x>On wax</a> <time datetime=2025-02-02>Feb 2, 2025</time></aside>",
        "<ul class=recent-posts><li>2025-02-02 <a href=/x>On wax</a></li></ul>",
    ],
)
def test_dates_of_comments_and_other_posts_are_not_the_articles(elsewhere):
    assert extract(page("", after=elsewhere), URL).published_at is None


def test_a_date_in_the_address_counts_before_an_unmarked_time_that_is_far_from_it():
    html = page("<p>I wrote this on <time datetime=2019-01-01>New Year</time>, as ever.</p>")
    found = extract(html, "https://ada.example/2024/05/03/mites/").published_at
    assert found is not None
    assert found.date().isoformat() == "2024-05-03"


def test_when_it_was_modified_is_not_when_it_was_published():
    data = '{"@type":"BlogPosting","headline":"Mites","dateModified":"2025-01-01"}'
    head = f'<script type="application/ld+json">{data}</script>'
    assert extract(page("", head=head), URL).published_at is None


# ------------------------------------------------------------------------------ titles


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>C++ | a love story | Ada</title>", "<div><h2>C++ | a love story</h2>", "C++ | a love story"),
        ("<title>Ada: Mites: a sum</title>", "<h1><a href=/>Ada</a></h1><h3>Mites: a sum</h3>", "Mites: a sum"),
        ("<title>Mites - My Hive</title><meta name=og:site_name content='My Hive'>", "<h1>My Hive</h1>", "Mites"),
        ("<title>Notes: on mites | Ada</title>", "<h2>Notes: on mites</h2><h2>Notes</h2>", "Notes: on mites"),
        ("<title>Ada</title>", "<main><h1>Mites <time datetime=2024-05-03>3 May</time></h1></main>", "Mites"),
    ],
)  # fmt: skip
def test_the_title_is_what_the_author_called_it(head, body, title):
    html = f"<html><head>{head}</head><body>{body}<p>{PROSE['1']}</p><p>{PROSE['2']}</p></body></html>"
    assert extract(html, URL).title == title
