"""What the documents say is true: tasks, settings, defaults and links."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from llm_engineering.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
README = REPOSITORY / "README.md"

TASK = re.compile(r"\./poe ([a-z][a-z0-9-]*)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SETTING_ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \|", re.MULTILINE)
SETTING_LINE = re.compile(r"^# ([A-Z_]+)=(.*)$", re.MULTILINE)
COMPOSE_VARIABLE = re.compile(r"\$\{(\w+)")


def tasks() -> set[str]:
    """The names of the poe tasks, without the private ones."""
    poe = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]
    tables = [poe, *poe.get("groups", {}).values()]
    return {name for table in tables for name in table.get("tasks", {}) if not name.startswith("_")}


def sources() -> Iterator[Path]:
    """Every file that may tell a user to run a task."""
    yield from PAGES
    yield from (REPOSITORY / name for name in (".env.example", "docker-compose.yml", "Dockerfile", ".ci/run"))
    for package in ("llm_engineering", "pipelines", "steps", "tools"):
        yield from sorted((REPOSITORY / package).rglob("*.py"))


def settings_with_defaults() -> dict[str, str]:
    """Name → default as it is written in `.env`; "" where there is none."""
    written = {}
    for name, field in Settings.model_fields.items():
        default = field.default
        written[name] = "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)
    return written


def compose_variables() -> set[str]:
    return set(COMPOSE_VARIABLE.findall((REPOSITORY / "docker-compose.yml").read_text("utf-8")))


def shown(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


# ------------------------------------------------------------------------------ tasks


def test_every_task_that_a_page_or_a_message_names_exists() -> None:
    known = tasks()
    unknown = {
        (shown(file), task) for file in sources() for task in TASK.findall(file.read_text("utf-8")) if task not in known
    }
    assert not unknown, f"these name tasks that are not in pyproject.toml: {sorted(unknown)}"


def test_the_readme_lists_every_task() -> None:
    if not README.exists():
        pytest.skip("there is no README.md yet")
    listed = set()
    for row in re.findall(r"^\|(.*?)\|", README.read_text("utf-8"), re.MULTILINE):
        listed |= set(re.findall(r"[a-z][a-z0-9-]*", row.replace("`", " ")))
    missing = tasks() - listed
    assert not missing, f"the table of tasks in README.md lacks {', '.join(sorted(missing))}"


# ------------------------------------------------------------------------------ settings


def test_the_settings_page_lists_every_setting_with_its_default() -> None:
    rows = dict(SETTING_ROW.findall((REPOSITORY / "docs/settings.md").read_text("utf-8")))
    documented = {name: "" if default == "not set" else default.strip("`") for name, default in rows.items()}
    assert documented == settings_with_defaults()


def test_the_example_of_env_lists_every_setting_with_its_default_and_every_password_of_docker_compose() -> None:
    lines = (REPOSITORY / ".env.example").read_text("utf-8")
    commented = SETTING_LINE.findall(lines)
    defaults = settings_with_defaults()
    passwords = compose_variables() - defaults.keys()
    given = {(name, value) for name, value in commented}
    assert {name for name, _ in given} == defaults.keys() | passwords
    assert set(defaults.items()) <= given
    assert {(name, "") for name in passwords} <= given


def test_the_example_of_env_sets_nothing_until_it_is_edited() -> None:
    lines = (REPOSITORY / ".env.example").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


# ------------------------------------------------------------------------------ docker


def test_the_servers_of_docker_compose_listen_to_this_machine_only_and_have_no_default_password() -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text("utf-8")
    for name, service in yaml.safe_load(text)["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), f"{name}: the image's version is not pinned"
        assert service["healthcheck"]["test"], name
    optional = re.findall(r"\$\{\w+(?!:\?)[^\w]", text)
    assert not optional, f"a variable without :? starts a server without a password: {optional}"


def test_only_the_databases_of_docker_compose_start_without_a_profile() -> None:
    services = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text("utf-8"))["services"]
    assert {name for name, service in services.items() if "profiles" not in service} == {"mongodb", "qdrant"}
    assert services["serve"]["environment"]["SERVICE_PORT"] == services["serve"]["ports"][0].split(":")[-1]


def test_the_image_takes_no_secret_and_no_data_along() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[1] == "*"
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (REPOSITORY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert {f"!{name}" for names in copied for name in names.split()} == {
        line for line in ignored if line.startswith("!")
    }


# ------------------------------------------------------------------------------ links


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_relative_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = [link for link in relative_links(page.read_text("utf-8")) if not leads_somewhere(page, link)]
    assert not broken, f"{shown(page)}: {broken}"


def relative_links(text: str) -> list[str]:
    return [link for link in LINK.findall(FENCED.sub("", text)) if not re.match(r"[a-z]+:", link)]


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(FENCED.sub("", target.read_text("utf-8")))


def anchors(text: str) -> Iterable[str]:
    """The anchors that headings get: lower case, spaces as dashes, no punctuation."""
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
