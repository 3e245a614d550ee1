"""Is a function small enough to be understood?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fnopt.library.module import Module
from fnopt.library.rules.registry import Settings, fault, rule
from fnopt.library.rules.signatures import definitions
from fnopt.records import Fault

_BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.Assert,
    ast.comprehension,
    ast.match_case,
)


@rule("length", "A function has at most `max_lines` lines.", "warning")
def _size(module: Module, settings: Settings) -> Iterator[Fault]:
    for node in definitions(module):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > settings.max_lines:
            message = f"{node.name} has {lines} lines, more than {settings.max_lines}"
            mend = "Split it: private helpers, or functions that call each other."
            yield fault(module, "length", node.name, node.lineno, message, mend)


@rule("complexity", "McCabe's complexity is at most `max_complexity`.", "warning")
def _complexity(module: Module, settings: Settings) -> Iterator[Fault]:
    for node in definitions(module):
        found = complexity(node)
        if found > settings.max_complexity:
            message = f"{node.name} has a complexity of {found}, over {settings.max_complexity}"
            mend = "Split it: private helpers, or functions that call each other."
            yield fault(module, "complexity", node.name, node.lineno, message, mend)


def complexity(node: ast.AST) -> int:
    """McCabe's number: one more than the decisions, operands of ``and`` and ``or`` included."""
    nodes = list(ast.walk(node))
    decisions = sum(isinstance(one, _BRANCHES) for one in nodes)
    operands = (len(one.values) - 1 for one in nodes if isinstance(one, ast.BoolOp))
    return 1 + decisions + sum(operands)
