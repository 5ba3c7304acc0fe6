"""The parameters of a pipeline, as its function's signature states them: for checking and for --help."""

import inspect
import types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo

INTERNAL = frozenset({"wait_for"})
"""Arguments with which one pipeline places another's steps; not for a config file."""


def parameter_model(function: Callable[..., Any]) -> type[BaseModel]:
    """A model with one field a parameter; it accepts no other, and no value of another type."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints[name], ... if parameter.default is inspect.Parameter.empty else parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in INTERNAL
    }
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def described(function: Callable[..., Any]) -> Iterator[tuple[str, str, str]]:
    """(name and type, default or "required", what it means) of each parameter, for --help."""
    for name, field in parameter_model(function).model_fields.items():
        default = "required" if field.is_required() else f"default {_default(field.default)}"
        yield f"{name}: {_readable(field.annotation)}", default, field.description or _nested(field.annotation)
        for inner, inner_field in _inner(field):
            yield f"  .{inner}: {_readable(inner_field.annotation)}", "", inner_field.description or ""


def _nested(annotation: Any) -> str:
    """The description within `Annotated[…] | None`, which pydantic leaves where it stands."""
    found = (
        getattr(note, "description", None) for one in get_args(annotation) for note in getattr(one, "__metadata__", ())
    )
    return next((str(description) for description in found if description), "")


def single_values(function: Callable[..., Any]) -> list[str]:
    """The parameters whose value is one text, number, choice or yes-or-no."""
    fields = parameter_model(function).model_fields
    return [name for name, field in fields.items() if all(map(_is_single, _alternatives(field.annotation)))]


def _alternatives(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for one in get_args(annotation) if one is not type(None) for inner in _alternatives(one)]
    return [annotation]


def _is_single(annotation: Any) -> bool:
    return annotation in (str, int, float, bool) or get_origin(annotation) is Literal


def inner_names(model: type[BaseModel], name: str) -> list[str]:
    """The keys that the tables of that parameter may have."""
    return [inner for inner, _ in _inner(model.model_fields[name])]


def _default(value: Any) -> str:
    return "none" if value in (None, []) else str(value)


def _readable(annotation: Any) -> str:
    """`list[str] | None` as "list of text", Literal["a", "b"] as "a | b"."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _readable(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(_readable(argument) for argument in arguments if argument is not type(None))
    if origin is Literal:
        return " | ".join(str(argument) for argument in arguments)
    if origin is list:
        return f"list of {_readable(arguments[0])}"
    if origin is dict or (inspect.isclass(annotation) and issubclass(annotation, BaseModel)):
        return "table"
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _inner(field: FieldInfo) -> Iterator[tuple[str, FieldInfo]]:
    for model in _models(field.annotation):
        yield from model.model_fields.items()


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
