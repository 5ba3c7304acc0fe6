"""What is quarantined, with which reason, and what must not be."""

from typing import Any
from uuid import uuid4

import pytest

from llm_engineering.application.near_duplicates import SeenTexts, shingles_of
from llm_engineering.application.ports import CollectedItem
from llm_engineering.application.quarantine import (
    RULES,
    count_words,
    detected_language,
    evidence_of,
    findings_of,
    prose_of,
)
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.names import may_be_same_person, someone_else

AUTHOR = Author.named("Mara Lindqvist")
SENTENCES = [
    f"On day {n} I wrote down what the crawler brought home, and in round {n * 7} it was mostly what I had asked for."
    for n in range(60)
]
ARTICLE = "\n\n".join(SENTENCES)


def item(content: str = ARTICLE, **fields: Any) -> CollectedItem:
    given = {"title": "A day with a crawler", "evidence": content[:6000], **fields}
    return CollectedItem(
        link="https://blog.example/a",
        category=given.pop("category", Category.ARTICLES),
        platform="blog.example",
        content=content,
        **given,
    )


def reason(given: CollectedItem, language: str | None = None) -> str | None:
    found = findings_of(evidence_of(given, AUTHOR, language))
    return found[0].reason if found else None


def test_an_ordinary_article_passes():
    assert reason(item()) is None


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("Page not found", "Sorry, we can’t find that page. It might have been removed.", "not found"),
        ("404", "The page you are looking for does not exist.", "not found"),
        ("My blog", "Oops! That page does not exist. The page you’re looking for has been removed.", "not found"),
        ("Just a moment...", "Checking if the site connection is secure. Enable JavaScript to continue.", "captcha"),
        ("Security check", "I am not a robot", "captcha"),
        ("A fine essay", "My mother tells a story. This post is for paying subscribers. Sign in", "paywall"),
        ("A fine essay", "It begins well… Subscribe to keep reading. Already a member?", "paywall"),
        ("LinkedIn", "You must log in to see this post.", "login"),
        ("Token counter", "You need to enable JavaScript to run this app.", "JavaScript"),
        ("Welcome", "We value your privacy. We and our partners use cookies. Accept all", "cookie"),
        ("502 Bad Gateway", "nginx/1.24.0", "error page"),
        ("Internal Server Error", "The server encountered an internal error and could not complete it.", "error page"),
        ("403 Forbidden", "You don’t have permission to access this resource. Apache/2.4", "error page"),
        ("Database Error", "Error establishing a database connection", "error page"),
        ("My blog", "Our site is down for scheduled maintenance.", "error page"),
        ("bread.example", "This domain is for sale. Buy this domain now. Related searches", "parked"),
        ("bread.example", "Welcome to the future home of something quite cool.", "parked"),
        ("Weekend link", "One link this weekend, because the plums are ripe.", "words"),
        ("Empty", "", "no text"),
    ],
)
def test_what_is_no_article_is_found_and_named(title, text, why):
    assert why.lower() in (reason(item(text, title=title)) or "").lower()


@pytest.mark.parametrize(
    "topic",
    [
        "The page said 404, page not found: “Sorry, we can’t find that page, it might have been removed.”",
        "“Just a moment,” it said, checking your browser, and asked me to verify that I am human, a captcha.",
        "This post is for paying subscribers, it said. Subscribe to keep reading. Already a member? Sign in.",
        "502 Bad Gateway, it said, an internal server error; next day the domain was for sale, buy this domain.",
        "You must log in to continue, and please enable JavaScript. We value your privacy, accept all cookies.",
    ],
)
@pytest.mark.parametrize("title", ["404", "502 Bad Gateway", "Forbidden", "Just a moment", "Enable JavaScript"])
def test_an_article_about_such_pages_passes(topic, title):
    text = "\n\n".join([topic, *SENTENCES[:40], topic])
    assert 600 < count_words(prose_of(text)) < 1200
    assert reason(item(text, title=title)) is None


def test_a_short_honest_post_on_a_site_with_a_cookie_banner_passes():
    text = "\n\n".join(SENTENCES[:5])
    banner = "This website uses cookies. Accept all. Sign in. Subscribe to our newsletter. " + text
    assert reason(item(text, evidence=banner)) is None


def test_a_page_of_links_is_an_index():
    links = "\n".join(f"- [What I learned on day {n} of many more](https://blog.example/{n})" for n in range(20))
    assert "links" in (reason(item(links)) or "")


def test_an_article_with_many_links_is_no_index():
    linked = ARTICLE.replace("crawler", "[crawler](https://a.example)")
    assert reason(item(linked)) is None


def test_code_does_not_count_as_prose():
    code = "```python\n" + "spam = 'eggs and more eggs'\n" * 100 + "```"
    assert "words" in (reason(item(f"Look at this.\n\n{code}")) or "")


