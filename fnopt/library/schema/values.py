"""The value of an expression, as far as its text tells: literals, constants, members of an Enum."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

from fnopt.library.importing import dotted
from fnopt.library.schema.meaning import Alias, Class, Known, Place, meaning

UNSAID = ...
"""What stands for a value that cannot be told; no JSON can say it."""

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"})
_FLAGS = frozenset({"Flag", "IntFlag"})
_HOPS = 8


def value(place: Place, node: ast.expr, hops: int = _HOPS) -> Any:
    """The value of an expression that is a literal or leads to one; else ``UNSAID``."""
    if isinstance(node, ast.Name | ast.Attribute) and hops:
        return _named(place, node, hops)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return UNSAID


def _named(place: Place, node: ast.Name | ast.Attribute, hops: int) -> Any:
    name = dotted(node)
    found = meaning(place, name) if name else None
    if isinstance(found, Alias):
        return value(found.place, found.value, hops - 1)
    owner, _, member = name.rpartition(".")
    enumeration = meaning(place, owner) if owner else None
    if isinstance(enumeration, Class) and enum_base(enumeration):
        return members(enumeration).get(member, UNSAID)
    return UNSAID


def is_sayable(value: Any) -> bool:
    """Whether JSON and UTF-8 can say the value, and would give the same one back."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8") != b"" and bool(json.loads(text) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def base_names(one: Class, hops: int = _HOPS) -> Iterator[str]:
    """The dotted names of the classes from outside that it stands on, through the library's own."""
    for base in one.node.bases:
        node = base.value if isinstance(base, ast.Subscript) else base
        found = meaning(one.place, dotted(node)) if dotted(node) else None
        if isinstance(found, Known):
            yield found.dotted
        elif isinstance(found, Class) and hops and found.key != one.key:
            yield from base_names(found, hops - 1)


def enum_base(one: Class) -> str | None:
    """The base that makes the class an enumeration, or None."""
    last = (name.rpartition(".")[2] for name in base_names(one))
    return next((name for name in last if name in _ENUMS), None)


def members(one: Class) -> dict[str, Any]:
    """The members of an enumeration with their values; aliases of another member are left out."""
    base = enum_base(one) or "Enum"
    found: dict[str, Any] = {}
    for name, node in _assigned(one.node):
        told = _auto(base, name, list(found.values())) if _is_auto(node) else value(one.place, node)
        if told is UNSAID or told not in found.values():
            found[name] = told
    return found


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for one in node.body:
        if isinstance(one, ast.Assign):
            for target in one.targets:
                if isinstance(target, ast.Name) and not target.id.startswith("_"):
                    yield target.id, one.value


def _is_auto(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "auto"


def _auto(base: str, name: str, before: list[Any]) -> Any:
    """What ``auto()`` gives, by :mod:`enum`'s rules."""
    if base == "StrEnum":
        return name.lower()
    numbers = [one for one in before if isinstance(one, int)]
    if base in _FLAGS:
        return 1 << max(numbers).bit_length() if numbers else 1
    return max(numbers) + 1 if numbers else 1
