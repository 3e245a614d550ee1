"""Is there anything in a function that no call can use?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from fnopt.library.module import Module
from fnopt.library.rules.registry import Settings, fault, rule
from fnopt.library.rules.signatures import definitions, parameters
from fnopt.library.twin import is_stub
from fnopt.records import Fault

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ALL_NAMES = frozenset({"locals", "vars", "eval", "exec", "dir"})
_LEAVES = frozenset({"exit", "_exit", "abort"})


@rule("unused-argument", "Every parameter is used.")
def _unused_argument(module: Module, _: Settings) -> Iterator[Fault]:
    for node in definitions(module):
        if node.decorator_list or is_stub(node):
            continue  # a decorator may want them, and a stub promises
        used = {one.id for part in node.body for one in ast.walk(part) if isinstance(one, ast.Name)}
        names = [one.arg for one in parameters(node) if not one.arg.startswith("_")]
        idle = [name for name in names if name not in used]
        if idle and not used & _ALL_NAMES:
            message = f"{node.name} does not use {', '.join(idle)}"
            mend = "Drop the parameter, or use it: an agent will try to find a value for it."
            yield fault(module, "unused-argument", node.name, node.lineno, message, mend)


@rule("unreachable-code", "No statement stands behind one that always leaves.")
def _unreachable(module: Module, _: Settings) -> Iterator[Fault]:
    for node in definitions(module):
        line = _first_unreachable(node)
        if line:
            message = f"{node.name} never gets to line {line}"
            mend = "Drop what stands behind return, raise, break or continue."
            yield fault(module, "unreachable-code", node.name, line, message, mend)


def _first_unreachable(node: ast.AST) -> int:
    """The first line of a block behind a statement that always leaves it; 0 if there is none."""
    found = 0
    for one in ast.walk(node):
        for block in _blocks(one):
            for statement, following in pairwise(block):
                if _leaves(statement) and not _makes_generator(following):
                    found = min(found or following.lineno, following.lineno)
                    break
    return found


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


def _leaves(statement: ast.stmt) -> bool:
    """Whether nothing behind the statement can run, as far as can be told without depth."""
    match statement:
        case ast.If(body=body, orelse=orelse) if orelse:
            return isinstance(body[-1], _ENDS) and isinstance(orelse[-1], _ENDS)
        case ast.While(test=ast.Constant(value=value), orelse=[]) if value:
            return not _breaks(statement)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="sys"), attr=name))):
            return name in _LEAVES
    return isinstance(statement, _ENDS)


def _breaks(loop: ast.While) -> bool:
    """Whether a ``break`` within belongs to this loop, or to one that might be it."""
    return any(isinstance(one, ast.Break) for one in ast.walk(loop))


def _makes_generator(statement: ast.stmt) -> bool:
    """``return`` and a bare ``yield`` behind it: the idiom for a generator that gives nothing."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield)
