"""Four layouts of a blog, each with the chrome that surrounds an article on the web."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from html import escape

from benchmarks.collect.prose import Block, Text

AUTHOR = "Ottilie Marsh"
LINK_EVERY = 5
"""Paragraphs from one link to the next."""


@dataclass(frozen=True)
class Sheet:
    """What a layout is filled with."""

    text: Text
    site: str
    """The name of the blog."""
    url: str
    """The canonical address."""
    published: date
    charset: str | None
    """As a meta element says; None where there is none."""

    @property
    def head(self) -> str:
        """Title, address, description, style and the scripts that pages carry."""
        meta = f'<meta charset="{self.charset}">' if self.charset else ""
        title, site = escape(self.text.title), escape(self.site)
        return (
            f"<head>{meta}<title>{title} | {site}</title>"
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="canonical" href="{escape(self.url)}">'
            f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="{site}">'
            f'<meta name="author" content="{AUTHOR}">'
            f'<link rel="alternate" type="application/rss+xml" href="/feed.xml" title="{site}">'
            f"<style>{STYLE}</style><script>{SCRIPT}</script></head>"
        )

    @property
    def body(self) -> str:
        """The article's own HTML, without its title."""
        return "\n".join(_html(number, block) for number, block in enumerate(self.text.blocks))


def _html(number: int, block: Block) -> str:
    match block.kind:
        case "h2":
            return f'<h2 id="part-{number}">{escape(block.text)}</h2>'
        case "ul":
            items = "".join(f"<li>{escape(line)}</li>" for line in block.text.splitlines())
            return f"<ul>{items}</ul>"
        case "p":
            return f"<p>{_inline(number, block.text)}</p>"


def _inline(number: int, text: str) -> str:
    """Some paragraphs begin with a link, others stress their first words."""
    words = escape(text, quote=False).split(" ")
    first, rest = " ".join(words[1:3]), " ".join(words[3:])
    if number % LINK_EVERY == 1:
        return f'{words[0]} <a href="/notes/{number}">{first}</a> {rest}'
    if number % LINK_EVERY == 3:
        return f"{words[0]} <em>{first}</em> {rest}"
    return " ".join(words)


def _rules(name: str) -> str:
    return "".join(
        f".{name}-{number}{{margin:{number}px auto;padding:0 {number % 7}em;color:#{number:03d};line-height:1.5}}"
        for number in range(100, 220)
    )


STYLE = _rules("grid") + _rules("card")
SCRIPT = "window.settings=" + json.dumps({f"flag{number}": number % 3 == 0 for number in range(150)}) + ";"
PLACES = ("Home", "Essays", "Notes", "About", "Archive")
OLDER = ("sheds", "tram stops", "pencils", "winter coats", "hedges", "kilns")
MENU = "".join(f'<li><a href="/{place.lower()}/">{place}</a></li>' for place in PLACES)
RELATED = "".join(
    f'<li><a href="/older/{number}">An older essay about {what}</a></li>' for number, what in enumerate(OLDER)
)
COOKIES = """
<div class="cookie-banner" role="dialog"><p>This site uses cookies to count visits.</p>
<button>Accept</button><button>Decline</button></div>"""
NEWSLETTER = """
<div class="newsletter-box"><h3>New essays by mail</h3><p>Once a month, never more.</p>
<form action="/subscribe"><input type="email" name="address"><button>Subscribe</button></form></div>"""
SHARE = """
<div class="share-buttons"><a href="#m">Mail</a> <a href="#f">Fediverse</a> <a href="#c">Copy link</a></div>"""
COMMENTS = """
<section id="comments" class="comments-area"><h2>Two comments</h2><ol class="comment-list">
<li class="comment"><cite>Harbour Cat</cite><p>Thank you for this one, I read it on the tram.</p></li>
<li class="comment"><cite>K. P.</cite><p>The second half made me laugh out loud in the office.</p></li>
</ol></section>"""


def plain_blog(sheet: Sheet) -> str:
    """As a static site generator makes it: header, main, article, footer."""
    return f"""<!DOCTYPE html>
<html lang="en">{sheet.head}<body>
<header><a href="/">{sheet.site}</a><nav><ul>{MENU}</ul></nav></header>
<main><article><h1>{escape(sheet.text.title)}</h1>
<p class="post-meta"><time datetime="{sheet.published}">{sheet.published:%d %B %Y}</time> by {AUTHOR}</p>
{sheet.body}
</article>
<nav class="pagination"><a href="/older/1">Older</a> <a href="/newer/1">Newer</a></nav></main>
<footer><p>Set in a small type on a large table.</p><ul>{MENU}</ul></footer>
</body></html>"""


