"""A schema as OpenAI's strict mode takes it, or why it cannot be.

Strict mode (the guide "Structured model outputs" of OpenAI's documentation) wants every property
required, no further ones allowed, and knows a part of JSON schema only. What may be left out
becomes what may be null; the sandbox takes null for "left out" where the type has none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnopt.library.schema.bounds import Schema

MAX_PROPERTIES = 5_000
MAX_NESTING = 10
"""Objects and arrays within one another."""

MAX_VALUES = 1_000
"""Values of all enums together."""

MAX_TEXT = 120_000
"""Characters of all names and enum values together."""

_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)
_DROPPED = frozenset({"default", "uniqueItems", "minProperties", "maxProperties", "propertyNames"})
"""Keywords that strict mode refuses; without them it allows more, and the call is checked again."""

_NULL: Schema = {"type": "null"}
_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def strict(schema: Schema) -> Schema | str:
    """The schema for strict mode; a text says why it is not eligible."""
    try:
        made = _strict(schema, "the arguments")
    except _Ineligible as error:
        return str(error)
    return _too_much(made) or made


class _Ineligible(Exception):
    """The text says where and why."""


def _strict(schema: Schema, where: str) -> Schema:
    made = {key: one for key, one in schema.items() if key not in _DROPPED}
    if made.get("format") not in (None, *_FORMATS):
        del made["format"]
    if "$defs" in made:
        made["$defs"] = {name: _strict(one, name) for name, one in made["$defs"].items()}
    if "anyOf" in made:
        made["anyOf"] = [_strict(one, where) for one in made["anyOf"]]
    elif "enum" in made:
        made.setdefault("type", sorted({_JSON_TYPES[type(one)] for one in made["enum"]}))
    elif made.get("type") == "object":
        return _object(made, where)
    elif made.get("type") == "array":
        return _array(made, where)
    elif "$ref" in made:
        return {"$ref": made["$ref"]}  # what strict mode refuses beside it are words alone
    elif "type" not in made:
        raise _Ineligible(f"{where} may be anything")
    return made


def _object(made: Schema, where: str) -> Schema:
    if made.get("additionalProperties", False) is not False or "properties" not in made:
        raise _Ineligible(f"{where} may have keys of any name")
    required = made.get("required", [])
    properties = {
        name: _strict(one, name) if name in required else _nullable(_strict(one, name), one)
        for name, one in made["properties"].items()
    }
    names = list(properties)
    return {**made, "properties": properties, "required": names, "additionalProperties": False}


def _array(made: Schema, where: str) -> Schema:
    places = made.pop("prefixItems", None)
    if places is not None:
        if any(one != places[0] for one in places[1:]):
            raise _Ineligible(f"{where} is a tuple of different types")
        made["items"] = places[0]
    if "items" not in made:
        raise _Ineligible(f"{where} may hold anything")
    return {**made, "items": _strict(made["items"], where)}


def _nullable(made: Schema, plain: Schema) -> Schema:
    """Also null, and in words what is taken then."""
    said = {key: made[key] for key in ("description",) if key in made}
    if "default" in plain and plain["default"] is not None:
        words = [*said.values(), f"If null: {plain['default']!r}."]
        said = {"description": " ".join(words)}
    bare = {key: one for key, one in made.items() if key != "description"}
    either = bare["anyOf"] if bare.keys() == {"anyOf"} else [bare]
    either = either if _NULL in either else [*either, _NULL]
    return {"anyOf": either, **said}


def _too_much(made: Schema) -> str | None:
    parts = list(_parts(made, 0))
    properties = sum(len(one.get("properties", ())) for one, _ in parts)
    values = [one for part, _ in parts for one in part.get("enum", ())]
    names = [
        name for part, _ in parts for key in ("properties", "$defs") for name in part.get(key, ())
    ]
    nesting = max(depth for _, depth in parts)
    checks: list[tuple[int, int, str]] = [
        (properties, MAX_PROPERTIES, "properties"),
        (nesting, MAX_NESTING, "levels"),
        (len(values), MAX_VALUES, "values of enums"),
        (sum(len(str(one)) for one in (*names, *values)), MAX_TEXT, "characters of names"),
    ]
    return next(
        (
            f"{count:,} {what}, of which {most:,} are allowed"
            for count, most, what in checks
            if count > most
        ),
        None,
    )


def _parts(schema: Any, depth: int) -> Iterator[tuple[Schema, int]]:
    """Every schema within a schema, with how many objects and arrays it lies in."""
    yield schema, depth
    inside = depth + (schema.get("type") in ("object", "array"))
    for one in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from _parts(one, inside if "properties" in schema else depth)
    if "items" in schema:
        yield from _parts(schema["items"], inside)
    for one in schema.get("$defs", {}).values():
        yield from _parts(one, 0)
