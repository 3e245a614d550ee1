"""When do two pieces of code mean the same? Trees compared without places, comments and quoting.

Written with an own stack: ``ast.dump`` overflows on a chain of a few hundred operators.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from fnopt.library.source import Text, parse

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAMING = (
    ast.Name,
    ast.arg,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
)
_AS_THEY_ARE: Mapping[str, str] = MappingProxyType({})
_IGNORED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def fingerprint(
    node: ast.AST,
    *,
    called: str | None = None,
    docstrings: bool = True,
    renamed: Mapping[str, str] = _AS_THEY_ARE,
) -> str:
    """A digest of the tree; with ``called`` every name that equals it counts as one and the same.

    Positions, comments, quoting and the ``u`` prefix do not count; docstrings do if they shall.
    ``renamed``: what local names count as.
    """
    digest = hashlib.sha256()
    stack: list[object] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, ast.AST):
            fields = [(name, getattr(one, name, None)) for name in one._fields]
            if not docstrings and isinstance(one, _DOCUMENTED):
                fields = [(name, _code(one) if name == "body" else of) for name, of in fields]
            if renamed and isinstance(one, _NAMING):
                fields = [(name, _called(of, renamed)) for name, of in fields]
            kept = [value for name, value in fields if name not in _IGNORED]
            digest.update(f"({type(one).__name__}:{len(kept)}".encode())
            stack.extend(reversed(kept))
        elif isinstance(one, list):
            digest.update(f"[{len(one)}".encode())
            stack.extend(reversed(one))
        else:
            digest.update(_primitive("" if called and one == called else one))
    return digest.hexdigest()


@lru_cache(maxsize=20_000)
def of_source(source: bytes, *, docstrings: bool = True) -> str:
    """The fingerprint of source that parses; of its bytes where it does not stand alone."""
    tree = parse(Text(source), "")
    if isinstance(tree, ast.AST):
        return fingerprint(tree, docstrings=docstrings)
    return hashlib.sha256(source).hexdigest()


def without_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
    """A copy of the definition whose body does not open with a docstring."""
    copied = copy.copy(node)
    copied.body = _code(node)
    return copied


def _code(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.stmt]:
    """The body behind the docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def local_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    """The names that are bound within a function, each with the number of its first place.

    What it declares ``global`` or ``nonlocal`` is not its own.
    """
    found: dict[str, str] = {}
    foreign: set[str] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Global | ast.Nonlocal):
            foreign.update(one.names)
        elif one is not node and (name := _bound(one)):
            found.setdefault(name, f"<{len(found)}>")
    return {name: number for name, number in found.items() if name not in foreign}


def _bound(node: ast.AST) -> str | None:
    """The name that a piece of syntax binds, if it binds one."""
    match node:
        case ast.Name(ctx=ast.Store()):
            return node.id
        case ast.arg():
            return node.arg
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
            return node.name
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return node.name
    return None


def _called(value: object, renamed: Mapping[str, str]) -> object:
    return renamed.get(value, value) if isinstance(value, str) else value


def _primitive(value: object) -> bytes:
    """A type and a value; integers in hexadecimal, since long ones have no decimal ``repr``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"<int {value:x}>".encode()
    return f"<{type(value).__name__} {value!r}>".encode("utf-8", "backslashreplace")