def theme_with_sidebar(sheet: Sheet) -> str:
    """As a content management system's theme makes it: divs with classes, a sidebar, comments, cookies."""
    return f"""<!DOCTYPE html>
<html lang="en">{sheet.head}<body class="single-post">{COOKIES}
<div id="page">
<div id="masthead"><div class="site-title"><a href="/">{sheet.site}</a></div>
<div class="main-navigation"><ul class="menu">{MENU}</ul></div></div>
<div id="content"><div id="primary"><div class="post hentry">
<h1 class="entry-title">{escape(sheet.text.title)}</h1>
<div class="entry-meta">Posted on
<time class="entry-date" datetime="{sheet.published}">{sheet.published:%B %d, %Y}</time>
by <a rel="author" href="/about/">{AUTHOR}</a></div>
<div class="entry-content">
{sheet.body}
{SHARE}</div>
<div class="entry-footer">Filed under <a href="/tag/life">Life</a></div></div>{COMMENTS}</div>
<div id="secondary" class="widget-area"><div class="widget"><h3>Recent posts</h3><ul>{RELATED}</ul></div>
{NEWSLETTER}</div></div>
<div id="colophon"><p>Proudly run from a cupboard.</p></div>
</div></body></html>"""


def letter(sheet: Sheet) -> str:
    """As a newsletter service makes it: structured data, nested wrappers, boxes to subscribe."""
    data = {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": sheet.text.title,
        "datePublished": f"{sheet.published}T08:00:00+00:00",
        "author": [{"@type": "Person", "name": AUTHOR}],
        "isAccessibleForFree": True,
        "mainEntityOfPage": sheet.url,
    }
    return f"""<!DOCTYPE html>
<html lang="en">{sheet.head}<body><script type="application/ld+json">{json.dumps(data)}</script>
<div id="entry">
<div class="topbar navbar"><a href="/">{sheet.site}</a><a class="button" href="/subscribe">Subscribe</a></div>
<div class="container"><article class="letter post">
<div class="post-header"><h1 class="post-title">{escape(sheet.text.title)}</h1>
<div class="byline"><a href="/about">{AUTHOR}</a><div>{sheet.published:%b %d, %Y}</div></div>{SHARE}</div>
<div class="available-content"><div class="body markup" dir="auto">
{sheet.body}
</div></div>
<div class="post-footer">{SHARE}{NEWSLETTER}</div>
</article></div>
<div class="related-posts"><h4>More letters</h4><ul>{RELATED}</ul></div>
<div class="footer"><a href="/privacy">Privacy</a> <a href="/terms">Terms</a></div>
</div></body></html>"""


def manual(sheet: Sheet) -> str:
    """As a documentation tool makes it: side navigation, table of contents, edit link."""
    headings = [(number, block.text) for number, block in enumerate(sheet.text.blocks) if block.kind == "h2"]
    contents = "".join(f'<li><a href="#part-{number}">{escape(text)}</a></li>' for number, text in headings)
    return f"""<!DOCTYPE html>
<html lang="en">{sheet.head}<body><a class="skip-link" href="#main">Skip to content</a>
<div class="layout">
<aside class="sidebar"><nav aria-label="Sections"><ul>{MENU}</ul><ul>{RELATED}</ul></nav></aside>
<main id="main" role="main">
<nav class="breadcrumbs"><a href="/">{sheet.site}</a> / <a href="/essays/">Essays</a></nav>
<div class="content-wrapper"><div class="theme-doc-markdown markdown">
<header><h1>{escape(sheet.text.title)}</h1></header>
{sheet.body}
</div>
<div class="page-meta"><a class="edit-this-page" href="/edit">Edit this page</a> <span>Last changed on
<time datetime="{sheet.published}">{sheet.published:%d/%m/%Y}</time> by {AUTHOR}</span></div></div>
</main>
<div class="table-of-contents"><p>On this page</p><ul>{contents}</ul></div>
</div>
<footer><p>{sheet.site}, made with care.</p></footer>
</body></html>"""


LAYOUTS: tuple[Callable[[Sheet], str], ...] = (plain_blog, theme_with_sidebar, letter, manual)
