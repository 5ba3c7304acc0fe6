"""Names (classes, ids) that themes and generators give to what is not the article."""

import re
from functools import lru_cache

CHROME_NAMES = re.compile(
    r"""(?:^|[-_\s])(?:
        nav(?:bar|igation|links?)?|menu|breadcrumbs?|crumbs?|pag(?:er|inav|ination)|(?:prev(?:ious)?-?next|next-?prev(?:ious)?)(?:-.*)?|
        (?:post|page|article|entry)-?nav(?:igation)?|
        shar(?:e|ing|edaddy|ethis)(?:-?(?:buttons?|links?|bar|icons?))?|social(?:-?(?:links?|icons?|share|buttons?))?|add(?:to|this)any|addthis|
        likes?|claps?|kudos|upvote|reactions?|
        related-?(?:posts?|articles?|content|links|reading)?|jp-relatedposts|read-?(?:next|more)|recommend(?:ed|ations?)|more-?(?:posts|from)|yarpp|
        (?:recent|latest|popular|similar|other)-?(?:posts|articles|stories)|
        (?:newsletter|subscri(?:be|ption)|sign-?up|mailing-?list)(?:-card)?|cta|call-to-action|button-wrapper|
        cookies?(?:-?(?:banner|notice|consent|bar))?|consent|gdpr|paywall|
        comments?(?:-?(?:area|list|section|form|thread))?|disqus(?:_thread)?|utterances|giscus|webmentions?|respond|
        by-?lines?|(?:post|article|entry|page|blog)-?(?:meta(?:-?data)?|info|byline|date|tags|labels|footer|copyright|license|reward)|meta(?:-?data)?|
        (?:author|writer)-?(?:bio|box|card|info|profile|name)|about-the-author|post-author|bio|
        reading-?time|read-?time|min(?:ute)?s?-read|word-?count|last-?(?:updated|modified|edited)(?:-on)?|updated-on|
        tags?(?:-?(?:list|links|cloud))?|tag-?list|cat(?:egory|egories)?-?links|categories|
        toc|table-?of-?contents|sidebar|side-?nav|skip-?(?:link|to-content)|sr-only|visually-hidden|screen-reader-(?:text|only)|
        print-?only|no-?print|ad(?:vert(?:isement)?s?)?|promo|sponsor(?:ed)?|banner|
        headerlink|permalink|(?:header-)?anchor-?(?:link|widget)|zola-anchor|hash-link|copy-?(?:btn|button|code)|clipboard|
        (?:input_|output_)?prompt|(?:Input|Output)Prompt|quarto-title(?:-.*)?|quarto-appendix-contents|
        edit-?(?:page|link|this-page|on-github)|site-?(?:header|nav|info)|(?:[a-z]+-)?footer|md-(?:feedback|source-file)|code-header
    )(?:[-_]?(?:box|form|widget|wrap(?:per)?|container|section|block|area|bar|inner|content|module|panel|editor|group|item))*(?:$|\s)""",
    re.IGNORECASE | re.VERBOSE,
)
MARKS = re.compile(
    r"""(?:^|[-_\s])(?:headerlink|permalink|(?:header-)?anchor-?(?:link|widget)|zola-anchor|hash-link|copy-?(?:btn|button|code)|clipboard|
    sr-only|visually-hidden|screen-reader-(?:text|only)|skip-?link|edit-?(?:page|link))(?:$|\s)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Names of what generators add within a line of the author's."""
COMMENTS = re.compile(
    r"(?:^|\s)(?:(?:wp-block|post|article|page|entry|blog|site)[-_])?comments?"
    r"(?:[-_]?(?:area|list|section|thread|block|wrapper|container))?(?:$|\s)",
    re.IGNORECASE,
)
FOOTNOTES = re.compile(r"footnote|endnote|references?\b|bibliograph|csl-|sidenote|marginnote", re.IGNORECASE)
HASH = re.compile(r"_{1,2}[\w+-]{2,8}(?=\s|$)|--[\w-]+(?=\s|$)")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=8192)
def is_chrome_name(name: str) -> bool:
    """Whether classes or an id name chrome; the hashes of CSS modules and the case of letters don't matter."""
    if not name:
        return False
    return bool(CHROME_NAMES.search(name) or CHROME_NAMES.search(CAMEL.sub("-", HASH.sub("", name))))


@lru_cache(maxsize=8192)
def is_footnotes_name(name: str) -> bool:
    """Whether classes or an id name notes or references, which belong to the article."""
    return bool(FOOTNOTES.search(name))


def is_chrome_id(name: str) -> bool:
    """Whether an id names chrome from its start: generators make ids from headings, and "text-comments" is text."""
    return is_chrome_name(name) and bool(CHROME_NAMES.match(name))


def is_mark_name(name: str) -> bool:
    """Whether classes name what generators add within a line of the author's."""
    return bool(name and MARKS.search(name))


def is_comments_name(name: str) -> bool:
    """Whether classes or an id name the comments as a whole, which may be longer than the article."""
    return bool(name and COMMENTS.search(name))
