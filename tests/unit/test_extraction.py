"""Extraction keeps every character of the article and nothing of what surrounds it."""

from datetime import UTC, datetime

import pytest

from llm_engineering.infrastructure.sources.extraction import extract, fragment_markdown
from llm_engineering.infrastructure.sources.html_markdown import to_markdown, visible_text
from llm_engineering.infrastructure.sources.html_tree import parsed

URL = "https://blog.example/2024/05/on-bread/"
LONG = (
    "I’ve baked this loaf every Sunday for nine years — it’s never been the same twice 🍞, and that’s the point. "
    "My grandmother’s “rule” was simpler: don’t measure what you can feel."
)
SECOND = (
    "There are two kinds of crust, and the second one isn’t worth the oven. I say so every time somebody asks, and "
    "every time they bake the second one anyway, because that’s what the picture in the book looks like."
)


def page(body: str, head: str = "", before: str = "", after: str = "") -> str:
    return f"""<!DOCTYPE html><html lang="en-GB"><head><title>On Bread | Crumbs &amp; Co</title>{head}</head><body>
      <nav><ul><li><a href="/">Home</a></li><li><a href="/about">About me</a></li></ul></nav>{before}
      <main><article><header><h1>On Bread</h1>
      <p class="byline">By <a rel="author" href="/me">Ann Lee</a> ·
      <time datetime="2024-05-02">May 2</time></p></header>
      <p>{LONG}</p>{body}<p>{SECOND}</p></article></main>{after}
      <footer>© 2024 Crumbs, all rights reserved</footer></body></html>"""


def markdown_of(body: str, **around: str) -> str:
    return extract(page(body, **around), URL).markdown


def test_the_authors_characters_stay_as_they_were_typed():
    assert markdown_of("") == f"{LONG}\n\n{SECOND}"


def test_emphasis_links_and_inline_code_become_markdown():
    text = markdown_of(
        "<p>It’s <em>not</em> a <strong>rule</strong>, see <a href='/rules?a=1'>the rules</a> "
        "or <code>bake --now</code>.</p>"
    )
    assert "It’s *not* a **rule**, see [the rules](https://blog.example/rules?a=1) or `bake --now`." in text


def test_headings_quotes_and_rules_keep_their_level():
    text = markdown_of("<h2>Flour</h2><blockquote><p>Weigh it.</p><p>Twice.</p></blockquote><hr><h3>Rye</h3>")
    assert "## Flour\n\n> Weigh it.\n>\n> Twice.\n\n---\n\n### Rye" in text


def test_nested_lists_keep_their_nesting_and_their_numbers():
    text = markdown_of("<ul><li>Water<ol start='3'><li>cold</li><li>warm</li></ol></li><li>Salt</li></ul>")
    assert "- Water\n  3. cold\n  4. warm\n- Salt" in text


def test_code_blocks_keep_every_space_and_their_language():
    code = "def bake(x):\n    if x &lt; 3:\n        return 'raw'\n\n    return `x`"
    text = markdown_of(f'<pre><code class="language-python">{code}</code></pre>')
    assert "```python\ndef bake(x):\n    if x < 3:\n        return 'raw'\n\n    return `x`\n```" in text


def test_code_that_holds_a_fence_gets_a_longer_one():
    assert "````\n```\nx\n```\n````" in markdown_of("<pre>```\nx\n```</pre>")


def test_line_numbers_beside_code_are_no_code():
    text = markdown_of('<pre><span class="lineno">1</span>a = 1\n<span class="lineno">2</span>b = 2</pre>')
    assert "```\na = 1\nb = 2\n```" in text


def test_tables_and_definitions_stay():
    text = markdown_of(
        "<table><tr><th>Flour</th><th>Water|ml</th></tr><tr><td>Rye</td><td>80</td></tr></table>"
        "<dl><dt>Poolish</dt><dd>A wet starter.</dd></dl>"
    )
    assert "| Flour | Water\\|ml |\n| --- | --- |\n| Rye | 80 |" in text
    assert "**Poolish**\n\nA wet starter." in text


