"""What ``Annotated`` and ``Field`` say beside the type: limits and a description.

Read by the names of the arguments, which annotated-types, pydantic and msgspec share:
``Annotated[int, Ge(0)]``, ``Annotated[str, Field(max_length=8)]``, ``Annotated[int, "a count"]``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fnopt.library.importing import dotted
from fnopt.library.schema.meaning import Alias, Place, meaning
from fnopt.library.schema.values import is_sayable, value

Schema = dict[str, Any]

_NUMBER = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_KEYWORDS: Mapping[str, Mapping[str, str]] = {
    "integer": _NUMBER,
    "number": _NUMBER,
    "string": {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {"min_length": "minProperties", "max_length": "maxProperties"},
}
_PLACED: Mapping[str, tuple[str, ...]] = {
    "Ge": ("ge",),
    "Gt": ("gt",),
    "Le": ("le",),
    "Lt": ("lt",),
    "MultipleOf": ("multiple_of",),
    "MinLen": ("min_length",),
    "MaxLen": ("max_length",),
    "Len": ("min_length", "max_length"),
    "Interval": (),
    "Field": (),
    "StringConstraints": (),
    "Meta": (),
    "Doc": ("description",),
}
"""What gives limits, with the names of what it takes by position."""

_SPELLED = {"regex": "pattern", "min_items": "min_length", "max_items": "max_length"}


@dataclass(frozen=True)
class Bounds:
    """``limits`` by their Python names (``ge``, ``max_length``…), and what it says in words."""

    limits: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""

    def __or__(self, other: Bounds) -> Bounds:
        return Bounds({**self.limits, **other.limits}, other.description or self.description)


def bounds(place: Place, told: Iterable[ast.expr]) -> Bounds:
    """What the further arguments of an ``Annotated`` say, the last word counting."""
    found = Bounds()
    for one in told:
        found |= _of(place, one)
    return found


def _of(place: Place, node: ast.expr, hops: int = 8) -> Bounds:
    match node:
        case ast.Constant(value=str() as text):
            return Bounds(description=plain(text))
        case ast.Name():
            found = meaning(place, node.id)
            if isinstance(found, Alias) and hops:
                return _of(found.place, found.value, hops - 1)
        case ast.Call():
            name = dotted(node.func).rpartition(".")[2]
            return limits(place, node, _PLACED[name]) if name in _PLACED else Bounds()
    return Bounds()


def limits(place: Place, call: ast.Call, placed: tuple[str, ...] = ()) -> Bounds:
    """The limits among the arguments of a call; ``placed`` names those by position."""
    given = [*zip(placed, call.args, strict=False)]
    given += [(_SPELLED.get(one.arg, one.arg), one.value) for one in call.keywords if one.arg]
    said = {name: value(place, node) for name, node in given}
    text = said.pop("description", "") or ""
    known = {name for names in _KEYWORDS.values() for name in names}
    kept = {name: one for name, one in said.items() if name in known and _is_limit(name, one)}
    return Bounds(kept, plain(text) if isinstance(text, str) else "")


def plain(text: str) -> str:
    """A text on one line that UTF-8 can say."""
    return " ".join(text.split()).encode("utf-8", "replace").decode("utf-8")


def _is_limit(name: str, told: Any) -> bool:
    """Whether the value is told, and one that JSON schema knows for that limit."""
    if not is_sayable(told) or told is None or isinstance(told, bool):
        return False
    if name == "pattern":
        return isinstance(told, str)
    if name.endswith("_length"):
        return isinstance(told, int) and told >= 0
    return isinstance(told, int | float) and (name != "multiple_of" or told > 0)


def bounded(schema: Schema, said: Bounds) -> Schema:
    """The schema within the limits: each alternative within those that its type can have."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [bounded(one, said) for one in schema["anyOf"]]}
    names = _KEYWORDS.get(str(schema.get("type")), {})
    return schema | {names[key]: one for key, one in said.limits.items() if key in names}
