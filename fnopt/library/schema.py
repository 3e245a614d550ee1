"""What an agent is told of a function: JSON schema from its annotations and docstring.

Read statically: importing a module to look at its signature would be running it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from fnopt.library.docstring import Sections, sections
from fnopt.library.function import Function, definition
from fnopt.library.importing import dotted

MAX_DESCRIPTION = 1024
"""Characters that OpenAI's protocol allows in a tool's description."""

_PLAIN: Mapping[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "NoneType": {"type": "null"},
    "list": {"type": "array"},
    "tuple": {"type": "array"},
    "set": {"type": "array", "uniqueItems": True},
    "dict": {"type": "object"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "format": "time"},
    "Decimal": {"type": "string"},
}
_SPELLED = {
    "List": "list",
    "Sequence": "list",
    "Iterable": "list",
    "Collection": "list",
    "Tuple": "tuple",
    "Set": "set",
    "FrozenSet": "set",
    "frozenset": "set",
    "AbstractSet": "set",
    "Dict": "dict",
    "Mapping": "dict",
    "Text": "str",
    "LiteralString": "str",
}
_MAX_DEPTH = 20


def schema(function: Function) -> dict[str, Any]:
    """JSON schema of the function's parameters; an annotation that is not understood allows all.

    ``*args`` cannot be said and is left out; ``**kwargs`` allows further properties.
    """
    loaded: dict[str, Any] = json.loads(_schema(function))  # a copy: callers may change it
    return loaded


def openai_tool(function: Function) -> dict[str, Any]:
    """The function as an entry of ``tools`` in OpenAI's chat completions."""
    return {
        "type": "function",
        "function": {
            "name": function.name,
            "description": description(function),
            "parameters": schema(function),
        },
    }


def description(function: Function) -> str:
    """The docstring without what is said of the arguments; the signature where there is none."""
    text = _sections(function).text or function.summary or function.signature
    return text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 1]}…"


def _sections(function: Function) -> Sections:
    node = definition(function.source)
    return sections(function.doc, tuple(name for name, _, _ in _parameters(node.args)))


@lru_cache(maxsize=4_096)
def _schema(function: Function) -> str:
    node = definition(function.source)
    said = _sections(function).arguments
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, annotation, default in _parameters(node.args):
        described = {"description": said[name]} if said.get(name) else {}
        properties[name] = {**type_schema(annotation), **described, **_default(default)}
        if default is None:
            required.append(name)
    return json.dumps(
        {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": node.args.kwarg is not None,
        }
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


def type_schema(annotation: ast.expr | None, depth: int = 0) -> dict[str, Any]:
    """JSON schema of an annotation; empty, which allows everything, where it is not understood."""
    if annotation is None or depth > _MAX_DEPTH:
        return {}
    match annotation:
        case ast.Constant(value=None):
            return {"type": "null"}
        case ast.Constant(value=str() as quoted):
            return type_schema(_unquoted(quoted), depth + 1)
        case ast.BinOp(op=ast.BitOr()):
            return _union(_alternatives(annotation), depth)
        case ast.Subscript():
            return _generic(annotation, depth)
        case _:
            return dict(_PLAIN.get(_name(annotation), {}))


def _name(node: ast.expr) -> str:
    last = dotted(node).rpartition(".")[2]
    return _SPELLED.get(last, last)


def _unquoted(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """``a | b | c`` from left to right."""
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


def _union(given: list[ast.expr], depth: int) -> dict[str, Any]:
    schemas: list[dict[str, Any]] = []
    for one in given:
        made = type_schema(one, depth + 1)
        if not made:
            return {}
        schemas += [inner for inner in made.get("anyOf", [made]) if inner not in schemas]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _generic(node: ast.Subscript, depth: int) -> dict[str, Any]:
    inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    match _name(node.value):
        case "Optional":
            return _union([*inner, ast.Constant(None)], depth)
        case "Union":
            return _union(inner, depth)
        case "Literal":
            return _literal(inner)
        case "Annotated" | "Final" | "Required" | "NotRequired" if inner:
            return type_schema(inner[0], depth + 1)
        case "list" | "set" as kind if inner:
            return {**_PLAIN[kind], **_said("items", type_schema(inner[0], depth + 1))}
        case "tuple":
            return _tuple(inner, depth)
        case "dict" if len(inner) == 2:
            values = type_schema(inner[1], depth + 1)
            return {"type": "object", **_said("additionalProperties", values)}
        case _:
            return {}


def _said(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {key: value} if value else {}


def _tuple(inner: list[ast.expr], depth: int) -> dict[str, Any]:
    last = inner[-1] if inner else None
    if len(inner) == 2 and isinstance(last, ast.Constant) and last.value is ...:
        return {"type": "array", **_said("items", type_schema(inner[0], depth + 1))}
    if not inner:
        return {"type": "array", "maxItems": 0}
    items = [type_schema(one, depth + 1) for one in inner]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _literal(inner: list[ast.expr]) -> dict[str, Any]:
    values = [_value(one) for one in inner]
    if not all(_is_sayable(one) for one in values):
        return {}
    kinds = {type(one) for one in values}
    names = {str: "string", int: "integer", bool: "boolean"}
    kind = {"type": names[next(iter(kinds))]} if len(kinds) == 1 and kinds <= names.keys() else {}
    return {**kind, "enum": values}


def _default(node: ast.expr | None) -> dict[str, Any]:
    if node is None:
        return {}
    value = _value(node)
    return {"default": value} if _is_sayable(value) else {}


def _value(node: ast.expr) -> Any:
    """The value of a literal; Ellipsis, which no JSON can say, for anything else."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return ...


def _is_sayable(value: Any) -> bool:
    """Whether JSON and UTF-8 can say the value, and would give the same one back."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8") != b"" and bool(json.loads(text) == value)
    except (TypeError, ValueError, RecursionError):
        return False
