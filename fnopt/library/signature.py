"""What a function takes, and whether the arguments of a call fit."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["positional", "either", "keyword", "rest", "others"]

_SAME = frozenset(
    {"cache", "functools.cache", "lru_cache", "functools.lru_cache", "contextmanager"}
    | {"contextlib.contextmanager", "final", "typing.final", "override", "typing.override"}
)
"""Decorators behind which a function takes what it says."""


@dataclass(frozen=True)
class Parameter:
    """``kind``: positional only, either way, keyword only, ``*rest`` or ``**others``."""

    name: str
    kind: Kind
    required: bool
    annotation: ast.expr | None

    def __str__(self) -> str:
        return {"rest": "*", "others": "**"}.get(self.kind, "") + self.name


@dataclass(frozen=True)
class Signature:
    """``plain``: no decorator may change what it takes."""

    parameters: tuple[Parameter, ...]
    result: ast.expr | None
    plain: bool

    @property
    def positional(self) -> tuple[Parameter, ...]:
        """The parameters that can be given by their place, in their order."""
        return tuple(one for one in self.parameters if one.kind in ("positional", "either"))

    def has(self, kind: Kind) -> bool:
        """Whether a parameter is of that kind."""
        return any(one.kind == kind for one in self.parameters)


@dataclass(frozen=True)
class Given:
    """The arguments of a call: how many by place, and which by name.

    ``starred`` and ``unpacked``: a ``*`` or ``**`` gives further ones that nobody knows.
    ``values``: the types of those that are literals, by place or name.
    """

    positional: int
    keywords: tuple[str, ...]
    starred: bool = False
    unpacked: bool = False
    values: tuple[tuple[int | str, str], ...] = ()


def signature_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Signature:
    """The signature of a definition."""
    plain = all(_name(one) in _SAME for one in node.decorator_list)
    return Signature(tuple(_parameters(node.args)), node.returns, plain)


def _name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    match called:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return f"{module}.{name}"
    return ""


def _parameters(given: ast.arguments) -> Iterator[Parameter]:
    bare = len(given.posonlyargs) + len(given.args) - len(given.defaults)
    for index, one in enumerate([*given.posonlyargs, *given.args]):
        kind: Kind = "positional" if index < len(given.posonlyargs) else "either"
        yield Parameter(one.arg, kind, index < bare, one.annotation)
    if given.vararg:
        yield Parameter(given.vararg.arg, "rest", False, given.vararg.annotation)
    for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield Parameter(one.arg, "keyword", default is None, one.annotation)
    if given.kwarg:
        yield Parameter(given.kwarg.arg, "others", False, given.kwarg.annotation)


def given_in(call: ast.Call) -> Given:
    """The arguments of a call."""
    plain = [one for one in call.args if not isinstance(one, ast.Starred)]
    starred = len(plain) < len(call.args)
    named = [(one.arg, one.value) for one in call.keywords if one.arg is not None]
    unpacked = len(named) < len(call.keywords)
    places = [] if starred else list(enumerate(call.args))
    return Given(
        len(plain),
        tuple(name for name, _ in named),
        starred,
        unpacked,
        tuple(_literals((*places, *named))),
    )


def _literals(given: Iterable[tuple[int | str, ast.expr]]) -> Iterator[tuple[int | str, str]]:
    for key, one in given:
        if isinstance(one, ast.Constant):
            yield key, type(one.value).__name__


def misfits(takes: Signature, given: Given) -> Iterator[str]:
    """What does not fit, each as the end of "f calls g"; what ``*`` and ``**`` give is trusted."""
    places = takes.positional
    if given.positional > len(places) and not takes.has("rest"):
        yield f"with {given.positional} arguments by position, of which it takes {len(places)}"
    by_name = {one.name: one for one in takes.parameters if one.kind in ("either", "keyword")}
    first = {one.name for one in places[: given.positional]}
    for name in given.keywords:
        if name in by_name:
            if name in first:
                yield f"with {name} given twice"
        elif not takes.has("others"):
            placed = any(one.name == name for one in places)
            yield f"with {name}=, which it {'takes by position' if placed else 'does not take'}"
    missing = list(_missing(takes, given))
    if missing:
        yield f"without {', '.join(missing)}"


def _missing(takes: Signature, given: Given) -> Iterator[str]:
    for index, one in enumerate(takes.positional):
        by_place = index < given.positional or given.starred
        by_name = one.kind == "either" and (one.name in given.keywords or given.unpacked)
        if one.required and not by_place and not by_name:
            yield one.name
    for one in takes.parameters:
        named = one.name in given.keywords or given.unpacked
        if one.kind == "keyword" and one.required and not named:
            yield one.name
