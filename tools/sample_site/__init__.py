"""The sample site: two authors' blogs on loopback, with trouble on purpose.

`python -m tools.sample_site` serves it until Ctrl-C. Pages are rendered at request time from
the Markdown files in `data/sample_site`; nothing is generated on disk.
"""

from tools.sample_site.content import SAMPLE_SITE_DIR, Article, SiteAuthor, published
from tools.sample_site.pages import Response, SampleSite
from tools.sample_site.server import DEFAULT_PORT, served
from tools.sample_site.trouble import Alias, Trouble, aliases, explicit_links, trouble_pages

__all__ = [
    "DEFAULT_PORT",
    "SAMPLE_SITE_DIR",
    "Alias",
    "Article",
    "Response",
    "SampleSite",
    "SiteAuthor",
    "Trouble",
    "aliases",
    "explicit_links",
    "published",
    "served",
    "trouble_pages",
]
