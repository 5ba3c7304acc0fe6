"""Read a pipeline's YAML file and `--set KEY=VALUE`, and say exactly where a mistake is.

Light on purpose: a mistake is reported before ZenML, which takes seconds, is imported.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from pydantic import BaseModel, ValidationError

from llm_engineering.domain.errors import BadConfig
from tools.parameters import inner_names, parameter_model

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value is, e.g. ("author_links", 1, "user_full_name")."""

PARAMETERS = "parameters"
RUN_SETTINGS = frozenset(
    "run_name enable_cache enable_artifact_metadata enable_artifact_visualization enable_step_logs "
    "enable_pipeline_logs steps settings environment secrets tags extra model retry build schedule".split()
)
"""What a file may hold beside `parameters`; ZenML documents each (PipelineRunConfiguration)."""

PYDANTIC_SUBJECT = re.compile(r"^Value error, |^[A-Z][a-z]+ (?=should )")
"""How pydantic begins its sentences ("Input should …", "List should …"); ours go on from the value."""

NO_MOCK = "there is no mock mode: remove the key, and use max_samples for a short run"
HINTS = {"mock": NO_MOCK, "is_dummy": NO_MOCK}
"""Keys of the reference that we do not have. `false`, as its files have them, is what we always do."""


@dataclass(frozen=True)
class PipelineConfig:
    """What a run of a pipeline was asked to do; the parameters are checked, and plain JSON."""

    parameters: dict[str, Any]
    run_settings: dict[str, Any] = field(default_factory=dict)
    """The keys of RUN_SETTINGS that the file holds, as it holds them."""


@dataclass(frozen=True)
class _Source:
    """A tree of plain values, and for each path in it the words that say where it stands."""

    values: dict[str, Any]
    places: Mapping[KeyPath, str]

    def place(self, path: KeyPath) -> str:
        """Where the value, or the nearest one around it, stands."""
        while path not in self.places:
            path = path[:-1]
        return self.places[path]


def read_config(function: Callable[..., Any], file: Path | None, assignments: Sequence[str] = ()) -> PipelineConfig:
    """The checked configuration of the pipeline that `function` defines.

    Raises BadConfig with the file, line and key (or the assignment) for a file that is missing
    or malformed, a key that does not exist or stands twice, a value of the wrong type, and a
    parameter that is missing.
    """
    source = _read(file) if file else _Source({}, {(): "the command line"})
    _check_margin(source, parameter_model(function))
    _check_keys(source, (), source.values, RUN_SETTINGS | {PARAMETERS})
    given = source.values.get(PARAMETERS) or {}
    if not isinstance(given, dict):
        raise BadConfig(f"{source.place((PARAMETERS,))}: parameters must be a table of KEY: VALUE lines.")
    given = {key: value for key, value in given.items() if not (key in HINTS and value is False)}
    places = {path[1:]: place for path, place in source.places.items() if path[:1] == (PARAMETERS,)}
    parameters = _Source(given, {(): source.place(()), **places})
    for assignment in assignments:
        parameters = _assigned(parameters, assignment)
    run_settings = {key: value for key, value in source.values.items() if key != PARAMETERS}
    return PipelineConfig(_checked(function, parameters), run_settings)


# ------------------------------------------------------------------------------ reading


def _read(file: Path) -> _Source:
    try:
        text = file.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        raise BadConfig(f"Cannot read the config file {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{file} is not UTF-8 text; save it as UTF-8.") from None
    except yaml.YAMLError as error:
        raise BadConfig(_malformed(file, text, error)) from None
    if root is None:
        return _Source({}, {(): str(file)})
    if not isinstance(root, yaml.MappingNode):
        raise BadConfig(f"{file}, line 1: a config file is a table with the key parameters, not a list or a text.")
    places: dict[KeyPath, str] = {(): str(file)}
    _walk(root, (), file, places)
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise BadConfig(_malformed(file, text, error)) from None
    return _Source(values, places)


