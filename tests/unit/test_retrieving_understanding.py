"""A question says whom it asks, and now and then when or where the texts were published."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.retrieval.dates import period
from llm_engineering.application.retrieval.names import edits, mentions, stranger
from llm_engineering.application.retrieval.publication import is_on
from llm_engineering.application.retrieval.understanding import FUNCTION_WORDS, understood
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Filters
from llm_engineering.domain.documents import Category

MARA = Author.named("Mara Lindqvist")
EDMUND = Author.named("Edmund Achterberg")
PAUL = Author.named("Paul Iusztin")
WILL = Author.named("Will Grant")
EVERYBODY = (MARA, EDMUND, PAUL, WILL)
TODAY = date(2026, 5, 20)


def named(question: str, *authors: Author) -> list[str]:
    return [mention.author.full_name for mention in mentions(question, authors or EVERYBODY)]


def asked(question: str) -> tuple[str, Filters]:
    found = understood(question, MARA, EVERYBODY, TODAY)
    return found.subject, found.filters


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ------------------------------------------------------------------------------ who


@pytest.mark.parametrize(
    "question",
    [
        "What does Mara Lindqvist think of feeds?",
        "what does MARA   lindqvist think of feeds?",
        "What does Mara think of feeds?",
        "What is Lindqvist's view of feeds?",
        "Lindqvist’s view of feeds?",
        "What does M. Lindqvist think of feeds?",
        "What does @mara-lindqvist think of feeds?",
        "What does @maralindqvist think of feeds?",
        "Ask mara-lindqvist/feeds",
        "what does mara think of feeds?",
        "What does Mara Lindquist think of feeds?",
        "What does Mara Lindqivst think of feeds?",
        "what would mara lindqvst do?",
    ],
)
def test_an_author_is_known_by_name_by_a_part_of_it_by_handle_and_misspelt(question: str) -> None:
    assert named(question) == ["Mara Lindqvist"]


@pytest.mark.parametrize(
    "question",
    [
        "What does Paul Graham say?",
        "What did Claude Lindqvist paint?",
        "Will you rewrite it?",
        "How do I grant access, and will it last?",
        "Who gave the grant?",
        "What does Mark Edmundson say of feeds?",
        "Is a Mara-class ship large?",
        "Which marathon did you run?",
        "Ask paul@example.org",
        "What does Edmnud Achterburg say?",
        "What does Mary Lindqvist say?",
    ],
)
def test_a_word_that_is_no_authors_name_names_nobody(question: str) -> None:
    assert named(question) == []


def test_a_part_of_a_name_that_two_authors_share_names_neither() -> None:
    other = Author.named("Mara Berg")
    assert named("What does Mara think?", MARA, other) == []
    assert named("What does Berg think?", MARA, other) == ["Mara Berg"]


def test_a_name_inside_a_longer_name_is_not_taken_for_its_own() -> None:
    longer = Author.named("Mara Lindqvist Berg")
    assert named("What would Mara Lindqvist Berg do?", MARA, longer) == ["Mara Lindqvist Berg"]


def test_names_are_given_in_the_order_of_the_question() -> None:
    assert named("Do Edmund Achterberg and Mara agree with Paul?") == [
        "Edmund Achterberg",
        "Mara Lindqvist",
        "Paul Iusztin",
    ]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What does Jane Roe think of feeds?", "Jane Roe"),
        ("According to Jane Roe’s book, are feeds fine?", "Jane Roe"),
        ("Which articles by Jane Anne Roe deal with feeds?", "Jane Anne Roe"),
        ("How does Python 3.12 write bytecode?", None),
        ("Did Postgres write it?", None),
    ],
)
def test_somebody_whose_view_is_asked_for_is_recognised(question: str, name: str | None) -> None:
    assert stranger(question) == name


@pytest.mark.parametrize(
    ("left", "right", "count"), [("mara", "mara", 0), ("mara", "maar", 1), ("mara", "mar", 1), ("mara", "kora", 2)]
)
def test_slips_are_counted(left: str, right: str, count: int) -> None:
    assert edits(left, right) == edits(right, left) == count


# ------------------------------------------------------------------------------ when and where


@pytest.mark.parametrize(
    ("question", "subject", "low", "high"),
    [
        ("What did you write in 2023 about tea?", "What did you write about tea?", "2023-01-01", "2024-01-01"),
        ("In 2023, what did you write about tea?", "what did you write about tea?", "2023-01-01", "2024-01-01"),
        ("What have you said about tea since March 2022?", "What have you said about tea?", "2022-03-01", None),
        ("Have you ever written of tea before 2020?", "Have you ever written of tea?", None, "2020-01-01"),
        ("What did Mara post about tea after 2020?", "What did you post about tea?", "2021-01-01", None),
        ("What did you write of tea between 2019 and 2021?", "What did you write of tea?", "2019-01-01", "2022-01-01"),
        ("What did you write last year about tea?", "What did you write about tea?", "2025-01-01", "2026-01-01"),
        ("What did you write of tea this month?", "What did you write of tea?", "2026-05-01", "2026-06-01"),
        ("What did you blog in the last 3 months on tea?", "What did you blog on tea?", "2026-02-19", "2026-05-21"),
        ("Why is tea green in your 2023 posts?", "Why is tea green?", "2023-01-01", "2024-01-01"),
        ("Summarise your 2019-2021 articles about tea", "Summarise about tea", "2019-01-01", "2022-01-01"),
        ("What do your posts from December 2021 say of tea?", "What do say of tea?", "2021-12-01", "2022-01-01"),
        ("What did you publish until 2022-02-10 on tea?", "What did you publish on tea?", None, "2022-02-11"),
    ],
)
def test_a_time_of_publication_narrows_the_search_and_leaves_the_subject(
    question: str, subject: str, low: str | None, high: str | None
) -> None:
    found, filters = asked(question)
    assert found == subject
    assert filters.published_from == (day(low) if low else None)
    assert filters.published_before == (day(high) if high else None)
    assert filters.platforms == ()


@pytest.mark.parametrize(
    ("question", "subject", "platforms"),
    [
        ("your 2023 posts on GitHub about CI", "about CI", ("github",)),
        ("Which of your posts on LinkedIn deal with tea?", "Which deal with tea?", ("linkedin",)),
        ("What is tea in your tweets?", "What is tea?", ("x",)),
        ("What did you write about tea on Medium?", "What did you write about tea?", ("medium",)),
        ("In your Substack articles, is tea green?", "is tea green?", ("substack",)),
        ("What is tea in your posts on notes.example.org?", "What is tea?", ("notes.example.org",)),
    ],
)
def test_a_platform_narrows_the_search(question: str, subject: str, platforms: tuple[str, ...]) -> None:
    found, filters = asked(question)
    assert (found, filters.platforms, filters.categories) == (subject, platforms, ())


@pytest.mark.parametrize(
    ("question", "categories"),
    [
        ("Is tea green in your articles?", (Category.ARTICLES,)),
        ("Your articles about tea: what do they say?", (Category.ARTICLES,)),
        ("According to your posts, is tea green?", (Category.POSTS, Category.ARTICLES)),
        ("How is tea brewed in your repositories?", (Category.REPOSITORIES,)),
    ],
)
def test_a_kind_of_text_narrows_the_search(question: str, categories: tuple[Category, ...]) -> None:
    assert asked(question)[1].categories == categories


@pytest.mark.parametrize(
    "question",
    [
        "What is new in the 2023 edition of the book?",
        "How do you use GitHub Actions?",
        "How do you run tests on GitHub?",
        "What happened to banks in 2008?",
        "Why did you publish your crate on GitHub in 2019?",
        "How did you move your posts to Hugo?",
        "What did you write about wages in 2023 dollars?",
        "How many tweets does your bot read since March 2022?",
        "What do you think went wrong between 2019 and 2021?",
        "Who writes articles on Medium?",
        "Why are your articles so long?",
        "What did you write about the RTX 2080 and Windows 2000?",
        "Did the last year change you?",
        "What did you write on GitHub Actions?",
    ],
)
def test_a_year_or_a_platform_that_is_the_subject_is_no_filter(question: str) -> None:
    assert asked(question) == (question, Filters())


def test_several_filters_hold_together() -> None:
    subject, filters = asked("What did you write before 2024 in your posts since March 2022 on Medium about tea?")
    assert subject == "What did you write about tea?"
    assert (filters.published_from, filters.published_before) == (day("2022-03-01"), day("2024-01-01"))
    assert filters.shown == "published from 2022-03-01 to 2023-12-31, on medium"
    assert filters.words == ("before 2024", "in your posts since March 2022 on Medium")


def test_a_question_of_filters_alone_is_searched_as_it_is() -> None:
    assert asked("Mara's 2023 posts?")[0] == "Mara's 2023 posts?"
    assert asked("Who is Mara Lindqvist?")[0] == "Who is Mara Lindqvist?"


def test_the_authors_name_is_no_word_of_the_search() -> None:
    assert asked("What is Mara Lindqvist's view of what Edmund Achterberg wrote?")[0] == (
        "What is your view of what Edmund Achterberg wrote?"
    )


@pytest.mark.parametrize(
    ("stored", "wanted", "is_one"),
    [
        ("github.com", "github", True),
        ("gist.github.com", "github", True),
        ("mara.github.io", "github", True),
        ("medium", "medium", True),
        ("mediumish.example", "medium", False),
        ("notes.example.org", "example.org", True),
        ("x", "x", True),
        ("xample.org", "x", False),
    ],
)
def test_platforms_are_recognised_however_they_are_stored(stored: str, wanted: str, is_one: bool) -> None:
    assert is_on(stored, wanted) is is_one


@given(st.text(max_size=200))
def test_any_text_is_understood_without_an_error(question: str) -> None:
    subject, filters = asked(question)
    assert bool(subject) == bool(question.split())
    assert bool(filters) <= bool(filters.words)


@given(st.lists(st.sampled_from([*sorted(FUNCTION_WORDS), "tea", "green", "2023", "GitHub", "posts"]), max_size=12))
def test_words_that_speak_of_no_publishing_are_kept(words: list[str]) -> None:
    words = [word for word in words if word not in ("your", "her", "his", "their", "my", "you")]
    question = " ".join(words)
    assert asked(question) == (question, Filters())


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.sampled_from(["last year", "this month", "the last 2 weeks"]))
def test_a_period_begins_before_it_ends(today: date, words: str) -> None:
    found = period(words, today)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.high
