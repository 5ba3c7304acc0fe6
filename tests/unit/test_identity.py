"""The same thing always gets the same id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.identity import author_id, canonical_link, chunk_id, content_hash, document_id


@pytest.mark.parametrize("spelling", ["Mara Lindqvist", " mara  LINDQVIST ", "Mara\u00a0Lindqvist", "Mara\nLindqvist"])
def test_case_and_spacing_do_not_make_another_author(spelling: str) -> None:
    assert author_id(spelling) == author_id("Mara Lindqvist")


def test_two_authors_who_publish_the_same_link_keep_two_documents() -> None:
    link = "https://blog.example/post"
    assert document_id(author_id("A B"), link) != document_id(author_id("C D"), link)


def test_ids_do_not_change_between_releases() -> None:
    author = author_id("Mara Lindqvist")
    assert str(author) == "1981a122-fa59-557a-828e-61e2959d04b4"
    assert document_id(author, "k") == document_id(author, "k")
    assert chunk_id(author, 0) != chunk_id(author, 1)


def test_an_author_needs_a_name() -> None:
    with pytest.raises(BadInput, match="needs a name"):
        Author.named("   ")


@pytest.mark.parametrize("name", ["Madonna", "Mara Lindqvist", "Ana María de la Cruz"])
def test_first_and_last_name_are_parts_of_the_full_name(name: str) -> None:
    author = Author.named(name)
    assert name.startswith(author.first_name)
    assert name.endswith(author.last_name)


@pytest.mark.parametrize(
    ("given_link", "expected"),
    [
        ("HTTPS://Blog.Example/Post?utm_source=x&id=3#top", "https://blog.example/Post?id=3"),
        ("https://blog.example", "https://blog.example/"),
        ("https://blog.example:443/a", "https://blog.example/a"),
        ("http://127.0.0.1:8080/a/?fbclid=1", "http://127.0.0.1:8080/a/"),
        ("https://x.substack.com/p/a?r=1ttoeh", "https://x.substack.com/p/a"),
        ("https://blog.example/?r=a", "https://blog.example/?r=a"),
        ("https://evilsubstack.com/p?r=a", "https://evilsubstack.com/p?r=a"),
        ("http://[::1]:8000/a", "http://[::1]:8000/a"),
    ],
)
def test_a_canonical_link_keeps_only_what_names_the_page(given_link: str, expected: str) -> None:
    assert canonical_link(given_link) == expected


@given(
    st.from_regex(r"https?://[a-z]{1,8}\.example(/[a-zA-Z0-9]{0,5}){0,3}(\?[a-z]{1,3}=[a-z0-9]{0,3})?", fullmatch=True)
)
def test_a_canonical_link_is_its_own_canonical_link(link: str) -> None:
    assert canonical_link(canonical_link(link)) == canonical_link(link)


def test_a_content_hash_knows_where_its_parts_end() -> None:
    assert content_hash("ab", "c") != content_hash("a", "bc")
