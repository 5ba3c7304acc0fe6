"""Notes of an Obsidian vault read as what its own syntax shows; code is never touched."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.infrastructure.sources.formats.obsidian import DRAWING, TEMPLATE, plain_markdown, read
from llm_engineering.infrastructure.sources.formats.text import DRAFT, Text


def note(name: str, content: str) -> Text:
    [found] = read(name, content.encode())
    assert isinstance(found, Text)
    return found


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [[Bread]].", "See Bread."),
        ("See [[notes/Bread|the bread]].", "See the bread."),
        ("See [[notes/Bread]].", "See Bread."),
        ("See [[Bread#Crust]].", "See Bread > Crust."),
        ("See [[#Crust]] and [[Bread#^abc]].", "See Crust and Bread."),
        ("| a | [[Bread\\|b]] |", "| a | b |"),
        ("See [a](b) and [[broken", "See [a](b) and [[broken"),
        ("Before.\n\n![[photo.png|300]]\n\nAfter.", "Before.\n\n\nAfter."),
        ("Look: ![[photo.png]] there.", "Look:  there."),
        ("Text %%a secret%% goes on.", "Text  goes on."),
        ("One.\n%%\na secret\nin lines\n%%\nTwo.", "One.\nTwo."),
        ("100 %% sure", "100 %% sure"),
        ("A thought. ^abc-1", "A thought."),
        ("- item ^x\n- other", "- item\n- other"),
        ("2^10 and x ^2 here", "2^10 and x ^2 here"),
        ("A note[^1]\n\n[^1]: Below.", "A note[^1]\n\n[^1]: Below."),
        ("It ends. #rye #salt", "It ends. #rye #salt"),
        ("> [!note] Careful\n> It’s hot.\n> And wet.\n\nAfter.", "Careful\n\nIt’s hot.\nAnd wet.\n\nAfter."),
        ("Text.\n> [!tip]-\n> Hidden.", "Text.\n\nHidden."),
        ("> [!quote] Bo Ek\n> Others’ words.", "> Bo Ek\n> Others’ words."),
        ("> Others’ words.", "> Others’ words."),
        ("> [!note] A\n> B\n> > [!tip] C\n> > D", "A\n\nB\n\nC\n\nD"),
        ("> [!note]\n> ```py\n> x[[1]] = 2\n> ```", "```py\nx[[1]] = 2\n```"),
    ],
)
def test_what_obsidian_shows_is_kept(written, shown):
    assert plain_markdown(written) == shown


@pytest.mark.parametrize(
    "code",
    [
        "```\n[[x]] %%y%% ![[z]] ^id\n> [!note] T\n```",
        "~~~py\na[[1]] ^b\n~~~",
        "Text\n\n    indented [[x]] %%y%%\n    ![[z]] ^id",
        "Inline `[[x]] %%y%%` stays, ``a`[[b]]`` too.",
        "- item\n\n  ```\n  [[x]]\n  ```",
    ],
)
def test_code_is_untouched(code):
    assert plain_markdown(code) == code


lines = st.lists(
    st.sampled_from(
        [
            "```",
            "~~~",
            "    [[x]]",
            "[[y|z]]",
            "%% c",
            "> [!note] T",
            "> more",
            "`[[a]]",
            "`",
            "t ^id",
            "",
            "- i",
            "![[e]]",
        ]
    ),
    max_size=12,
)


@given(lines)
def test_a_fenced_block_after_anything_is_untouched(before):
    block = "```js\nlet x = [[1]] %%2%% ![[3]] ^id\n> [!note] T\n```"
    text = "\n".join(before)
    if text.count("```") % 2 == 0 and "~~~" not in text and "%%" not in text:
        assert block in plain_markdown(f"{text}\n\nText.\n\n{block}")


@given(st.text(alphabet="[]|!#^%>`~ \nab", max_size=60))
def test_any_text_is_a_readable_note(text):
    plain_markdown(text)


def test_a_note_is_titled_by_facts_heading_alias_or_name():
    assert note("v/On Self-reference.md", "Text.").title == ""  # the folder then takes the name as it is
    assert note("v/202405021200.md", "---\naliases: [On Bread, Loaf]\n---\nText.").title == "On Bread"
    assert note("v/202405021200.md", "# Rye\nText.").title == "Rye"
    assert note("v/a.md", "---\ntitle: Salt\ntags: [x]\n---\nText.").extra == {"tags": ["x"]}


def test_templates_drawings_and_drafts_are_left_out():
    assert read("v/Templates/day.md", b"# {{date}}") == [TEMPLATE]
    assert read("v/a.excalidraw.md", b"x") == read("v/a.md", b"---\nexcalidraw-plugin: parsed\n---\nx") == [DRAWING]
    assert read("v/a.md", b"---\nstatus: draft\n---\nx") == [DRAFT]


def test_hostile_notes_take_no_time():
    started = time.monotonic()
    for text in ("[[" * 50_000, "%%" * 50_001, "> [!x] " * 10_000, "![[a" * 30_000, " ^a" * 50_000, "> [!n]\n" * 5_000):
        plain_markdown(text)
    assert time.monotonic() - started < 20
