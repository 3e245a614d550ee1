"""The value of an expression, as far as its text tells: literals, constants, members of an Enum."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from fnopt.library.importing import dotted
from fnopt.library.schema.meaning import Alias, Class, Known, Place, meaning

UNSAID = ...
"""What stands for a value that cannot be told; no JSON can say it."""

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"})
_FLAGS = frozenset({"Flag", "IntFlag"})
_HOPS = 8
_MOST_BASES = 100
_SPECIAL = re.compile(r"_.*_$|__")


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


def base_names(one: Class) -> Iterator[str]:
    """The dotted names of the classes from outside that it stands on, through the library's own."""
    for part in lineage(one):
        for base in part.node.bases:
            node = base.value if isinstance(base, ast.Subscript) else base
            found = meaning(part.place, dotted(node)) if dotted(node) else None
            if isinstance(found, Known):
                yield found.dotted


def lineage(one: Class) -> list[Class]:
    """The class and those of the library that it stands on, each once, the nearest first."""
    found = {one.key: one}
    pending = [one]
    while pending and len(found) < _MOST_BASES:
        part = pending.pop(0)
        for base in part.node.bases:
            name = dotted(base.value if isinstance(base, ast.Subscript) else base)
            known = meaning(part.place, name) if name else None
            if isinstance(known, Class) and known.key not in found:
                found[known.key] = known
                pending.append(known)
    return list(found.values())


def enum_base(one: Class) -> str | None:
    """The base that makes the class an enumeration, or None."""
    last = (name.rpartition(".")[2] for name in base_names(one))
    return next((name for name in last if name in _ENUMS), None)


def members(one: Class) -> dict[str, Any]:
    """The members of an enumeration with their values; aliases of another member are left out."""
    base = enum_base(one) or "Enum"
    if base == "Enum" and (len(one.node.bases) > 1 or b"_generate_next_value_" in _text(one)):
        base = ""  # what auto() gives is not known
    found: dict[str, Any] = {}
    seen: set[str] = set()
    last: list[Any] = []
    for name, node in _assigned(one.node):
        told = _auto(base, name, last) if _is_auto(node) else value(one.place, node)
        last = [*last[-1:], told] if isinstance(told, int) else last
        if told is UNSAID or repr(told) not in seen:
            found[name] = told
            seen.add(repr(told))
    return found


def _text(one: Class) -> bytes:
    return one.place.module.text.body


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """What the body assigns, but for functions and special names."""
    for one in node.body:
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(one, ast.AnnAssign) and one.value is not None:
            pairs = [(one.target, one.value)]
        elif isinstance(one, ast.Assign):
            pairs = [pair for target in one.targets for pair in _pairs(target, one.value)]
        for target, given in pairs:
            plain = isinstance(target, ast.Name) and not _SPECIAL.match(target.id)
            if plain and isinstance(target, ast.Name) and not _is_function(given):
                yield target.id, given


def _pairs(target: ast.expr, given: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """``A, B = 1, 2`` as two."""
    match target, given:
        case (
            (ast.Tuple(elts=names) | ast.List(elts=names)),
            (ast.Tuple(elts=values) | ast.List(elts=values)),
        ) if len(names) == len(values):
            return list(zip(names, values, strict=True))
    return [(target, given)]


def _is_function(node: ast.expr) -> bool:
    """A lambda is a method, and so is what ``staticmethod`` and its like give."""
    called = dotted(node.func) if isinstance(node, ast.Call) else ""
    return isinstance(node, ast.Lambda) or called in ("staticmethod", "classmethod", "property")


def _is_auto(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "auto"


def _auto(base: str, name: str, before: list[Any]) -> Any:
    """What ``auto()`` gives, by :mod:`enum`'s rules."""
    if base == "StrEnum":
        return name.lower()
    if not base:
        return UNSAID
    numbers = [one for one in before if isinstance(one, int)]
    if base in _FLAGS:
        return 1 << max(numbers).bit_length() if numbers else 1
    return max(numbers) + 1 if numbers else 1