def test_what_trafilatura_leaves_out_of_an_article_stays():
    notes = '<section class="footnotes"><ol><li id="fn1">Or spelt. <a href="#r1">↩</a></li></ol></section>'
    text = markdown_of(f'<p>Use rye.<sup id="r1"><a href="#fn1">1</a></sup></p>{notes}')
    assert "Use rye.[^1]" in text
    assert "1. Or spelt." in text
    assert "↩" not in text


def test_a_list_of_references_stays_although_it_is_all_links():
    books = "".join(f'<li><a href="https://b.example/{n}">A book on bread, volume {n}</a></li>' for n in range(1, 4))
    html = page("").replace("</article>", f"<h2>References</h2><ol>{books}</ol></article>")
    text = extract(html, URL).markdown
    assert "3. [A book on bread, volume 3](https://b.example/3)" in text


@pytest.mark.parametrize(
    "chrome",
    [
        '<div class="share-buttons"><a href="https://x.example">Tweet this</a> or share</div>',
        '<aside class="newsletter"><p>Subscribe to my newsletter and never miss a loaf.</p></aside>',
        '<div id="cookie-notice">This site uses cookies to make bread better for you.</div>',
        '<section class="related-posts"><h2>Related</h2><ul><li><a href="/b">On butter</a></li></ul></section>',
        '<div class="comments"><p>First! What a lovely loaf, thank you so much for sharing it.</p></div>',
        '<ul class="tags"><li><a href="/t">Tag it</a></li></ul>',
        '<nav class="toc"><a href="#a">Jump to flour</a></nav>',
        '<form><label>Your address</label><input name="email"></form>',
        '<div style="display: none">Hidden words</div>',
        "<script>var words = 'no';</script><style>p { color: red }</style>",
    ],
)
@pytest.mark.parametrize("place", ["inside", "after"])
def test_what_surrounds_an_article_does_not_leak(chrome, place):
    text = markdown_of(chrome) if place == "inside" else markdown_of("", after=chrome)
    assert text == f"{LONG}\n\n{SECOND}"


def test_a_chapter_about_comments_is_no_comment_section():
    chapter = (
        f'<section id="comments"><h2 id="newsletter">Comments</h2><p>{SECOND.replace("crust", "comment")}</p></section>'
    )
    assert "## Comments" in markdown_of(chapter)
    assert "two kinds of comment" in markdown_of(chapter)


def test_text_that_looks_like_markup_does_not_become_markup():
    text = markdown_of("<p># not a heading</p><p>1. not a list</p><p>a*b*c, snake_case_name and &lt;b&gt;</p>")
    assert "\\# not a heading\n\n1\\. not a list\n\na\\*b\\*c, snake_case_name and \\<b>" in text


# ------------------------------------------------------------------------------ metadata


def test_json_ld_counts_before_open_graph_and_meta():
    head = """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
        {"@type": "Person", "@id": "#ann", "name": "Ann Lee"},
        {"@type": "BlogPosting", "headline": "On Bread", "datePublished": "2024-05-01T08:00:00+02:00",
         "author": {"@id": "#ann"}, "inLanguage": "en", "description": "Why crust matters",
         "isAccessibleForFree": "False"}]}</script>
      <meta property="article:published_time" content="2020-01-01"><meta name="author" content="admin">"""
    found = extract(page("", head=head), URL)
    assert found.published_at == datetime.fromisoformat("2024-05-01T08:00:00+02:00")
    assert (found.byline, found.description, found.language) == ("Ann Lee", "Why crust matters", "en")
    assert found.is_article
    assert found.is_paywalled


def test_broken_json_ld_is_passed_over():
    head = '<script type="application/ld+json">{"@type": "BlogPosting", oops}</script>'
    assert extract(page("", head=head), URL).title == "On Bread"


