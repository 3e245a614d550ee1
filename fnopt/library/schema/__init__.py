"""What an agent is told of a function: JSON schema from its annotations and docstring.

Read statically: importing a module to look at its signature would be running it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fnopt.library.docstring import Sections, sections
from fnopt.library.function import Function, Library, definition
from fnopt.library.links import around
from fnopt.library.module import Module
from fnopt.library.schema.bounds import Schema, bounded, limits
from fnopt.library.schema.meaning import Place
from fnopt.library.schema.refs import settled
from fnopt.library.schema.types import Types
from fnopt.library.schema.values import UNSAID, is_sayable, value

MAX_DESCRIPTION = 1024
"""Characters that OpenAI's protocol allows in a tool's description."""

_NULL = {"type": "null"}


def schema(library: Library, function: Function) -> Schema:
    """JSON schema of the function's parameters; an annotation that is not understood allows all.

    ``*args`` cannot be said and is left out; ``**kwargs`` allows further properties.
    """
    return schema_among(around(library, function.path), function)


def schema_among(modules: tuple[Module, ...], function: Function) -> Schema:
    """The same, of a function in one of these modules, which import nothing else of the library."""
    loaded: Schema = json.loads(_schema(modules, function))  # a copy: callers may change it
    return loaded


def result_schema(library: Library, function: Function) -> Schema:
    """JSON schema of what the function returns, as the sandbox hands it on; empty if unknown."""
    types = Types(result=True)
    made = types.of(_place(library, function), definition(function.source).returns)
    return settled(made, types.named)


@lru_cache(maxsize=20_000)
def description(function: Function) -> str:
    """The docstring without what is said of the arguments; the signature where there is none."""
    text = _sections(function).text or function.summary or function.signature
    return text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 1]}…"


def _sections(function: Function) -> Sections:
    node = definition(function.source)
    return sections(function.doc, tuple(name for name, _, _ in _parameters(node.args)))


def _alone(modules: tuple[Module, ...]) -> Library:
    """A library of nothing but these modules, to look up names in."""
    files = {one.path: one.text.body for one in modules}
    return Library(files, (), (), {one.path: one for one in modules})


def _place(library: Library, function: Function) -> Place:
    return Place(library, library.modules[function.path])


@lru_cache(maxsize=20_000)
def _schema(modules: tuple[Module, ...], function: Function) -> str:
    node = definition(function.source)
    said = _sections(function).arguments
    place, types = _place(_alone(modules), function), Types()
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for name, annotation, default in _parameters(node.args):
        made = _parameter(types, place, annotation, default)
        properties[name] = {**made, "description": said[name]} if said.get(name) else made
        if default is None or _field_of(default) is not None:
            required.append(name)
    made = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": node.args.kwarg is not None,
    }
    return json.dumps(settled(made, types.named))


def _parameter(
    types: Types, place: Place, annotation: ast.expr | None, default: ast.expr | None
) -> Schema:
    made = types.of(place, annotation)
    call = _field_of(default)
    if call is not None:  # pydantic's Field: not a value that the function could be called with
        said = limits(place, call)
        made = bounded(made, said)
        return {**made, "description": said.description} if said.description else made
    told: Any = UNSAID if default is None else value(place, default)
    if told is None and made and not _allows_null(made):  # x: int = None
        made = {"anyOf": [*(made["anyOf"] if made.keys() == {"anyOf"} else [made]), _NULL]}
    fits = "enum" not in made or told in made["enum"]
    return {**made, "default": told} if is_sayable(told) and fits else made


def _field_of(default: ast.expr | None) -> ast.Call | None:
    match default:
        case ast.Call(func=ast.Name(id="Field") | ast.Attribute(attr="Field")):
            return default
    return None


def _allows_null(made: Schema) -> bool:
    either = made.get("anyOf", [made])
    return any(
        one == {} or one.get("type") == "null" or None in one.get("enum", ()) for one in either
    )


def _parameters(
    arguments: ast.arguments,
) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """Name, annotation and default of every parameter that can be named."""
    positional = [*arguments.posonlyargs, *arguments.args]
    bare = len(positional) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [*[None] * bare, *arguments.defaults]
    for one, default in zip(positional, defaults, strict=True):
        yield one.arg, one.annotation, default
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield one.arg, one.annotation, default
