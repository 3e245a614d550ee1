"""New code takes the indentation of the file that it comes into: tabs, or so many spaces."""

from __future__ import annotations

import ast

from fnopt.library.concrete import anchored
from fnopt.library.fingerprint import fingerprint
from fnopt.library.module import Module, module_of
from fnopt.library.source import Text

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def like(draft: Module, module: Module, name: str | None = None) -> Module:
    """The draft with the indentation of the function ``name``, else of the module's last.

    It stays as it is where that would change what it means, or where nothing shows an indentation.
    """
    theirs = _unit(module, name) or _unit(module, None)
    ours = _unit(draft, None)
    if not theirs or not ours or theirs == ours:
        return draft
    body = _indented(draft, ours, theirs)
    after = module_of(Text(body), draft.path)
    if not isinstance(after, Module) or _meaning(after) != _meaning(draft):
        return draft
    concrete = anchored(after)
    return concrete if isinstance(concrete, Module) and concrete.concrete else draft


def _unit(module: Module, name: str | None) -> bytes | None:
    """What stands before the body of a definition on the top level; the last that shows it."""
    found = None
    for node in module.tree().body:
        if isinstance(node, _DEFINITIONS) and name in (None, node.name):
            first = node.body[0]
            line = module.text.line(first.lineno)[: first.col_offset]
            decorated = getattr(first, "decorator_list", [])
            if not line.strip() and line and not decorated:
                found = line
    return found


def _indented(draft: Module, ours: bytes, theirs: bytes) -> bytes:
    fixed = _within_strings(draft)
    lines = draft.text.body.splitlines(keepends=True)
    return b"".join(
        line if number in fixed else _line(line, ours, theirs)
        for number, line in enumerate(lines, 1)
    )


def _line(line: bytes, ours: bytes, theirs: bytes) -> bytes:
    levels = 0
    while line.startswith(ours, levels * len(ours)):
        levels += 1
    return theirs * levels + line[levels * len(ours) :]


def _within_strings(draft: Module) -> set[int]:
    """The lines that begin inside a string; docstrings aside, whose indentation is no part."""
    found: set[int] = set()
    docs: set[int] = set()
    for node in ast.walk(draft.tree()):
        if isinstance(node, ast.Constant | ast.JoinedStr):
            found |= set(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
        if isinstance(node, _DEFINITIONS) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            docs |= set(range(first.lineno + 1, (first.end_lineno or first.lineno) + 1))
    return found - docs


def _meaning(module: Module) -> str:
    """A fingerprint for which white space in docstrings does not count."""
    tree = ast.parse(module.text.body.decode("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, _DEFINITIONS):
            doc = ast.get_docstring(node, clean=False)
            first = node.body[0]
            if doc is not None and isinstance(first, ast.Expr):
                first.value = ast.Constant(" ".join(doc.split()))
    return fingerprint(tree)
