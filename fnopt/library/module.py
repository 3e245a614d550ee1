"""A module as its top-level statements, each with its bytes, its names and what it imports."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import PurePosixPath
from typing import Literal

from fnopt.library.importing import Effect, effect, is_main_guard
from fnopt.library.scope import MAX_DEPTH, MAX_NODES, MAX_SCOPES, Import, Names, names
from fnopt.library.source import Text, decode, parse, too_deep
from fnopt.records import Fault

Kind = Literal[
    "docstring", "future", "import", "function", "overload", "class", "constant", "guard", "other"
]
GIVEN = frozenset(dir(builtins)) | {"__file__", "__path__", "__builtins__", "__annotations__"}
"""Names that every module has without defining them."""

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=]")
_DYNAMIC = frozenset(
    {"globals", "locals", "vars", "eval", "exec", "compile", "builtins", "__builtins__", "__doc__"}
)
_LOADERS = frozenset({"__import__", "importlib", "import_module", "runpy", "pkgutil"})
_SELF = frozenset({"__file__", "__path__", "__spec__", "__loader__"})


@dataclass(frozen=True)
class Statement:
    """One top-level statement: ``body[start:end]``; from ``above`` on with the comments above it.

    ``end`` lies behind the line's end, and behind indented comments that follow. ``line`` is that
    of ``def``. ``alone``: no other statement shares its lines. ``name``: what a ``def`` defines.
    """

    kind: Kind
    name: str
    above: int
    start: int
    end: int
    line: int
    last: int
    names: Names
    effect: Effect
    alone: bool

    @property
    def is_public(self) -> bool:
        """Whether it is what the library offers: a ``def`` without a leading underscore."""
        return self.kind == "function" and not self.name.startswith("_")

    @property
    def dynamic(self) -> bool:
        """Whether it may look up any name of its module."""
        return bool(self.names.uses & _DYNAMIC) or self.far

    @property
    def far(self) -> bool:
        """Whether it may read any module of the library."""
        return self.loads or bool(self.names.uses & _SELF)

    @property
    def loads(self) -> bool:
        """Whether it may import any module of the library, by a name made at run time."""
        if self.names.uses & _LOADERS or ("sys", "modules") in self.names.chains:
            return True
        return any(one.module in _LOADERS or one.name in _LOADERS for one in self.names.imports)


@dataclass(frozen=True, eq=False)
class Module:
    """A module that could be read. ``name`` is dotted, from the path.

    ``concrete``: libcst found the spans of its statements, and gives its text back as it is.
    """

    path: str
    name: str
    text: Text
    statements: tuple[Statement, ...]
    concrete: bool = False

    @property
    def is_package(self) -> bool:
        """Whether it is an ``__init__.py``."""
        return PurePosixPath(self.path).name == "__init__.py"

    @property
    def package(self) -> str:
        """The dotted name that relative imports start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @cached_property
    def bound(self) -> Mapping[str, tuple[int, ...]]:
        """Every name of the module with the indices of the statements that bind it."""
        found: dict[str, list[int]] = {}
        for index, statement in enumerate(self.statements):
            for name in statement.names.binds | statement.names.sets:
                found.setdefault(name, []).append(index)
        return {name: tuple(indices) for name, indices in found.items()}

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """What its statements import, anywhere in them; each once."""
        every = (one for statement in self.statements for one in statement.names.imports)
        return tuple(dict.fromkeys(every))

    @cached_property
    def starred(self) -> bool:
        """Whether names come in by ``from … import *``."""
        return "*" in self.bound

    def source(self, statement: Statement, *, comments: bool = False) -> bytes:
        """The statement's bytes, on request with the comments directly above."""
        return self.text.body[statement.above if comments else statement.start : statement.end]

    def reach(self, starts: Iterable[int], without: frozenset[int] = frozenset()) -> set[int]:
        """The statements that those at ``starts`` may need, themselves included."""
        pending = [index for index in starts if index not in without]
        reached = set(pending)
        while pending:
            for index in self.needs(pending.pop()):
                if index not in reached and index not in without:
                    reached.add(index)
                    pending.append(index)
        return reached

    def needs(self, index: int) -> set[int]:
        """The statements that bind a name which the statement may look up."""
        statement = self.statements[index]
        if statement.dynamic:
            return set(range(len(self.statements)))
        wanted = statement.names.reaches
        return {place for name in wanted for place in self.bound.get(name, ())} | {
            place for place in self.bound.get("*", ()) if wanted - self.bound.keys()
        }

    def tree(self) -> ast.Module:
        """The syntax tree, parsed anew: keeping those of a whole library would fill the memory."""
        return _tree(self.text)


@lru_cache(maxsize=32)
def _tree(text: Text) -> ast.Module:
    tree = parse(text, "")
    assert isinstance(tree, ast.Module), "BUG: a module that was read parses"
    return tree


@lru_cache(maxsize=20_000)
def read_module(path: str, data: bytes) -> Module | Fault:
    """The module, or the fault that makes the file unreadable. Nothing is imported."""
    text = decode(data, path)
    if isinstance(text, Fault):
        return text
    return module_of(text, path)


def module_of(text: Text, path: str) -> Module | Fault:
    """The module of a text that is decoded already."""
    tree = parse(text, path)
    if isinstance(tree, Fault):
        return tree
    deferred = any(_is_future(one) for one in tree.body)
    if deferred and b"barry_as_FLUFL" in text.body:  # its statements do not parse on their own
        return Fault("syntax", f"{path} changes the syntax", "Drop that import.", file=path, line=1)
    if len(text.body) > MAX_NODES // 2 and _is_huge(tree):  # telling names takes longer
        return _too_much(path, tree.body[0].lineno)
    surveyed = _survey(tree, path, deferred=deferred)
    if isinstance(surveyed, Fault):
        return surveyed
    statements = tuple(_statements(text, tree.body, _lean(surveyed)))
    return Module(path, dotted_path(path), text, statements)


