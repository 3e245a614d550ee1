"""Where a schema's parts stand: what is used once in its place, the rest under ``$defs``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fnopt.library.schema.bounds import Schema

_PREFIX = "#/$defs/"


def settled(schema: Schema, named: dict[str, Schema]) -> Schema:
    """The schema with its ``$defs``; those used once and not by themselves stand in their place.

    Models read what is in its place best; the rest would grow without end.
    """
    uses = Counter(one for part in (schema, *named.values()) for one in _refs(part))
    inline = {name for name in named if uses[name] == 1 and not _reaches(named, name, name)}
    kept = {name: _placed(one, named, inline) for name, one in named.items() if name not in inline}
    used = _placed(schema, named, inline)
    return {**used, "$defs": kept} if kept else used


def _refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].removeprefix(_PREFIX)
        for one in part.values():
            yield from _refs(one)
    elif isinstance(part, list):
        for one in part:
            yield from _refs(one)


def _reaches(named: dict[str, Schema], start: str, target: str) -> bool:
    seen: set[str] = set()
    pending = [start]
    while pending:
        for one in _refs(named[pending.pop()]):
            if one == target:
                return True
            if one in named and one not in seen:
                seen.add(one)
                pending.append(one)
    return False


def _placed(part: Any, named: dict[str, Schema], inline: set[str]) -> Any:
    if isinstance(part, list):
        return [_placed(one, named, inline) for one in part]
    if not isinstance(part, dict):
        return part
    name = str(part.get("$ref", "")).removeprefix(_PREFIX)
    if name in inline:
        beside = {key: one for key, one in part.items() if key != "$ref"}
        return {**_placed(named[name], named, inline), **beside}
    return {key: _placed(one, named, inline) for key, one in part.items()}