def test_characters_of_a_wrong_encoding_are_found():
    broken = ARTICLE.replace("I wrote", "Iâ€™ve wroteÃ©")
    assert "encoding" in (reason(item(broken)) or "")


def test_posts_may_be_short():
    assert reason(item("Plums!", category=Category.POSTS, title="")) is None


def test_every_category_has_rules_and_a_repository_has_none():
    assert set(RULES) == set(Category)
    assert reason(item("def f(): ...", category=Category.REPOSITORIES)) is None


# ------------------------------------------------------------------------------ bylines


@pytest.mark.parametrize(
    "byline",
    [
        "Mara Lindqvist",
        "MARA LINDQVIST",
        "by Mara Lindqvist",
        "M. Lindqvist",
        "Mara K. Lindqvist",
        "Lindqvist Mara",
        "Dr. Mara Lindqvist, PhD",
        "Priya Raman and Mara Lindqvist",
        "Priya Raman, M. Lindqvist",
        "maralindqvist",
        "mara",
        "admin",
        "The Field Notes Team",
        "",
        None,
    ],
)
def test_a_byline_that_may_be_the_author_passes(byline):
    assert reason(item(byline=byline)) is None


@pytest.mark.parametrize(
    "byline", ["Priya Raman", "By Priya Raman", "Guest post by Priya Raman", "Priya Raman & Bo Ek"]
)
def test_a_byline_that_names_others_only_is_quarantined_with_the_name(byline):
    assert "Priya Raman" in (reason(item(byline=byline)) or "")


def test_accents_and_apostrophes_do_not_make_another_person():
    assert may_be_same_person("José O’Neill", "Jose O'Neill")
    assert not may_be_same_person("Maria Lindqvist-Berg", "Mara Lindqvist")
    assert someone_else("Mats Lindqvist", "Mara Lindqvist") == "Mats Lindqvist"


# ------------------------------------------------------------------------------ language


GERMAN = (
    "Gestern habe ich endlich den Ofen repariert, der seit dem Winter nicht mehr richtig heizt. Es war ganz leicht, "
    "aber es hat doch den ganzen Tag gedauert, weil mir wieder einmal das passende Werkzeug fehlte. "
) * 4


def test_another_language_is_quarantined_only_where_one_is_wanted():
    assert reason(item(GERMAN)) is None
    assert "de, not en" in (reason(item(GERMAN, language="en"), "en") or "")
    assert reason(item(GERMAN), "de") is None


def test_a_few_words_have_no_sure_language():
    assert detected_language("Plum jam") is None


# ------------------------------------------------------------------------------ near-duplicates


A, B = uuid4(), uuid4()


def hashed(text: str, category: Category = Category.ARTICLES) -> Any:
    return shingles_of(text, category)


def texts_of(**texts: str) -> SeenTexts:
    """What was seen, by its link; that of link "a" has the id A."""
    seen = SeenTexts()
    for link, text in texts.items():
        seen.add(A if link == "a" else uuid4(), link, hashed(text))
    return seen


def test_a_reprint_with_a_few_changed_words_is_found():
    reprint = ARTICLE.replace("round 7 ", "lap 7 ").replace("round 70 ", "lap 70 ").replace("day 30", "evening 30")
    assert texts_of(a=ARTICLE).duplicate_of(B, hashed(reprint)) == "a"


def test_another_article_on_the_same_subject_is_not():
    other = "\n\n".join(s.replace("mostly", f"{n} times out of ten") for n, s in enumerate(SENTENCES))
    assert texts_of(a=ARTICLE).duplicate_of(B, hashed(other)) is None


def test_a_text_is_no_duplicate_of_itself_of_its_own_older_version_or_of_one_that_was_forgotten():
    texts = texts_of(a=ARTICLE)
    texts.add(A, "a", hashed(ARTICLE + "\n\nP.S. I was wrong."))
    assert texts.duplicate_of(A, hashed(ARTICLE)) is None
    assert texts.duplicate_of(B, hashed(ARTICLE)) == "a"
    texts.remove(A)
    assert texts.duplicate_of(B, hashed(ARTICLE)) is None


def test_short_posts_may_repeat_and_repositories_are_not_compared():
    assert len(hashed("Happy new year!")) == 0
    assert len(hashed(ARTICLE, Category.REPOSITORIES)) == 0
    assert texts_of(a="Happy new year!").duplicate_of(B, hashed("Happy new year!")) is None


# ------------------------------------------------------------------------------ several findings


def test_all_that_speaks_against_a_page_is_found_with_what_its_source_says_first():
    page = item("Only a line.", byline="Priya Raman", suspicion="index page: a list of links")
    rules = [finding.rule for finding in findings_of(evidence_of(page, AUTHOR))]
    assert rules == ["suspicion", "too_short", "other_author"]


def test_scripts_without_spaces_are_counted_by_characters():
    assert count_words("今日は良い天気です。") == 4