def test_a_page_without_structured_data_still_says_who_when_and_what():
    found = extract(page(""), URL)
    assert (found.title, found.byline, found.language) == ("On Bread", "Ann Lee", "en")
    assert found.published_at == datetime(2024, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "head"),
    [
        ("On Bread: a Love | Crumbs", '<meta property="og:site_name" content="Crumbs">'),
        ("On Bread: a Love - blog.example", ""),
        ("Crumbs » On Bread: a Love", '<meta property="og:site_name" content="Crumbs">'),
        ("On Bread: a Love « Ann « Crumbs", "<h2>On Bread: a Love</h2>"),
        ("On Bread: a Love", ""),
    ],
)
def test_the_sites_name_is_no_part_of_a_title(title, head):
    html = f"<html><head><title>{title}</title></head><body>{head}<p>{LONG}</p><p>{SECOND}</p></body></html>"
    assert extract(html, URL).title == "On Bread: a Love"


def test_a_logo_in_a_heading_is_no_title():
    html = (
        "<title>On Bread – Ann Lee</title><body><h1><a href='/'>Ann Lee</a></h1>"
        f"<div><h2>On Bread</h2><p>{LONG}</p><p>{SECOND}</p></div>"
    )
    found = extract(html, URL)
    assert found.title == "On Bread"
    assert found.markdown == f"{LONG}\n\n{SECOND}"


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("2024-05-02T10:00:00Z", 2),
        ("May 3, 2024", 3),
        ("4 May 2024", 4),
        ("Sun, 05 May 2024 10:00:00 GMT", 5),
        ("2024-05-06 10:00:00 +0200", 6),
        ("7th May 2024", 7),
    ],
)
def test_dates_are_read_as_people_and_programs_write_them(stated, day):
    head = f'<meta property="article:published_time" content="{stated}">'
    when = extract(page("", head=head), URL).published_at
    assert when is not None
    assert (when.year, when.month, when.day) == (2024, 5, day)


def test_the_canonical_link_is_absolute_and_nothing_but_http():
    assert extract(page("", head='<link rel="canonical" href="/bread">'), URL).canonical == "https://blog.example/bread"
    assert extract(page("", head='<link rel="canonical" href="javascript:x">'), URL).canonical is None


# ------------------------------------------------------------------------------ odd pages


def test_a_page_without_html_head_and_body_tags_is_read_whole():
    html = f"<!DOCTYPE html><title>T</title><meta charset=utf-8>\n<main><p>{LONG}</p><p>{SECOND}</p></main>"
    assert extract(html, URL).markdown == f"{LONG}\n\n{SECOND}"


@pytest.mark.parametrize("html", ["", " ", "<!-- nothing -->", "<html></html>", "<html><head><meta name=x conte"])
def test_a_page_without_text_gives_empty_markdown(html):
    assert extract(html, URL).markdown == ""


def test_a_page_of_ten_thousand_nested_elements_is_survived():
    extract("<div>" * 10_000 + LONG + "</div>" * 10_000, URL)


def test_the_visible_start_shows_what_a_reader_without_javascript_sees():
    html = "<body><noscript>Please enable JavaScript.</noscript><script>no()</script><div id=root></div></body>"
    assert extract(html, URL).text_start == "Please enable JavaScript."


def test_a_fragment_of_an_export_needs_no_page_around_it():
    html = '<h2>T</h2><p class="button-wrapper"><a class="button">Sign up</a></p><p>Short.</p><ul><li><a href="https://a.example/">A</a></li></ul>'
    assert fragment_markdown(html, "T") == "Short.\n\n- [A](https://a.example/)"


def test_line_breaks_and_emoji_pictures_are_kept():
    tree = parsed('<p>one<br>two <img class="wp-smiley" alt="😀" src="x"><img alt="a photo" src="y"></p>')
    assert tree is not None
    assert to_markdown(tree) == "one  \ntwo 😀"
    assert visible_text(tree) == "one\ntwo"
