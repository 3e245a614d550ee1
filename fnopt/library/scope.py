"""Which names does a top-level statement bind, and which of its module's does it use?

Scopes are resolved as Python does it, in one pass with an own stack: linear in time, and no depth
of nesting can overflow it. Where something cannot be known, more is said to be used.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_DEPTH = 50
"""Scopes within scopes. Compiling nested lambdas takes time that grows with the square."""

MAX_SCOPES = 10_000
"""Statements and scopes in a module. Compiling functions that are alike grows with the square."""

MAX_NODES = 200_000
"""Pieces of syntax in a module: ten times the largest that people write by hand."""

_WORD = re.compile(r"[^\W\d]\w*")
_TYPE_MAKERS = frozenset({"TypedDict", "NamedTuple", "NewType", "TypeVar", "ForwardRef", "cast"})
_CHAIN = 8  # attributes of one chain that are looked at
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Import:
    """One imported name: ``import MODULE as ALIAS`` or ``from MODULE import NAME as ALIAS``.

    ``module`` is without its leading dots, of which ``level`` counts the number.
    """

    module: str
    name: str | None
    alias: str | None
    level: int
    line: int

    @property
    def bound(self) -> str:
        """The name that it binds (``a`` for ``import a.b``; ``*`` for a star import)."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def key(self) -> tuple[str, str | None, str | None, int]:
        """What is imported and as what, wherever it stands."""
        return (self.module, self.name, self.alias, self.level)


@dataclass(frozen=True)
class Names:
    """The names of one statement.

    ``binds``: bound in the module; ``sets``: bound by ``global`` when a function runs; ``now``:
    looked up in the module while it is imported; ``uses``: looked up at any time; ``mentions``:
    perhaps looked up (quoted annotations, ``__all__``); ``chains``: names with their attributes;
    ``size``: how many nodes the statement has; ``scopes``: how many of them are functions, classes
    and comprehensions; ``depth``: how deep those nest.
    """

    binds: frozenset[str]
    sets: frozenset[str]
    now: frozenset[str]
    uses: frozenset[str]
    mentions: frozenset[str]
    chains: frozenset[tuple[str, ...]]
    imports: tuple[Import, ...]
    size: int
    scopes: int
    depth: int

    @property
    def reaches(self) -> frozenset[str]:
        """Every name of the module that the statement may look up."""
        return self.uses | self.mentions


@dataclass
class Scope:
    """``kind`` is module, class, function or comprehension; ``now``: runs while importing.

    ``outer``: names that are bound further out; ``declared``: those that are the module's.
    """

    kind: str
    parent: Scope | None
    now: bool
    depth: int = 0
    bound: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    outer: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)


def names(statement: ast.stmt, *, deferred: bool) -> Names:
    """The names of a top-level statement; ``deferred``: annotations are not evaluated."""
    return Survey(deferred or sys.version_info >= (3, 14)).take(statement)


