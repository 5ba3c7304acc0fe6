"""Markdown, plain text, Org and notebooks: what they state is read, and what was written is kept."""

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.formats import READERS, notebook, org, reader_for
from llm_engineering.infrastructure.sources.formats.code import code_blocks, fenced, outside_code
from llm_engineering.infrastructure.sources.formats.front_matter import front_matter
from llm_engineering.infrastructure.sources.formats.notion import plain_markdown, properties
from llm_engineering.infrastructure.sources.formats.text import DRAFT, LeftOut, Text

ID = "0123456789abcdef0123456789abcdef"
PROSE = "It’s a text — with “quotes”, 🍞 and\nline breaks."


def text_in(name: str, content: str | bytes) -> Text:
    reader = reader_for(name)
    assert reader is not None
    [found] = reader(name, content.encode() if isinstance(content, str) else content)
    assert isinstance(found, Text), found
    return found


def test_every_reader_can_be_sent_to_another_process():
    import pickle

    assert all(pickle.loads(pickle.dumps(reader)) is reader for reader in READERS.values())


# ------------------------------------------------------------------------------ front matter

BLOCKS = {
    "yaml": "---\ntitle: On Bread\ndate: 2024-05-02\ntags: [rye, salt]\nauthor: Ann Lee\nlang: en-GB\n---\n",
    "jekyll": "---\ntitle: On Bread\ndate: 2024-05-02 02:00 +0200\ntags: rye, salt\nauthor: Ann Lee\nlang: en\n...\n",
    "hugo": '+++\ntitle = "On Bread"\ndate = 2024-05-02\ntags = ["rye", "salt"]\nauthor = "Ann Lee"\nlang="en"\n+++\n',
    "pelican": "Title: On Bread\nDate: 2024-05-02\nTags: rye,\n    salt\nAuthor: Ann Lee\nLang: en\n\n",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("ending", [".md", ".txt"])
def test_front_matter_in_every_dialect_states_the_same(block, ending):
    for line_end in ("\n", "\r\n"):
        found = text_in(f"a{ending}", (block + PROSE).replace("\n", line_end))
        assert (found.title, found.markdown, found.byline, found.language) == ("On Bread", PROSE, "Ann Lee", "en")
        assert (found.published_at, found.extra) == (datetime(2024, 5, 2, tzinfo=UTC), {"tags": ["rye", "salt"]})


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r")))
def test_front_matter_takes_no_character_of_the_text(body):
    for block in BLOCKS.values():
        facts, rest = front_matter(block + body, "a.md")
        assert (facts["title"], rest) == ("On Bread", body)


@given(st.text(alphabet="aAtT:+-#. \n\t", max_size=60))
def test_what_is_no_front_matter_is_text(body):
    facts, rest = front_matter(body, "a.md")
    assert body.endswith(rest)
    assert facts or rest == body or body.startswith(("---", "+++"))


@pytest.mark.parametrize(
    "text",
    [
        "Note: bread is good.\n\nMore.",
        "Ann: Hello!\nBo: Hello to you.\n\nThey talked.",
        "Title: On Bread\nand a line that is no fact\n\nText.",
        "---\nIt was late.\n---\nText.",
    ],
)
def test_a_text_that_only_resembles_front_matter_stays_whole(text):
    assert text_in("a.txt", text).markdown == text


@pytest.mark.parametrize(
    "block",
    ["---\n: [\n---\n", "---\ndate: 2024-13-45\n---\n", "+++\ntitle = \n+++\n", "---\nx: " + "[" * 5000 + "\n---\n"],
)
def test_front_matter_that_cannot_be_read_is_a_failure_that_names_the_file(block):
    with pytest.raises(CollectError, match=r"front matter of a\.md"):
        text_in("a.md", block + "Text.")


@pytest.mark.parametrize("fact", ["draft: true", "draft: 'yes'", "published: false", "status: Draft"])
def test_a_draft_is_left_out(fact):
    assert READERS[".md"]("a.md", f"---\n{fact}\n---\nText.".encode()) == [DRAFT]


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# On *Butter* #\n\nFat.", "On *Butter*", "Fat."),
        ("On Butter\n=========\nFat.", "On Butter", "Fat."),
        ("# On Butter {#butter .x}\nFat.", "On Butter", "Fat."),
        ("---\ntitle: On butter!\n---\n# On Butter\n\nFat.", "On butter!", "Fat."),
        ("---\ntitle: Fats\n---\n# On Butter\n\nFat.", "Fats", "# On Butter\n\nFat."),
        ("Fat.\n\n# On Butter", "", "Fat.\n\n# On Butter"),
        ("## Second\n\nFat.", "", "## Second\n\nFat."),
    ],
)
def test_the_first_heading_is_the_title_unless_another_is_stated(text, title, body):
    found = text_in("a.md", text)
    assert (found.title, found.markdown) == (title, body)


