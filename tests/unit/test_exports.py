"""The exports of Medium, Substack and LinkedIn, in the shape in which they arrive."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadInput
from llm_engineering.infrastructure.sources.exports.linkedin import LinkedInExport, unwrapped
from llm_engineering.infrastructure.sources.exports.medium import MediumExport
from llm_engineering.infrastructure.sources.exports.substack import SubstackExport

AUTHOR = Author.named("Ann Lee")


def medium_post(title: str, body: str, *, slug: str | None = "on-bread-abc123", subtitle: str = "") -> str:
    published = f"""<p>By <a href="https://medium.com/@annlee" class="p-author h-card">Ann L.</a> on
      <a href="https://medium.com/p/abc123"><time class="dt-published" datetime="2024-05-02T08:30:00.123Z">May 2, 2024
      </time></a>.</p><p><a href="https://medium.com/@annlee/{slug}" class="p-canonical">Canonical link</a></p>"""
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head><body>
      <article class="h-entry"><header><h1 class="p-name">{title}</h1></header>
      {f'<section data-field="subtitle" class="p-summary">{subtitle}</section>' if subtitle else ""}
      <section data-field="body" class="e-content"><section class="section"><div class="section-divider"><hr
      class="section-divider"></div><div class="section-content"><div class="section-inner">{body}</div></div></section>
      </section><footer>{published if slug else '<p><a href="https://medium.com/p/1">View original.</a></p>'}
      <p>Exported from <a href="https://medium.com">Medium</a> on May 3, 2024.</p></footer></article></body></html>"""


def text_of(source) -> dict[str, CollectedItem]:
    found = list(source.items(AUTHOR))
    assert all(isinstance(item, CollectedItem) for item in found), found
    return {item.title or item.link: item for item in found}


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    posts = tmp_path / "medium" / "posts"
    posts.mkdir(parents=True)
    body = """<h3 class="graf graf--h3 graf--leading graf--title">On Bread</h3>
      <p class="graf graf--p">It’s <strong class="markup--strong">flour</strong> — and water.</p>
      <blockquote class="graf graf--blockquote">Weigh it.</blockquote><pre class="graf graf--pre">bake(  1 )</pre>"""
    (posts / "2024-05-02_On-Bread-abc123.html").write_text(medium_post("On Bread", body, subtitle="Why crust matters"))
    answer = '<p class="graf graf--p graf--leading graf--trailing">I could not agree more, thank you!</p>'
    (posts / "2024-05-03_I-could-not-abc.html").write_text(medium_post("I could not agree more…", answer, slug="i-1"))
    (posts / "draft_Rye-1.html").write_text(medium_post("Rye", body))
    (posts / "2024-05-04_Unpublished-2.html").write_text(medium_post("Spelt", body, slug=None))
    profile = tmp_path / "medium" / "profile"
    profile.mkdir()
    (profile / "profile.html").write_text("<h3 class='p-name'>Ann L.</h3>")
    return tmp_path / "medium"


def test_a_medium_export_brings_posts_without_drafts_and_responses(medium):
    source = MediumExport(medium)
    found = text_of(source)
    assert list(found) == ["On Bread"]
    assert sorted(source.notes) == ["medium: 1 responses left out.", "medium: 2 drafts left out."]


def test_a_medium_post_keeps_its_link_date_subtitle_and_text(medium):
    item = text_of(MediumExport(medium))["On Bread"]
    assert item.link == "https://medium.com/@annlee/on-bread-abc123"
    assert item.published_at == datetime(2024, 5, 2, 8, 30, 0, 123000, tzinfo=UTC)
    assert item.extra == {"subtitle": "Why crust matters"}
    assert item.content == "It’s **flour** — and water.\n\n> Weigh it.\n\n```\nbake(  1 )\n```"


def test_a_medium_zip_reads_like_the_folder(medium, tmp_path):
    with zipfile.ZipFile(tmp_path / "medium.zip", "w") as archive:
        for path in medium.rglob("*.html"):
            archive.write(path, path.relative_to(medium.parent))
    assert list(text_of(MediumExport(tmp_path / "medium.zip"))) == ["On Bread"]


SUBSTACK = """post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle,podcast_url
101.bread,2024-05-02T08:30:00.000Z,true,,newsletter,everyone,On Bread &amp; Salt,&#x201C;Why crust matters&#x201D;,
102.rye,2024-05-03T08:30:00.000Z,FALSE,,newsletter,everyone,Rye,,
103.talk,2024-05-04T08:30:00.000Z,TRUE,,thread,everyone,Talk to me,,
104.about,2024-05-05T08:30:00.000Z,TRUE,,page,everyone,About,,
105.lost,2024-05-06T08:30:00.000Z,TRUE,,newsletter,everyone,Lost,,
"""


def test_a_substack_export_brings_what_is_published(tmp_path):
    posts = tmp_path / "posts"
    posts.mkdir()
    (tmp_path / "posts.csv").write_text(SUBSTACK)
    html = """<h2>Crust</h2><p class="button-wrapper" data-attrs="{}"><a class="button primary" href="https://x.example">
      <span>Subscribe now</span></a></p><p>It’s “flour”.</p><div class="subscription-widget-wrap"><p>Thanks for reading!
      </p></div><figure><figcaption class="image-caption">My oven</figcaption></figure>"""
    (posts / "101.bread.html").write_text(html)
    (posts / "102.rye.html").write_text(html)
    source = SubstackExport(tmp_path)
    [item, lost] = source.items(AUTHOR)
    assert isinstance(item, CollectedItem)
    assert (item.title, item.link, item.extra) == (
        "On Bread & Salt",
        "substack:101.bread",
        {"subtitle": "“Why crust matters”"},
    )
    assert item.content == "## Crust\n\nIt’s “flour”.\n\nMy oven"
    assert isinstance(lost, RefusedItem)
    assert (lost.outcome, "105.lost" in lost.reason) == (Outcome.FAILED, True)
    assert len(source.notes) == 3


SHARES = '''Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility
2024-05-02 08:30:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A1,"Bread is easy.""
""""
""It’s ""flour"", water and time. 🍞""
""#baking",https://a.example/,"",MEMBER_NETWORK
2024-05-03 08:30:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A2,"","","",MEMBER_NETWORK
2024-05-04 08:30:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A3,One line.,"","",MEMBER_NETWORK
'''


def test_linkedin_posts_lose_the_quotes_that_linkedin_puts_around_their_lines(tmp_path):
    (tmp_path / "Shares.csv").write_text(SHARES)
    source = LinkedInExport(tmp_path)
    [first, second] = text_of(source).values()
    assert first.content == 'Bread is easy.\n\nIt’s "flour", water and time. 🍞\n#baking'
    assert first.category is Category.POSTS
    assert first.published_at == datetime(2024, 5, 2, 8, 30, tzinfo=UTC)
    assert first.extra == {"shared_url": "https://a.example/", "visibility": "MEMBER_NETWORK"}
    assert second.content == "One line."
    assert "1 reshares" in source.notes[0]


def test_a_text_whose_lines_are_not_wrapped_stays():
    assert unwrapped('He said "yes"\n"No" she said\nand left') == 'He said "yes"\n"No" she said\nand left'


@pytest.mark.parametrize("kind", [MediumExport, SubstackExport, LinkedInExport])
def test_a_folder_of_something_else_is_no_export(kind, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BadInput, match="is no"):
        list(kind(tmp_path).items(AUTHOR))
