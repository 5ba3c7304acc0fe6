"""Which publication a Substack export is of; its posts are tested in test_exports.py."""

from pathlib import Path

from llm_engineering.application.ports import Coverage
from llm_engineering.infrastructure.sources.exports.substack import SubstackExport


def test_the_publication_names_the_origin(tmp_path: Path):
    (tmp_path / "posts.csv").write_text("post_id,is_published,type,title\n")
    assert SubstackExport(tmp_path).origin == "substack"
    (tmp_path / "email_list.annbakes.csv").write_text("email,active_subscription\na@mail.example,false\n")
    source = SubstackExport(tmp_path)
    assert (source.origin, source.coverage) == ("substack:annbakes", Coverage.ALL)