def test_what_mdx_imports_is_no_text():
    text = "---\na: b\n---\n\nimport Box from './box'\nexport const x = 1\n\nimport taxes rose.\n\n```js\nimport a```"
    assert text_in("a.mdx", text).markdown == text[text.index("import taxes") :]


# ------------------------------------------------------------------------------ code stays untouched

markdown_texts = st.lists(
    st.sampled_from(
        [
            *(
                "plain [[x]]",
                "```",
                "~~~~",
                "    indented [[x]]",
                "> ```",
                "- item",
                "  - ```py",
                "`span [[x]]`",
                "``a`b``",
            ),
            *("", "", "%%", "> [!note] T", "> quoted", "![[e]]", "end ^id", "\tx", "`open"),
        ]
    ),
    max_size=14,
).map("\n".join)


@given(markdown_texts)
def test_a_change_outside_code_sees_no_code_and_an_empty_change_changes_nothing(text):
    seen = []
    assert outside_code(text, lambda piece: seen.append(piece) or piece) == text
    lines = text.split("\n")
    for start, end in code_blocks(text):
        assert not any(
            line.strip() and len(line) > 8 and line in seen[0].split("\n")
            for line in lines[start:end]
            if lines.count(line) == 1
        )


@given(markdown_texts)
def test_code_comes_back_as_it_was_whatever_happens_around_it(text):
    changed = outside_code(text, lambda piece: piece.replace("[[x]]", "X").replace("%%", ""))
    blocks = ["\n".join(text.split("\n")[start:end]) for start, end in code_blocks(text)]
    assert all(block in changed for block in blocks)


def test_finding_code_takes_time_in_step_with_the_length():
    started = time.monotonic()
    outside_code("` `` " * 20_000 + "\n[[x]]", str.upper)
    assert time.monotonic() - started < 10


def test_a_fence_is_longer_than_any_in_the_code():
    assert fenced("a\n````\nb", "md") == "`````md\na\n````\nb\n`````"


# ------------------------------------------------------------------------------ Notion

NOTION = f"""# Bread

Created: May 2, 2024 10:00 AM
Tags: rye, salt
Created by: Ann Lee

<aside>
💡 Keep it warm.

</aside>

See [Flour](Bread%20{ID}/Flour%20{ID}.md) and [this](https://example.org/{ID}.md).

```md
[Flour](Flour%20{ID}.md)
```"""


def test_a_page_of_notion_has_its_properties_read_and_its_links_as_words():
    found = text_in(f"Bread {ID}.md", NOTION)
    assert (found.title, found.published_at) == ("Bread", datetime(2024, 5, 2, 10, tzinfo=UTC))
    assert found.extra == {"tags": ["rye", "salt"]}
    assert found.markdown == (
        f"💡 Keep it warm.\n\n\nSee Flour and [this](https://example.org/{ID}.md).\n\n```md\n[Flour](Flour%20{ID}.md)\n```"
    )


def test_only_files_that_notion_named_are_read_as_notions():
    assert "Created: May 2" in text_in("Bread.md", NOTION).markdown


@given(st.text(alphabet="Qaes: \n", max_size=40))
def test_a_page_without_a_known_property_keeps_every_character(body):
    assert properties(body) == ({}, body)


def test_a_draft_of_notion_is_left_out():
    assert READERS[".md"](f"B {ID}.md", b"# B\n\nStatus: Draft\nTags: x\n\nText.") == [DRAFT]


def test_a_page_of_notion_in_html_is_its_body():
    paragraphs = "".join(f"<p>It’s paragraph {n}.</p>" for n in range(3))
    html = (
        '<html><body><article class="page sans"><header><h1 class="page-title">Bread</h1><table class="properties"><tr>'
        "<th>Created</th><td><time>@May 2, 2024 10:00 AM</time></td></tr><tr><th>Tags</th><td>rye</td></tr></table>"
        f'</header><div class="page-body">{paragraphs}</div></article></body></html>'
    )
    found = text_in(f"Bread {ID}.html", html)
    assert (found.title, found.markdown.count("It’s paragraph")) == ("Bread", 3)
    assert (found.published_at, found.extra) == (datetime(2024, 5, 2, 10, tzinfo=UTC), {"tags": ["rye"]})
    assert "Created" not in found.markdown


