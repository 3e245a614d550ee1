"""Is this the same function again? Names, docstrings, comments and layout aside."""

from __future__ import annotations

import ast
from functools import lru_cache

from fnopt.library.fingerprint import fingerprint, without_docstring
from fnopt.library.function import Function, definition
from fnopt.library.module import read_module
from fnopt.records import Fault

DRAFT = "draft.py"


def likeness(code: str) -> str | None:
    """A digest that two functions share when they differ in name and docstring alone.

    ``code`` is a module with one public function; None when it is not.
    """
    module = read_module(DRAFT, code.encode("utf-8", "replace"))
    if isinstance(module, Fault):
        return None
    functions = [
        node
        for node in module.tree().body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_"
    ]
    if len(functions) != 1:
        return None
    return fingerprint(without_docstring(functions[0]), called=functions[0].name)


@lru_cache(maxsize=20_000)
def shape(function: Function) -> str:
    """The same digest of a function that was read."""
    node = definition(function.source)
    return fingerprint(without_docstring(node), called=function.name)
