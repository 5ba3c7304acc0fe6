"""Personal data and secrets go, in every lane; dates, versions, prices and code stay."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application.cleaning import CLEANER, clean, cleaner_version
from llm_engineering.application.pii import PiiRules, scrubbed
from llm_engineering.application.pii_patterns import PiiKind
from llm_engineering.domain.documents import Category
from tests.samples import raw_document

ALL = PiiRules()

# Put together here, so that no scanner takes this file for a leak.
AWS, GITHUB = "AKIA" + "IOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9
PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEpAIBAAKCAQEA\nq+/=\n-----END RSA PRIVATE " + "KEY-----"


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("email", "a.b+c@mail.example.co.uk"),
        ("email", r"john\_doe@example.com"),
        ("email", "someone@163.com"),
        ("email", "wer@müller.example"),
        ("phone", "+44 20 7946 0958"),
        ("phone", "+491711234567"),
        ("phone", "+1 (415) 555-2671"),
        ("phone", "(555) 123-4567"),
        ("phone", "1-800-555-0199"),
        ("phone", "020 7946 0958"),
        ("phone", "07700 900123"),
        ("phone", "030/1234567"),
        ("phone", "01 23 45 67 89"),
        ("phone", "06-12345678"),
        ("phone", "(02) 9374 4000"),
        ("phone", "03-1234-5678"),
        ("phone", "0049 30 1234567"),
        ("card", "4111 1111 1111 1111"),
        ("card", "378282246310005"),
        ("card", "5555-5555-5555-4444"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB82WEST12345698765432"),
        ("ip", "203.0.113.7"),
        ("ip", "2001:db8:85a3::8a2e:370:7334"),
        ("ip", "fe80::1ff:fe23:4567:890a"),
        ("key", AWS),
        ("key", GITHUB),
        ("key", "github_pat_" + "11ABCDEFG0" * 3),
        ("key", "xoxb-" + "123456789012-abcdefABCDEF"),
        ("key", "sk-proj-" + "aB3x" * 8),
        ("key", "AIza" + "SyA1" * 8 + "abc"),
        ("key", "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.abc-def_ghi"),
        ("key", PEM),
        ("key", "-----BEGIN PRIVATE " + "KEY-----\n" + "A" * 64 + "\n" + "B" * 64),
    ],
)
def test_each_kind_becomes_its_marker_and_the_words_around_it_stay(kind: str, written: str) -> None:
    assert scrubbed(f"Well, {written}, he said.", ALL) == (f"Well, [{kind}], he said.", {kind: 1})
    assert scrubbed(written, ALL) == (f"[{kind}]", {kind: 1})


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("Tel: 5551234567", "Tel: [phone]"),
        ("my phone number is 555-0199.", "my phone number is [phone]."),
        ("Authorization: Bearer abc123def456ghi789", "Authorization: Bearer [key]"),
        ("git clone https://me:s3cret@host.example/x", "git clone https://me:[key]@host.example/x"),
        ("ssh root@10.1.2.3", "ssh root@[ip]"),
        ("http://203.0.113.7:8080/x", "http://[ip]:8080/x"),
        ("[write me](mailto:a@b.example)", "[write me](mailto:[email])"),
    ],
)
def test_only_the_secret_part_is_replaced(written: str, left: str) -> None:
    assert scrubbed(written, ALL)[0] == left


@pytest.mark.parametrize(
    "written",
    [
        "On 2024-01-15, on 15.01.2024 and on 01/02/2023; from 2019-2021, in 2019 2020 2021 2022.",
        "It took from 12:30:45 to 13:45:10, or 00:00:00.",
        "Version 1.2.3.4, v10.0.0.1, `pip install x==1.2.3.4`, lib-1.2.3.4.jar and Chrome 120.0.6099.109.",
        "## 1.2.3.4 A heading\n\nSee section 4.3.2.1.",
        "It costs $1,234,567.89 or 1 234 567,00 or 100 000 000 won.",
        "Order 123456789012345, ticket 0123456789, card-like 4111 1111 1111 1112, DE88 3704 0044 0532 0130 00.",
        "Listen on 127.0.0.1, 0.0.0.0, ::1 or ::.",
        "Call std::vector, a::b, Fade::Dec and dead::beef 12345678 times.",
        "ISBN 0-306-40615-2, 978-0-306-40615-7, arXiv:2308.06259, doi 10.5281/zenodo.1234567, RFC 2119.",
        "See icon@2x.png, @ann@social.example, git@github.com:me/repo.git, lodash@4.17.beta, A@B.transpose().",
        '<div class="sk-fading-circle-container-large">',
        "1 2 3 4 5 6 7 8 9 10 11 12 and 05 06 07 08 09 10 11, 0.25 0.50 0.75 1.00, 3.14159265358979",
        "@decorator\ndef f(a: int = 0x7fffffff) -> None:\n    return a @ b.T + 100000000",
        "@@ -12,7 +12,9 @@\n+2024-01-15 12 rows\n+100000000",
        "The bearer of authentication-something-long; my iPhone 15 Pro; Tel Aviv in 2024; Cell 2002 109 45 55.",
        "https://x.example/2023/05/12/1234567890 and https://x.example/v/1.2.3.4/",
        "123e4567-e89b-12d3-a456-426614174000 and 4f2a9b1c4f2a9b1c4f2a9b1c4f2a9b1c4f2a9b1c",
    ],
)
def test_ordinary_prose_and_code_stay_as_they_are(written: str) -> None:
    assert scrubbed(written, ALL) == (written, {})


def test_the_block_list_is_whole_words_in_any_case_and_across_line_breaks() -> None:
    rules = PiiRules(block_list=("Jane Doe", "Acme", "José", " ", "C++"))
    text = "JANE\ndoe’s boss at acme, _Acme_ and Jose\u0301; not Acmeist. I like C++."
    assert scrubbed(text, rules) == (
        "[blocked]’s boss at [blocked], _[blocked]_ and [blocked]; not Acmeist. I like [blocked].",
        {"blocked": 5},
    )


def test_only_the_wanted_kinds_are_scrubbed_under_the_wanted_markers() -> None:
    rules = PiiRules(kinds=frozenset({PiiKind.EMAIL}), markers={PiiKind.EMAIL: r"<\1 removed>"}, block_list=("mail",))
    assert scrubbed("mail a@b.example or 203.0.113.7", rules)[0] == r"mail <\1 removed> or 203.0.113.7"


def test_both_lanes_and_the_title_are_scrubbed_and_counted_once() -> None:
    content = "Write to a@b.example.\n\n```\nuser = 'c@d.example'\n```\n\nOr ＠me: x＠y.example"
    cleaned = clean(raw_document(content, title="By e@f.example"), ALL)
    assert cleaned.title == "By [email]"
    assert cleaned.style_text == "Write to [email].\n\n[code]\n\nOr ＠me: [email]"
    assert "@" not in cleaned.search_text.replace("@me", "")
    assert cleaned.scrubbed == {"email": 4}


def test_posts_are_scrubbed_too_and_nothing_is_unless_asked() -> None:
    post = raw_document("Ring 020 7946 0958", category=Category.POSTS)
    assert clean(post, ALL).style_text == clean(post, ALL).search_text == "Ring [phone]"
    assert (clean(post).style_text, clean(post).scrubbed) == ("Ring 020 7946 0958", {})


def test_the_cleaners_version_changes_with_the_rules() -> None:
    versions = {
        cleaner_version(rules)
        for rules in (
            None,
            ALL,
            PiiRules(block_list=("x",)),
            PiiRules(kinds=frozenset({PiiKind.EMAIL})),
            PiiRules(markers={PiiKind.IP: "…"}),
        )
    }
    assert len(versions) == 5
    assert cleaner_version() == CLEANER
    assert cleaner_version(PiiRules(block_list=("b", "a", "a "))) == cleaner_version(PiiRules(block_list=("a", "b")))
    assert clean(raw_document("x"), ALL).cleaner == cleaner_version(ALL)


def test_blocked_words_are_not_shown_with_the_rules() -> None:
    assert "Jane" not in repr(PiiRules(block_list=("Jane",)))


@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz’'—é😀,;.!? \n", max_size=40), max_size=20).map(" ".join))
def test_words_alone_are_never_personal_data(prose: str) -> None:
    assert scrubbed(prose, ALL) == (prose, {})


@settings(deadline=None, max_examples=60)
@given(
    st.text("1234567890ab @.:-+()/_=\\\n", min_size=1, max_size=12), st.sampled_from(["", "x@", "tel ", "sk-", "eyJ"])
)
def test_no_text_takes_long(unit: str, start: str) -> None:
    assert seconds(start + unit * (20_000 // len(unit))) < 0.5


HOSTILE = [
    *(
        "a",
        "a.",
        "a@",
        "@a.",
        "a-",
        "1",
        "1 ",
        "1.",
        "1-",
        "+1",
        "0 1",
        "09 ",
        "(0",
        "(",
        " ",
        "\n",
        "\\",
        "_",
        "-",
        "é",
    ),
    *(
        "DE89",
        "DE 89 ",
        "4111",
        "4 1 1 1 ",
        "::",
        "a:",
        "1:",
        "1.1.1.1",
        "://a:",
        "sk-",
        "eyJ",
        "eyJ.",
        "ghp_",
        "tel 1",
    ),
    *("bearer ", "phone 1 1 1", "jane ", "jane\n", "aws_secret_access_key = ", "hooks.slack.com/services/", "ya29."),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----A ", "[a](", "version ", "x@a.", "**", "`"),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_200_kb_of_a_hostile_text_take_less_than_a_second(unit: str) -> None:
    assert min(seconds(unit * (200_000 // len(unit))) for _ in range(2)) < 1


def seconds(text: str) -> float:
    start = time.process_time()
    scrubbed(text, PiiRules(block_list=("Jane Doe", "Acme")))
    return time.process_time() - start
