"""What does a name in an annotation mean: a known type, a class of the library, an alias?

Followed through imports within the library, read as text: nothing is evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from fnopt.library.dotted import absolute, dotted_names
from fnopt.library.function import Library
from fnopt.library.module import Module
from fnopt.library.scope import Import

_HOPS = 8
"""Imports that lead on to others which are followed."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where names are looked up: a module, and the library around it that it imports from."""

    library: Library
    module: Module

    def at(self, path: str) -> Place:
        """The same library, another module."""
        return Place(self.library, self.library.modules[path])


@dataclass(frozen=True)
class Known:
    """A name from outside the library, dotted as it is imported; a builtin stands alone."""

    dotted: str


@dataclass(frozen=True, eq=False)
class Class:
    """A class that the library defines, with the place where its own names are looked up."""

    place: Place
    node: ast.ClassDef

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes it this class and no other."""
        return (self.place.module.path, self.node.name, self.node.lineno)


@dataclass(frozen=True, eq=False)
class Alias:
    """A name for the value of an expression, such as ``Vector = list[float]``."""

    place: Place
    name: str
    value: ast.expr


Meaning = Known | Class | Alias
UNKNOWN = Known("")


def meaning(place: Place, dotted: str, hops: int = _HOPS) -> Meaning:
    """What a dotted name means in a module; a name that the module does not bind is a builtin's."""
    root, *rest = dotted.split(".")
    module = place.module
    indices = module.bound.get(root, ())
    if not indices:
        return Known(dotted)
    statement = module.statements[indices[-1]]
    imported = [one for one in statement.names.imports if one.bound == root]
    if imported:
        return _imported(place, imported[-1], rest, hops)
    if len(indices) > 1:
        return UNKNOWN  # which one counts is a matter of time
    node = module.tree().body[indices[-1]]
    return _within(place, root, _bound(node, root), rest)


def _imported(place: Place, one: Import, rest: list[str], hops: int) -> Meaning:
    base = absolute(place.module, one)
    if one.name is not None:
        base = f"{base}.{one.name}"
    elif not one.alias:
        base = base.partition(".")[0]
    parts = [*base.split("."), *rest]
    index = dotted_names(place.library)
    for count in range(len(parts), 0, -1):
        path = index.get(".".join(parts[:count]))
        if path is not None and (path != place.module.path or one.name):
            inner = parts[count:]
            return meaning(place.at(path), ".".join(inner), hops - 1) if inner and hops else UNKNOWN
    return Known(".".join(parts))


def _within(place: Place, name: str, node: ast.AST | None, rest: list[str]) -> Meaning:
    """What a definition means, or what ``rest`` names inside of it."""
    for part in rest:
        inside = node.body if isinstance(node, ast.ClassDef) else []
        node = next((one for one in inside if getattr(one, "name", None) == part), None)
    if isinstance(node, ast.ClassDef):
        return Class(place, node)
    return Alias(place, name, node) if isinstance(node, ast.expr) and not rest else UNKNOWN


def _bound(statement: ast.stmt, name: str) -> ast.AST | None:
    """The class or value of that name in a statement; None where branches give it several."""
    found: list[ast.AST | None] = []
    for node in _flat(statement):
        if isinstance(node, ast.ClassDef) and node.name == name:
            found.append(node)
        elif _binds(node, name):
            found.append(getattr(node, "value", None))
    return found[0] if len(found) == 1 else None


def _flat(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement, and those in its branches; not those in functions and classes."""
    pending = [statement]
    while pending:
        one = pending.pop(0)
        yield one
        if isinstance(one, ast.If | ast.Try | ast.With):
            for name in ("body", "handlers", "orelse", "finalbody"):
                for inner in getattr(one, name, []):
                    pending += inner.body if isinstance(inner, ast.ExceptHandler) else [inner]


def _binds(node: ast.stmt, name: str) -> bool:
    """Whether ``name = …``, ``name: T = …`` or ``type name = …``."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if type(node).__name__ == "TypeAlias":  # of Python 3.12
        targets = [getattr(node, "name", None)]
    return any(isinstance(one, ast.Name) and one.id == name for one in targets)