def _walk(node: yaml.Node, path: KeyPath, file: Path, places: dict[KeyPath, str]) -> None:
    """Note the line of every key and item, and refuse a key that stands twice (YAML keeps the last silently)."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            place = f"{file}, line {key.start_mark.line + 1}"
            if inner in places:
                raise BadConfig(f"{place}: the key {_shown(inner)} stands twice; keep one of them.")
            places[inner] = place
            _walk(value, inner, file, places)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            places[(*path, number)] = f"{file}, line {item.start_mark.line + 1}"
            _walk(item, (*path, number), file, places)


def _malformed(file: Path, text: str, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return f"{file} is not valid YAML: {' '.join(str(error).split())}."
    problem = getattr(error, "problem", None) or "something is wrong here"
    lines = text.splitlines()
    # At the end of a broken line the parser often stands on the next one; the one before is what to look at.
    shown = next((lines[at].strip() for at in range(min(mark.line, len(lines) - 1), -1, -1) if lines[at].strip()), "")
    key = shown.lstrip("- ").split(":", 1)[0].strip()[:40]
    return f"{file}, line {mark.line + 1}, column {mark.column + 1}: not valid YAML near {key!r}: {problem}."


def _assigned(source: _Source, assignment: str) -> _Source:
    """The source with one `--set KEY=VALUE`; KEY may be dotted (sft.max_steps), VALUE is YAML."""
    key, equals, text = assignment.partition("=")
    place = f"--set {assignment}"
    if not equals or not key.strip():
        raise BadConfig(f"{place}: write it as KEY=VALUE, such as --set max_samples=50.")
    try:
        value = yaml.safe_load(text) if text.strip() else ""
    except (yaml.YAMLError, ValueError) as error:
        reason = getattr(error, "problem", None) or error
        raise BadConfig(f"{place}: {text!r} is not valid YAML: {reason}.") from None
    path = tuple(key.strip().split("."))
    places = {known: at for known, at in source.places.items() if known[: len(path)] != path}
    return _Source(
        _replaced(source.values, path, value), {**places, **{path[:end]: place for end in range(1, len(path) + 1)}}
    )


def _replaced(values: dict[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    head, *rest = path
    inner = values.get(head)
    return {**values, head: _replaced(inner if isinstance(inner, dict) else {}, rest, value) if rest else value}


# ------------------------------------------------------------------------------ checking


def _checked(function: Callable[..., Any], source: _Source) -> dict[str, Any]:
    model = parameter_model(function)
    _check_keys(source, (), source.values, model.model_fields)
    try:
        checked = model.model_validate(source.values)
    except ValidationError as error:
        raise BadConfig(_refusal(source, error, model)) from None
    return {name: value for name, value in checked.model_dump(mode="json").items() if name in checked.model_fields_set}


def _check_margin(source: _Source, model: type[BaseModel]) -> None:
    """Refuse a parameter at the left margin before it is compared with what else may stand there."""
    for key in source.values:
        if key in model.model_fields and key not in RUN_SETTINGS:
            where = f"{source.place((key,))}: there is no key {key} at the left margin"
            raise BadConfig(f"{where}; it belongs below `parameters:`.")


def _check_keys(source: _Source, path: KeyPath, values: Mapping[str, Any], known: Iterable[str]) -> None:
    for key in values:
        if key not in known:
            raise BadConfig(_unknown(source, (*path, key), known))


def _unknown(source: _Source, path: KeyPath, known: Iterable[str]) -> str:
    key = str(path[-1])
    where = f"{source.place(path)}: there is no key {_shown(path)}"
    if key in HINTS:
        return f"{where}; {HINTS[key]}."
    if key in RUN_SETTINGS:
        return f"{where} below parameters; it belongs at the left margin of the file."
    close = difflib.get_close_matches(key, [str(name) for name in known], n=3, cutoff=0.6)
    if close:
        return f"{where}; did you mean {' or '.join(close)}?"
    if PARAMETERS in known:
        return f"{where} at the left margin; parameters of the pipeline stand below `parameters:`."
    return f"{where}; known are {', '.join(sorted(str(name) for name in known))}."


def _refusal(source: _Source, error: ValidationError, model: type[BaseModel]) -> str:
    first = error.errors(include_url=False, include_context=True)[0]
    path = _path_in(source.values, first["loc"])
    if first["type"] == "missing":
        how = "" if path[1:] else f"; give it in a file (--config, see configs/) or by --set {path[0]}=…"
        return f"{source.place(path)}: {_shown(path)} is missing, and {model.__name__} needs it{how}."
    if first["type"] == "extra_forbidden":
        return _unknown(source, path, inner_names(model, str(path[0])))
    message = PYDANTIC_SUBJECT.sub("", first["msg"]).replace(" after validation", "").rstrip(".")
    given = repr(first["input"])
    shown = given if len(given) <= 60 else f"{given[:57]}…"
    return f"{source.place(path)}: {_shown(path)} is {shown}, but it {message}."


def _path_in(values: Any, location: Sequence[str | int]) -> KeyPath:
    """The part of pydantic's location that stands in the file; it also names union members and validators."""
    path: list[str | int] = []
    for position, part in enumerate(location):
        is_key = isinstance(values, dict) and part in values
        is_item = isinstance(values, list) and isinstance(part, int) and part < len(values)
        if is_key or is_item:
            path.append(part)
            values = values[part]
        elif isinstance(values, dict) and position == len(location) - 1:
            path.append(part)
    return tuple(path)


def _shown(path: KeyPath) -> str:
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}"
    return shown.lstrip(".")
