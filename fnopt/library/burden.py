"""Is a text light enough for libcst? What would overflow it or hold it for long never reaches it.

Measured on libcst 1.9: brackets in the pattern of a ``case`` or behind ``del`` cost four times as
much a level; a chain of a few hundred operators, calls, literals or dots exhausts its stack, a
chain of thousands ends the process. All that passes here is read in about a second.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from fnopt.library.source import Text, too_deep
from fnopt.records import Fault

MAX_NESTING = 96
"""Levels of the syntax tree, a chain's links included; the standard library has 32."""

MAX_RUN = 96
"""String literals, or parts of a dotted module name, in a row."""

MAX_BRACKETS = 6
"""Brackets within brackets in the pattern of a ``case`` or behind ``del``."""

MAX_TOKENS = 40_000
"""Tokens, comments and blank lines included: some 8,000 lines."""

_STRINGS = frozenset({tokenize.STRING, getattr(tokenize, "FSTRING_START", -1)})
_STRING_ENDS = frozenset({tokenize.STRING, getattr(tokenize, "FSTRING_END", -1)})
_DOTTED = (ast.ImportFrom, ast.alias)
_SILENT = frozenset({tokenize.NL, tokenize.COMMENT})


def burden(text: Text, tree: ast.Module, path: str) -> Fault | None:
    """The fault of a text that is too much for libcst, with its place; None when it may pass."""
    kinds = _kinds(tree)
    if kinds is None:
        return too_deep(path, _deep(tree))
    matches = ast.Match in kinds
    try:
        return _tokens(text, path, frozenset({"del", "case"} if matches else {"del"}))
    except (tokenize.TokenError, SyntaxError) as error:
        message = f"{path} cannot be split into tokens: {error.args[0]}"
        return Fault("cst", message, "Write each statement on lines of its own.", file=path)


def _kinds(tree: ast.Module) -> set[type[ast.AST]] | None:
    """What kinds of nodes there are; None where the tree nests too deep. Level by level: fast."""
    kinds: set[type[ast.AST]] = set()
    level: list[ast.AST] = [tree]
    for _ in range(MAX_NESTING + 1):
        kinds.update(map(type, level))
        if any(_dots(node) > MAX_RUN for node in level if isinstance(node, _DOTTED)):
            return None
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return None if level else kinds


def _deep(tree: ast.Module) -> int:
    """The line of what nests too deep, or 0; with an own stack, as nothing else is safe."""
    stack: list[tuple[ast.AST, int, int]] = [(tree, 0, 1)]
    while stack:
        node, depth, line = stack.pop()
        line = getattr(node, "lineno", line)
        if depth > MAX_NESTING or _dots(node) > MAX_RUN:
            return line
        stack += [(child, depth + 1, line) for child in ast.iter_child_nodes(node)]
    return 0


def _dots(node: ast.AST) -> int:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").count(".")
    return node.name.count(".") if isinstance(node, ast.alias) else 0


def _tokens(text: Text, path: str, watched: frozenset[str]) -> Fault | None:
    brackets = _Brackets(watched)
    strings = _Strings()
    for count, one in enumerate(_read(text)):
        if count > MAX_TOKENS:
            message = f"{path} is too long to be edited: more than {MAX_TOKENS:,} tokens"
            return Fault("too-complex", message, "Split it.", file=path, line=one.start[0])
        if brackets.take(one) > MAX_BRACKETS or strings.take(one) > MAX_RUN:
            return too_deep(path, one.start[0])
    return None


def _read(text: Text) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(text.body.decode("utf-8"), newline=None).readline)


class _Brackets:
    """How deep brackets nest where each level multiplies the work: patterns and ``del``."""

    def __init__(self, watched: frozenset[str]) -> None:
        self._watched = watched
        self._depth = 0
        self._within = False

    def take(self, one: tokenize.TokenInfo) -> int:
        """The depth after this token; 0 where it does not matter."""
        if one.type == tokenize.OP and one.string in "([{":
            self._depth += 1
        elif one.type == tokenize.OP and one.string in ")]}":
            self._depth -= 1
        elif one.type == tokenize.NEWLINE or (self._depth == 0 and one.string in (";", ":")):
            self._within = False
        elif self._depth == 0 and one.type == tokenize.NAME and one.string in self._watched:
            self._within = True
        return self._depth if self._within else 0


class _Strings:
    """How many string literals stand in a row; those inside an f-string are counted apart."""

    def __init__(self) -> None:
        self._rows = [0]
        self._ended = False

    def take(self, one: tokenize.TokenInfo) -> int:
        """The length of the row that this token belongs to; 0 for what is no string."""
        if one.type in _SILENT:
            return 0
        begins, ends = one.type in _STRINGS, one.type in _STRING_ENDS
        if ends and not begins:
            self._rows.pop()
        if begins:
            self._rows[-1] = self._rows[-1] + 1 if self._ended else 1
        row = self._rows[-1] if begins else 0
        if begins and not ends:
            self._rows.append(0)
        self._ended = ends
        return row
