"""Where does a module look up what it imports or defines, and with which arguments is that called?

One pass over the statements that could; the answer belongs to the module alone and is kept with it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fnopt.library.module import Module
from fnopt.library.scope import Import, Scope, Survey
from fnopt.library.signature import Given, Signature, given_in, signature_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ATTRIBUTES = 8  # of one chain that are looked at


@dataclass(frozen=True)
class Reference:
    """A name of the module with its attributes, looked up in the statement ``index``.

    ``given`` are the arguments when it is called there, None when it is passed on. ``imports``:
    the imports within a function that bind it; empty when it is the module's own name.
    """

    chain: tuple[str, ...]
    line: int
    column: int
    index: int
    given: Given | None
    imports: tuple[Import, ...] = ()


@dataclass(frozen=True)
class References:
    """All of a module. ``takes``: the signature of each function that is defined once, or last;
    ``aliases``: names that the module binds to another name, once."""

    found: tuple[Reference, ...]
    takes: Mapping[str, Signature]
    aliases: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=20_000)
def references(module: Module) -> References:
    """Every place at which the module may look up a function of the library."""
    body = module.tree().body
    aliases = _aliases(module, body)
    roots = frozenset((*aliases, *_roots(module)))
    found: list[Reference] = []
    takes: dict[str, Signature] = {}
    for index, (statement, node) in enumerate(zip(module.statements, body, strict=True)):
        if isinstance(node, _DEFINITIONS) and statement.kind == "function":
            takes[node.name] = signature_of(node)
        inner = any(_may_be_own(one) for one in statement.names.imports)
        if module.starred or inner or statement.names.uses & roots:
            found += _Places(index, module.starred).of(node, roots)
    return References(tuple(found), takes, aliases)


def _aliases(module: Module, body: list[ast.stmt]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name() | ast.Attribute()):
                found[name] = chain_of(node.value)
    return {name: to for name, to in found.items() if to and len(module.bound[name]) == 1}


def _roots(module: Module) -> Iterator[str]:
    """The names of the module that may lead to a function."""
    for one in module.statements:
        yield from (imported.bound for imported in one.names.imports if _may_be_own(imported))
        if one.kind == "function":
            yield one.name


def _may_be_own(one: Import) -> bool:
    """Whether the import is not of the standard library."""
    return bool(one.level) or one.module.partition(".")[0] not in sys.stdlib_module_names


def chain_of(node: ast.expr) -> tuple[str, ...]:
    """``a.b.c`` as its parts; empty for what is no such chain, or a long one."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) <= _ATTRIBUTES:
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()


@dataclass(frozen=True)
class _Seen:
    node: ast.Name | ast.Attribute
    chain: tuple[str, ...]
    scope: Scope


class _Places(Survey):
    """The survey of a statement's names that also notes where each is looked up."""

    def __init__(self, index: int, starred: bool) -> None:
        super().__init__(deferred=True)
        self._index = index
        self._starred = starred
        self._calls: dict[int, ast.Call] = {}
        self._seen: list[_Seen] = []
        self._stored: set[tuple[int, str]] = set()
        self._brought: dict[tuple[int, str], list[Import]] = {}

    def of(self, node: ast.stmt, roots: frozenset[str]) -> Iterator[Reference]:
        """The references of the statement, in the order in which they stand."""
        self.take(node)
        places = sorted(self._seen, key=lambda one: (one.node.lineno, one.node.col_offset))
        for one in places:
            imports = self._imported(one.scope, one.chain[0])
            if imports is None or not (imports or self._starred or one.chain[0] in roots):
                continue
            call = self._calls.get(id(one.node))
            line, column = one.node.lineno, one.node.col_offset
            given = given_in(call) if call else None
            yield Reference(one.chain, line, column, self._index, given, imports)

    def _imported(self, scope: Scope, name: str) -> tuple[Import, ...] | None:
        """The imports of the function in whose scope the name is bound; none for the module's.

        None for a local name that is something else, or may be.
        """
        here: Scope | None = scope
        inside = True
        while here is not None and here.parent is not None:
            if name in here.declared:
                return ()
            if name in here.bound and name not in here.outer and (inside or here.kind != "class"):
                key = (id(here), name)
                brought = tuple(filter(_may_be_own, self._brought.get(key, ())))
                return brought if brought and key not in self._stored else None
            here, inside = here.parent, False
        return ()

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Call):
            self._calls[id(node.func)] = node
        super()._visit(node, scope)

    def _name(self, node: ast.Name, scope: Scope) -> None:
        super()._name(node, scope)
        if isinstance(node.ctx, ast.Load):
            self._seen.append(_Seen(node, (node.id,), scope))
        else:
            self._stored.add((id(scope), node.id))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        super()._attribute(node, scope)
        chain = chain_of(node)
        if chain and isinstance(node.ctx, ast.Load):
            self._seen.append(_Seen(node, chain, scope))

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        known = len(self._imports)
        super()._import(node, scope)
        for one in self._imports[known:]:
            self._brought.setdefault((id(scope), one.bound), []).append(one)
