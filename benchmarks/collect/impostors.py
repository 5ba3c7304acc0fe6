"""Pages that are not the article that was asked for, though most of them come with status 200."""

from html import escape

from benchmarks.collect.layouts import MENU, RELATED
from benchmarks.collect.prose import Text

TEASER_WORDS = 110


def captcha() -> str:
    """The gate of a service that keeps robots out."""
    return """<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex,nofollow">
<meta http-equiv="refresh" content="360"></head>
<body class="no-js"><div class="main-wrapper" role="main"><div class="main-content">
<h1>Checking your browser</h1>
<h2>Verify you are human by completing the action below.</h2>
<noscript><div class="core-msg">Enable JavaScript and cookies to continue</div></noscript>
<p>We need to review the security of your connection before proceeding.</p>
</div></div>
<div class="footer">Ray ID: <code>8a1f00c2d4e6</code></div>
</body></html>"""


def soft_not_found(site: str) -> str:
    """A page that says that there is none, with the whole chrome of the site."""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Page not found – {escape(site)}</title></head>
<body class="error404"><header><a href="/">{escape(site)}</a><nav><ul>{MENU}</ul></nav></header>
<main><h1>Oops! That page can’t be found.</h1>
<p>It looks like nothing was found at this location. The page you are looking for might have been removed or
renamed. Maybe try a search, or one of the essays below.</p>
<ul class="related-posts">{RELATED}</ul></main>
<footer><p>Set in a small type on a large table.</p></footer>
</body></html>"""


def paywall(site: str, text: Text) -> str:
    """The first words of an article, then an offer."""
    start = " ".join(" ".join(block.text for block in text.blocks).split()[:TEASER_WORDS])
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(text.title)}</title></head>
<body><div class="navbar"><a href="/">{escape(site)}</a></div>
<article><h1>{escape(text.title)}</h1><div class="body markup"><p>{escape(start)}…</p></div>
<div class="paywall"><h2>This post is for paid subscribers</h2><a class="button" href="/subscribe">Subscribe</a>
<p>Already a paid subscriber? <a href="/sign-in">Sign in</a></p></div></article>
</body></html>"""


def error_page(site: str, text: Text) -> str:
    """What some sites send with an error's status: a page as long as an article, and built like one."""
    paragraphs = "".join(f"<p>{escape(block.text)}</p>" for block in text.blocks)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(text.title)}</title></head>
<body><header><nav><ul>{MENU}</ul></nav></header>
<main><article><h1>{escape(text.title)}</h1>{paragraphs}</article></main>
<footer>{escape(site)}</footer>
</body></html>"""
