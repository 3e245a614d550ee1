"""``from __future__ import …``: what does nothing any more, and what may go again."""

from __future__ import annotations
import __future__

import ast

from fnopt.library.module import Module, Statement
from fnopt.library.prune import Cut, pruned
from fnopt.library.rules.imports import undefined
from fnopt.records import Fault

IDLE = frozenset(__future__.all_feature_names) - {"annotations", "barry_as_FLUFL"}
"""The features that every Python 3 has by itself."""


_READERS = (b"TYPE_CHECKING", b"__annotations__", b"get_annotations", b"get_type_hints")


def is_idle(one: Statement) -> bool:
    """Whether the statement asks for nothing that is not there anyhow."""
    return one.kind == "future" and all(alias.name in IDLE for alias in one.names.imports)


def without_annotations(module: Module, came: frozenset[object]) -> Module:
    """The module without ``from __future__ import annotations``, if that ``came`` and is idle.

    It is needed where an annotation names what is defined further down, or is more than a type.
    """
    places = [
        i
        for i, one in enumerate(module.statements)
        if one.kind == "future" and one.alone and {alias.key for alias in one.names.imports} <= came
    ]
    if not places or any(word in module.text.body for word in _READERS) or not _is_plain(module):
        return module
    after = pruned(module, Cut(frozenset(places), {}))
    if isinstance(after, Fault):
        return module
    return module if any(undefined(after)) else after


def _is_plain(module: Module) -> bool:
    """Whether every annotation is one that can only be evaluated to a type: names and brackets."""
    found: list[ast.expr | None] = []
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.AnnAssign | ast.arg):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.returns)
    return all(_is_part(part) for one in found if one for part in ast.walk(one))


def _is_part(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None or node.value is ...
    return isinstance(node, _PARTS)


_PARTS = (ast.Name, ast.Subscript, ast.Tuple, ast.List, ast.BinOp, ast.BitOr, ast.expr_context)