def _survey(tree: ast.Module, path: str, *, deferred: bool) -> list[Names] | Fault:
    """The names of every statement, as long as there are not too many to be compiled in time."""
    surveyed: list[Names] = []
    size = scopes = len(tree.body)
    for one in tree.body:
        found = names(one, deferred=deferred)
        size, scopes = size + found.size, scopes + found.scopes
        if found.depth > MAX_DEPTH:
            return too_deep(path, one.lineno)
        if size > MAX_NODES or scopes > MAX_SCOPES:
            return _too_much(path, one.lineno)
        surveyed.append(found)
    return surveyed


def _is_huge(tree: ast.Module) -> bool:
    return sum(1 for _ in islice(ast.walk(tree), MAX_NODES + 1)) > MAX_NODES


def _too_much(path: str, line: int) -> Fault:
    message = f"{path} holds more code than can be read in time"
    return Fault("size", message, "Split the file, or move its data out.", file=path, line=line)


def dotted_path(path: str) -> str:
    """``functions/dates.py`` → ``functions.dates``; a package's ``__init__.py`` is the package."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _lean(surveyed: list[Names]) -> list[Names]:
    """Drop the chains that do not start at an imported name: nobody asks for them."""
    roots = {one.bound for found in surveyed for one in found.imports} | {"sys"}
    return [
        replace(found, chains=frozenset(one for one in found.chains if one[0] in roots))
        for found in surveyed
    ]


def _statements(text: Text, body: list[ast.stmt], surveyed: list[Names]) -> Iterable[Statement]:
    own = _own_names(surveyed)
    for index, node in enumerate(body):
        before = body[index - 1].end_lineno or 0 if index else 0
        after = body[index + 1].lineno if index + 1 < len(body) else None
        yield _statement(text, node, surveyed[index], own, before, after)


def _own_names(surveyed: list[Names]) -> frozenset[str]:
    """Names that the module gives a meaning of its own (imports of the standard library aside)."""
    own: set[str] = set()
    for found in surveyed:
        foreign = {one.bound for one in found.imports if _is_standard(one.module, one.level)}
        own |= (found.binds | found.sets) - foreign
    return frozenset(own - {"np", "numpy", "sympy", "sp"})


def _is_standard(module: str, level: int) -> bool:
    return level == 0 and module.partition(".")[0] in sys.stdlib_module_names


def _statement(
    text: Text, node: ast.stmt, found: Names, own: frozenset[str], before: int, after: int | None
) -> Statement:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = decorators[0].lineno if decorators else node.lineno
    column = 0 if decorators else node.col_offset
    last = node.end_lineno or node.lineno
    start = text.offset(first, column)
    if decorators:
        start = text.body.index(b"@", start)
    shared = before >= first or (after is not None and after <= last)
    end = text.offset(last, node.end_col_offset or 0)
    end = end if shared else _line_end(text, end, last, after)
    kind = _kind(node)
    above = start if shared or kind == "docstring" else _comments_above(text, first, before, start)
    name = node.name if kind in ("function", "overload", "class") else ""  # type: ignore[attr-defined]
    return Statement(
        kind, name, above, start, end, node.lineno, last, found, effect(node, own), not shared
    )


def _line_end(text: Text, end: int, last: int, after: int | None) -> int:
    """Behind the last line, and behind indented comments that still belong to the block."""
    lines = len(text.starts) - 1
    rest = text.body[end : text.starts[last]]
    while last < lines and b"#" not in rest and rest.rstrip(b"\r\n").endswith(b"\\"):
        rest = text.line(last + 1)
        if rest.strip(b" \t\f\r\n\\") and not rest.lstrip(b" \t\f").startswith(b"#"):
            break
        last += 1  # a continuation of nothing: without the line below it would not parse
    end = last
    for number in range(last + 1, after or lines + 1):
        line = text.line(number)
        if line[:1] in (b" ", b"\t") and line.lstrip().startswith(b"#"):
            end = number
        elif line.strip():
            break
    return text.starts[end]


def _comments_above(text: Text, first: int, before: int, start: int) -> int:
    """Where the comment lines directly above begin, a file's own first lines aside."""
    number = first
    while number - 1 > before and text.line(number - 1).startswith(b"#"):
        if is_preamble(text, number - 1):
            break
        number -= 1
    return start if number == first else text.starts[number - 1]


def is_preamble(text: Text, number: int) -> bool:
    """Whether the line is for the system or for Python's reader: ``#!``, or the encoding."""
    line = text.line(number)
    shebang = number == 1 and line.startswith(b"#!")
    return shebang or (number <= 2 and bool(_CODING.match(line)))


def _kind(node: ast.stmt) -> Kind:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return "overload" if _is_overload(node) else "function"
        case ast.ClassDef():
            return "class"
        case ast.ImportFrom(module="__future__"):
            return "future"
        case ast.Import() | ast.ImportFrom():
            return "import"
        case ast.Expr(value=ast.Constant()):
            return "docstring"
        case ast.If() if is_main_guard(node):
            return "guard"
    return "constant" if _binds_only(node) else "other"


def _binds_only(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        targets = [inner for target in node.targets for inner in _targets(target)]
        return all(isinstance(one, ast.Name) for one in targets)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name)
    return type(node).__name__ == "TypeAlias"


def _targets(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple | ast.List) else [node]


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for one in node.decorator_list:
        if (isinstance(one, ast.Name) and one.id == "overload") or (
            isinstance(one, ast.Attribute) and one.attr == "overload"
        ):
            return True
    return False


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
