"""The words that a function tells one case from another by, as its source compares them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

MOST = 6  # words of one parameter
_WORD = re.compile(r"[A-Za-z][A-Za-z_\- ]+")
_SAME = frozenset({"lower", "upper", "casefold", "strip", "title"})


def choices(source: str) -> Mapping[str, tuple[str, ...]]:
    """For each parameter of the function that ``source`` defines: the words that it is compared
    with (``order == "desc"``, ``order in ("asc", "desc")``, ``match order``), when there are two or
    more, the default among them; nothing for code that cannot be read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef)
    node = next((one for one in tree.body if isinstance(one, definitions)), None)
    if node is None:
        return {}
    found: dict[str, list[str]] = {
        one.arg: _words(default) for one, default in _with_defaults(node.args)
    }
    for part in ast.walk(node):
        for name, words in _compared(part):
            if name in found:
                found[name] += words
    distinct = {name: tuple(dict.fromkeys(words))[:MOST] for name, words in found.items()}
    return {name: words for name, words in distinct.items() if len(words) > 1}


def _with_defaults(given: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    plain = [*given.posonlyargs, *given.args]
    none: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults))
    yield from zip(plain, [*none, *given.defaults], strict=True)
    yield from zip(given.kwonlyargs, given.kw_defaults, strict=True)


def _compared(node: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Names and what they are compared with here."""
    if isinstance(node, ast.Compare):
        for one, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
            yield _name(one), _words(other)
    elif isinstance(node, ast.Match):
        patterns = [part for case in node.cases for part in ast.walk(case.pattern)]
        values = [one.value for one in patterns if isinstance(one, ast.MatchValue)]
        yield _name(node.subject), [word for value in values for word in _words(value)]


def _name(node: ast.expr) -> str:
    """The name that an expression is, up to letter case and white space."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _name(node.func.value) if node.func.attr in _SAME else ""
    return node.id if isinstance(node, ast.Name) else ""


def _words(node: ast.expr | None) -> list[str]:
    """The words that an expression is made of, alone or in a tuple, list or set."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return [word for one in node.elts for word in _words(one)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if _WORD.fullmatch(node.value) else []
    return []
