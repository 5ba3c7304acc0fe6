"""What keeps a passage out of a dataset, and under which name it is counted."""

from collections import Counter

import pytest

from llm_engineering.application.gates import (
    is_cut_off,
    leak_share,
    main_language,
    require_no_leak,
    usable,
    without_duplicates,
    without_leaks,
)
from llm_engineering.application.passages import boilerplate_sentences, passages
from llm_engineering.domain.datasets import Passage
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import DatasetError
from tests.samples import article, cleaned_document

ENGLISH = article(1, paragraphs=1)
GERMAN = (
    "Der Garten braucht jeden Abend Wasser, und trotzdem gehe ich selten hinaus, weil mir die Zeit dafür fehlt. "
    "Meine Nachbarin sagt, ich solle weniger arbeiten und öfter gießen, und damit hat die Nachbarin vermutlich recht. "
    "Wir trinken dann zusammen Tee beim alten Birnbaum, reden über das Wetter und über ihre Enkel, und wenn es "
    "dunkel wird, trage ich die Kannen zurück in den Schuppen und schließe das Tor hinter mir zu."
)


def dropped_of(text: str, language: str | None = "en", others: tuple[str, ...] = ()) -> Counter[str]:
    document = cleaned_document(text, language="en")
    repeated = boilerplate_sentences([document, *(cleaned_document(other, other) for other in others)])
    dropped: Counter[str] = Counter()
    usable(passages(document), document, boilerplate=repeated, language=language, dropped=dropped)
    return dropped


def test_plain_prose_passes() -> None:
    assert dropped_of(ENGLISH) == Counter()


def test_a_passage_in_another_language_than_the_authors_is_dropped() -> None:
    assert dropped_of(GERMAN) == {"other_language": 1}
    assert dropped_of(GERMAN, language="de") == Counter()
    assert dropped_of(GERMAN, language=None) == Counter()


@pytest.mark.parametrize("personal", ["ann.lee@example.org", "DE89 3704 0044 0532 0130 00", "+49 30 901820"])
def test_a_passage_with_personal_data_is_dropped_although_scrubbing_is_off(personal: str) -> None:
    assert dropped_of(f"{ENGLISH} Write to me at {personal} about it.") == {"pii_left": 1}


def test_a_passage_that_holds_a_sentence_of_the_site_is_dropped() -> None:
    advert = "Subscribe to my letter and never miss a post of mine."
    others = tuple(f"{article(number, 1)} {advert}" for number in (2, 3))
    assert dropped_of(f"{ENGLISH} {advert}", others=others) == {"boilerplate": 1}


def cut(text: str, whole: str) -> bool:
    document = cleaned_document(whole)
    start = document.style_text.index(text)
    passage = Passage(document_id=document.id, title="t", start=start, end=start + len(text), text=text)
    return is_cut_off(passage, document.style_text)


@pytest.mark.parametrize(
    ("text", "whole", "expected"),
    [
        ("I like it.", "I like it. You may not.", False),
        ("I like", "I like it. You may not.", True),
        ("like it.", "I like it. You may not.", True),
        ("and it runs.", "```\ncode\n```\n\nand it runs.", True),
        ("and it runs.", "All small letters.\n\nand it runs.", False),
        ("It is this:", "It is this:\n\n```\ncode\n```", True),
        ("No full stop #tea", "No full stop #tea", False),
        ("- one thing\n- another", "- one thing\n- another\n\nAnd so on.", False),
    ],
)
def test_cut_off_means_inside_a_sentence(text: str, whole: str, expected: bool) -> None:
    assert cut(text, whole) is expected


def test_the_main_language_is_that_of_most_words() -> None:
    def document(words: int, language: str | None) -> CleanedDocument:
        return cleaned_document("word " * words, f"https://a.example/{words}", language=language)

    assert main_language([document(9, "de"), document(30, "en"), document(8, "de"), document(99, None)]) == "en"
    assert main_language([document(4, None)]) is None


def passage(text: str, number: int = 0) -> Passage:
    document = cleaned_document("Text", f"https://a.example/{number}")
    return Passage(document_id=document.id, title="t", start=0, end=len(text), text=text)


def test_the_same_text_with_a_few_other_words_is_kept_once() -> None:
    text = " ".join(f"word{number}" for number in range(100))
    dropped: Counter[str] = Counter()
    kept = without_duplicates(
        [passage(text), passage(text + " more", 1), passage("something else entirely", 2)], dropped
    )
    assert [p.text for p in kept] == [text, "something else entirely"]
    assert dropped["near_duplicate"] == 1


def test_training_passages_that_repeat_eight_held_out_words_are_dropped() -> None:
    held_out = [passage("a b c d e f g h i")]
    train = [passage("x a b c d e f g h y", 1), passage("a b c d e f g x h i", 2)]
    dropped: Counter[str] = Counter()
    kept = without_leaks(train, held_out, dropped)
    assert [p.text for p in kept] == ["a b c d e f g x h i"]
    assert dropped["overlaps_held_out"] == 1
    assert leak_share([p.text for p in train], ["a b c d e f g h i", "z"]) == 0.5


def test_a_leak_fails_the_run() -> None:
    with pytest.raises(DatasetError, match="50% of the held-out passages share eight words"):
        require_no_leak(["x a b c d e f g h y"], ["a b c d e f g h i", "z"])
    assert require_no_leak(["a b c"], ["d e f"]) == 0.0
