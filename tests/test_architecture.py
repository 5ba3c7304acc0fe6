"""Who may import whom (docs/architecture.md), and what importing may do. Read from the source, by its syntax tree."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
OURS = ("llm_engineering", "pipelines", "steps", "tools", "tests", "benchmarks")
MOST_LINES = 400

COMPUTING = frozenset({"numpy", "sklearn", "syntok", "py3langid", "datasketch", "markdown_it", "pydantic"})
"""Libraries that the application may import: they compute, and touch neither network nor disk."""
LANGCHAIN_PORT = "langchain_core"
"""The chat model's port is LangChain's BaseChatModel."""

MAY_IMPORT_OF_OURS = {
    "llm_engineering/domain": ("llm_engineering.domain",),
    "llm_engineering/application": ("llm_engineering.domain", "llm_engineering.application"),
    # The service is an adapter from HTTP to the application, so it calls the application.
    "llm_engineering/infrastructure/api": (
        "llm_engineering.domain",
        "llm_engineering.application",
        "llm_engineering.infrastructure.api",
        "llm_engineering.infrastructure.ui",
    ),
    "llm_engineering/infrastructure": (
        "llm_engineering.domain",
        "llm_engineering.application.ports",
        "llm_engineering.infrastructure",
    ),
    "llm_engineering/settings.py": ("llm_engineering.domain",),
    "llm_engineering/bootstrap.py": ("llm_engineering",),
    "pipelines": ("pipelines", "steps", "llm_engineering.domain", "llm_engineering.application"),
    # Progress on the terminal is chosen by whoever owns the terminal; everything else comes through bootstrap.
    "steps": (
        "steps",
        "llm_engineering.domain",
        "llm_engineering.application",
        "llm_engineering.bootstrap",
        "llm_engineering.infrastructure.progress",
    ),
    "tools": (
        "tools",
        "pipelines",
        "steps",
        "llm_engineering.domain",
        "llm_engineering.application",
        "llm_engineering.bootstrap",
        "llm_engineering.settings",
        "llm_engineering.infrastructure.progress",
    ),
}

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
NOT_ON_IMPORT = ("load_settings", "Settings(", "getenv", "os.environ", "opened(", "Client(", "prepare(")

EXCEPTIONS = {
    # The HTTP service is started here, and an application object of FastAPI is no part of the Twin.
    "tools/serve.py": ("llm_engineering.infrastructure.api",),
}


def sources(*roots: str) -> list[Path]:
    found: list[Path] = []
    for root in roots:
        path = REPOSITORY / root
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return found


def name_of(file: Path) -> str:
    return file.relative_to(REPOSITORY).as_posix()


def imports(file: Path) -> Iterator[str]:
    """Every module that the file imports, anywhere in it, also the ones only for type checking."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(file)} imports relatively; write the whole name"
            # `from llm_engineering.application import prompting` imports a module of that package.
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_below(module: str, roots: tuple[str, ...]) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def layer_of(file: Path) -> str:
    name = name_of(file)
    return max((layer for layer in MAY_IMPORT_OF_OURS if name == layer or name.startswith(f"{layer}/")), key=len)


LAYERED = sources("llm_engineering", "pipelines", "steps", "tools")


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def test_a_layer_imports_only_what_is_below_it() -> None:
    wrong = []
    for file in LAYERED:
        if name_of(file) == "llm_engineering/__init__.py":
            continue
        allowed = MAY_IMPORT_OF_OURS[layer_of(file)] + EXCEPTIONS.get(name_of(file), ())
        wrong += [
            f"{name_of(file)} imports {module}"
            for module in imports(file)
            if is_below(module, OURS) and not is_below(module, allowed)
        ]
    assert wrong == []


@pytest.mark.parametrize(
    ("layer", "allowed"),
    [
        ("llm_engineering/domain", {"pydantic"}),
        ("llm_engineering/application", COMPUTING | {LANGCHAIN_PORT}),
    ],
)
def test_the_inner_layers_know_few_libraries(layer: str, allowed: set[str]) -> None:
    known = allowed | set(sys.stdlib_module_names) | {"llm_engineering"}
    wrong = [
        f"{name_of(file)} imports {module}"
        for file in sources(layer)
        for module in imports(file)
        if module.split(".")[0] not in known
    ]
    assert wrong == []


def test_a_module_defines_things_and_does_nothing_when_imported() -> None:
    """No statement at module level reads the environment, connects, or builds the settings."""
    wrong = []
    for file in LAYERED:
        for node in parsed(file).body:
            if isinstance(node, DEFINITIONS) or (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)):
                continue
            text = "" if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else ast.unparse(node)
            wrong += [f"{name_of(file)}, line {node.lineno}: {call}" for call in NOT_ON_IMPORT if call in text]
    assert wrong == []


def test_the_package_prints_nothing_and_asserts_nothing_about_its_input() -> None:
    """Whoever owns the terminal prints; and `python -O` drops assertions, whose message helps nobody."""
    wrong = []
    for file in sources("llm_engineering"):
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Assert):
                wrong.append(f"{name_of(file)}, line {node.lineno}: assert")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                wrong.append(f"{name_of(file)}, line {node.lineno}: print")
    assert wrong == []


def test_a_file_has_one_purpose_and_so_few_lines() -> None:
    lengths = {name_of(file): len(file.read_text(encoding="utf-8").splitlines()) for file in LAYERED}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def loaded_by(statement: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after the statement."""
    code = f"{statement}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    return set(done.stdout.split())


HEAVY = {
    "torch",
    "transformers",
    "trl",
    "peft",
    "sentence_transformers",
    "pymongo",
    "qdrant_client",
    "zenml",
    "selenium",
}


def test_importing_bootstrap_loads_no_store_no_model_and_no_zenml() -> None:
    assert not loaded_by("import llm_engineering.bootstrap") & (HEAVY | {"qdrant_edge", "trafilatura", "xllamacpp"})


@pytest.mark.parametrize(
    "module", ["tools.run", "tools.pipeline_runs", "tools.retrieve", "tools.twins", "tools.warehouse", "pipelines"]
)
def test_a_command_answers_help_without_loading_anything_heavy(module: str) -> None:
    assert not loaded_by(f"import {module}") & HEAVY