class Survey:
    """One pass over a statement; who wants to see more than its names extends it."""

    def __init__(self, deferred: bool) -> None:
        self._deferred = deferred
        self._module = Scope("module", None, now=True)
        self._later = Scope("function", self._module, now=False)
        self._scopes = [self._module, self._later]
        self._stack: list[tuple[ast.AST, Scope]] = []
        self._mentions: set[str] = set()
        self._chains: set[tuple[str, ...]] = set()
        self._imports: list[Import] = []
        self._depth = 0

    def take(self, statement: ast.stmt) -> Names:
        """The names of the statement."""
        self._stack.append((statement, self._module))
        size = 0
        while self._stack and size <= MAX_NODES:
            node, scope = self._stack.pop()
            size += 1
            self._visit(node, scope)
        if "__all__" in self._module.bound:
            self._mention_strings(statement)
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            self._mention_types(statement.value)
        sets, now, uses = self._resolve()
        return Names(
            frozenset(self._module.bound),
            frozenset(sets),
            frozenset(now),
            frozenset(uses),
            frozenset(self._mentions),
            frozenset(self._chains),
            tuple(sorted(self._imports, key=lambda one: one.line)),
            size,
            len(self._scopes) - 2,
            self._depth,
        )

    def _push(self, scope: Scope, *nodes: ast.AST | None) -> None:
        self._stack.extend((node, scope) for node in nodes if node is not None)

    def _enter(self, kind: str, parent: Scope, *, now: bool) -> Scope:
        scope = Scope(kind, parent, now=now, depth=parent.depth + 1)
        self._depth = max(self._depth, scope.depth)
        self._scopes.append(scope)
        return scope

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Name():
                self._name(node, scope)
            case ast.Attribute():
                self._attribute(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node, scope)
            case ast.ClassDef():
                self._class(node, scope)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, scope)
            case _:
                self._binding(node, scope)

    def _binding(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self._walrus(name, scope)
                self._push(scope, value)
            case ast.Global(names=given):
                scope.declared.update(given)
            case ast.Nonlocal(names=given):
                scope.outer.update(given)
            case ast.Import() | ast.ImportFrom():
                self._import(node, scope)
            case ast.AnnAssign():
                self._annotation(node.annotation, scope)
                self._push(scope, node.target, node.value)
            case _:
                self._bind_plain(node, scope)
                self._push(scope, *ast.iter_child_nodes(node))

    def _bind_plain(self, node: ast.AST, scope: Scope) -> None:
        """Handlers, patterns and type parameters keep the name they bind in a string."""
        given = getattr(node, "rest", None) if isinstance(node, ast.MatchMapping) else None
        if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            given = node.name
        elif type(node).__name__ in {"TypeVar", "ParamSpec", "TypeVarTuple"}:
            given = node.name  # type: ignore[attr-defined]  # of Python 3.12
        if given is not None:
            scope.bound.add(given)

    def _name(self, node: ast.Name, scope: Scope) -> None:
        if not isinstance(node.ctx, ast.Store):
            scope.loaded.add(node.id)
            self._chains.add((node.id,))
        if not isinstance(node.ctx, ast.Load):
            scope.bound.add(node.id)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        parts: list[str] = []
        value: ast.expr = node
        while isinstance(value, ast.Attribute):
            parts.append(value.attr)
            value = value.value
        if isinstance(value, ast.Name):
            scope.loaded.add(value.id)
            self._chains.add((value.id, *parts[: -_CHAIN - 1 : -1]))
        else:
            self._push(scope, value)

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope
    ) -> None:
        arguments = node.args
        defaults = (*arguments.defaults, *arguments.kw_defaults)
        self._push(scope, *defaults)
        outside = scope
        if not isinstance(node, ast.Lambda):
            scope.bound.add(node.name)
            self._push(scope, *node.decorator_list)
            outside = self._parameters_of_type(node, scope)
            self._annotation(node.returns, outside)
        inside = self._enter("function", outside, now=False)
        for one in _arguments(arguments):
            inside.bound.add(one.arg)
            self._annotation(one.annotation, outside)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        self._push(inside, *body)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        scope.bound.add(node.name)
        self._push(scope, *node.decorator_list)
        outside = self._parameters_of_type(node, scope)
        self._push(outside, *node.bases, *node.keywords)
        self._push(self._enter("class", outside, now=scope.now), *node.body)

    def _parameters_of_type(self, node: ast.AST, scope: Scope) -> Scope:
        given: list[ast.AST] = getattr(node, "type_params", [])
        if not given:
            return scope
        inner = self._enter("function", scope, now=scope.now)
        self._push(inner, *given)
        return inner

    def _comprehension(self, node: ast.AST, scope: Scope) -> None:
        assert isinstance(node, _COMPREHENSIONS)
        inner = self._enter("comprehension", scope, now=scope.now)
        first, *rest = node.generators
        self._push(scope, first.iter)
        self._push(inner, first.target, *first.ifs, *rest)
        if isinstance(node, ast.DictComp):
            self._push(inner, node.key, node.value)
        else:
            self._push(inner, node.elt)

    def _walrus(self, name: str, scope: Scope) -> None:
        self._chains.add((name,))
        owner: Scope = scope
        while owner.kind == "comprehension" and owner.parent is not None:
            owner = owner.parent
        owner.bound.add(name)
        if owner is not scope:
            scope.outer.add(name)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                one = Import(alias.name, None, alias.asname, 0, node.lineno)
            else:
                module = node.module or ""
                one = Import(module, alias.name, alias.asname, node.level, node.lineno)
            self._imports.append(one)
            scope.bound.add(one.bound)

    def _annotation(self, node: ast.expr | None, scope: Scope) -> None:
        if node is None:
            return
        self._mention_strings(node)
        later = self._deferred and scope.kind != "function"
        self._push(self._later if later else scope, node)

    def _mention_types(self, node: ast.AST) -> None:
        """The strings of what may be a type: ``Optional["_P"]``, ``NewType("T", "_P")``."""
        for one in ast.walk(node):
            if isinstance(one, ast.Subscript):
                self._mention_strings(one.slice)
            elif isinstance(one, ast.Call) and _last(one.func) in _TYPE_MAKERS:
                self._mention_strings(one)

    def _mention_strings(self, node: ast.AST) -> None:
        for one in ast.walk(node):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                self._mentions.update(_WORD.findall(one.value))

    def _resolve(self) -> tuple[set[str], set[str], set[str]]:
        """Pass the free names of each scope outwards, innermost first."""
        sets: set[str] = set()
        now: set[str] = set()
        uses: set[str] = set()
        for scope in reversed(self._scopes[1:]):
            assert scope.parent is not None
            own = scope.bound - scope.declared - scope.outer
            sets |= scope.bound & scope.declared
            if scope.kind == "class":
                self._mentions |= scope.loaded & own  # ``x = x`` in a class reads the outer x
                free = (scope.loaded - own) | (scope.free - {"__class__"})
            else:
                free = (scope.loaded | scope.free) - own
            uses |= free & scope.declared
            if scope.now:
                now |= scope.loaded - own
            scope.parent.free |= free - scope.declared
        top = self._module
        return sets, (now & (uses | top.free)) | top.loaded, uses | top.loaded | top.free


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _arguments(given: ast.arguments) -> Iterator[ast.arg]:
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)
    yield from (one for one in (given.vararg, given.kwarg) if one is not None)