def test_a_link_with_a_long_tail_takes_no_time():
    started = time.monotonic()
    plain_markdown("[a](" + "0" * 200_000 + "\n" + "[" * 100_000)
    assert time.monotonic() - started < 10


# ------------------------------------------------------------------------------ Org

ORG = """#+TITLE: On Bread
#+DATE: <2024-05-02 Thu>
#+AUTHOR: Ann Lee
#+FILETAGS: :rye:salt:
:PROPERTIES:
:ID: 42
:END:

* TODO Flour :baking:
It’s *bold*, /slanted/, =code *x*= and [[https://example.org/a/b][a link]], not a/b/c.
# a remark
** Water
#+BEGIN_SRC python
x = *y  # [[z]]
,* no heading
#+END_SRC
#+BEGIN_QUOTE
Somebody else.
#+END_QUOTE
- [ ] item"""


def test_an_org_document_becomes_markdown():
    found = text_in("a.org", ORG)
    assert (found.title, found.byline, found.published_at) == ("On Bread", "Ann Lee", datetime(2024, 5, 2, tzinfo=UTC))
    assert found.extra == {"tags": ["rye", "salt"]}
    assert found.markdown == (
        "# Flour\nIt’s **bold**, *slanted*, `code *x*` and [a link](https://example.org/a/b), not a/b/c.\n## Water\n"
        "```python\nx = *y  # [[z]]\n* no heading\n```\n> Somebody else.\n- [ ] item"
    )


@given(st.text(alphabet="*/=~[]#+ab \n:", max_size=80))
def test_any_text_is_readable_org(text):
    org.read("a.org", text.encode())


# ------------------------------------------------------------------------------ notebooks


def notebook_of(*cells: dict, **more) -> bytes:
    return json.dumps({"nbformat": 4, "cells": list(cells), **more}).encode()


def markdown_cell(*lines: str) -> dict:
    return {"cell_type": "markdown", "source": list(lines)}


CODE = {"cell_type": "code", "source": ["x = 1\n", "x"], "outputs": [{"text": "PRINTED"}]}


def test_a_notebook_is_its_prose_and_code_without_what_was_printed():
    found = text_in(
        "a.ipynb",
        notebook_of(
            markdown_cell("# On Bread\n", "\n", "It’s flour."),
            CODE,
            {"cell_type": "raw", "source": "RAW"},
            markdown_cell("Done."),
            metadata={"language_info": {"name": "Python"}},
        ),
    )
    assert (found.title, found.markdown) == ("On Bread", "It’s flour.\n\n```python\nx = 1\nx\n```\n\nDone.")


def test_front_matter_in_the_first_raw_cell_is_read():
    raw = {"cell_type": "raw", "source": "---\ntitle: On Bread\ndate: 2024-05-02\n---"}
    found = text_in("a.ipynb", notebook_of(raw, markdown_cell("Flour.")))
    assert (found.title, found.markdown, found.published_at) == ("On Bread", "Flour.", datetime(2024, 5, 2, tzinfo=UTC))


def test_a_notebook_of_format_3_is_read():
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["On Bread"]},
        {"cell_type": "markdown", "source": "Flour."},
        {"cell_type": "code", "language": "python", "input": "x = 1", "outputs": []},
    ]
    found = text_in("a.ipynb", json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}))
    assert (found.title, found.markdown) == ("On Bread", "Flour.\n\n```python\nx = 1\n```")


def test_a_notebook_without_prose_is_left_out():
    found = notebook.read(
        "a.ipynb", notebook_of(CODE, markdown_cell("## Only a heading"), markdown_cell("![plot](x.png)"))
    )
    assert found == [LeftOut("notebook without prose", "notebooks without prose")]


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"a": 1}', b"[" * 100_000, b"\xff\xfe\x00"])
def test_what_is_no_notebook_is_a_failure(data):
    with pytest.raises(CollectError, match="no notebook"):
        notebook.read("a.ipynb", data)


@pytest.mark.parametrize("cells", [None, 3, {}, [None, 3, "x"], [{"cell_type": 3, "source": {"a": [1]}}]])
def test_cells_of_the_wrong_kind_are_no_crash(cells):
    assert notebook.read("a.ipynb", json.dumps({"cells": cells, "metadata": [1]}).encode())
