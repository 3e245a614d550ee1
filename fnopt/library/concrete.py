"""Where statements begin and end, as libcst has it: what edits are cut along.

:mod:`ast` reads a library, fast and safe. libcst, which keeps white space and comments, reads the
file that an edit changes, before and after, and the code that comes in. It is imported when the
first edit is applied: that takes 0.3 s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from fnopt.library.burden import burden
from fnopt.library.module import Module, Statement, is_preamble, read_module
from fnopt.library.scope import Import
from fnopt.library.source import Text, too_deep
from fnopt.records import Fault

if TYPE_CHECKING:
    import libcst as cst

_INDENTS = (" ", "\t")
_MEND = "Write it in plainer syntax."


@dataclass(frozen=True)
class _Span:
    """``body[start:end]`` is a statement; ``lines``: the blank and comment lines above it.

    ``shared``: others stand on its line.
    """

    start: int
    end: int
    name: str
    lines: tuple[tuple[int, cst.EmptyLine], ...] = ()
    shared: bool = False


@lru_cache(maxsize=32)
def anchored(module: Module) -> Module | Fault:
    """The module with the spans that libcst finds, and so marked as ``concrete``.

    A fault where libcst cannot or must not read it. Where it does not give the file back byte for
    byte (form feeds, lone carriage returns), the module stays as it was, with the spans of ast.
    """
    fault = burden(module.text, module.tree(), module.path)
    return fault or _anchored(module)


def readable(code: str) -> Module | None:
    """A draft as a module that libcst and :mod:`ast` can read, or None."""
    module = read_module("draft.py", code.encode("utf-8", "replace"))
    return None if isinstance(module, Fault) or isinstance(anchored(module), Fault) else module


def _anchored(module: Module) -> Module | Fault:
    import libcst

    try:
        tree = libcst.parse_module(module.text.body.decode("utf-8"))
        codes = [tree.code_for_node(one).encode("utf-8") for one in tree.body]
        if _code(tree, codes) != module.text.body:
            return module
        spans = list(_spans(tree, module.text.body, [len(one) for one in codes]))
    except libcst.ParserSyntaxError as error:
        return _fault(module.path, f"libcst cannot parse line {error.raw_line}", error.raw_line)
    except libcst.CSTValidationError as error:  # ``yield*a``: its nodes want a space there
        return _fault(module.path, str(error), None)
    except (RecursionError, MemoryError):
        return too_deep(module.path)
    names = [(one.name or None) for one in module.statements]
    if names != [(one.name or None) for one in spans]:
        return _fault(module.path, "its statements are not those of Python's parser", None)
    pairs = zip(module.statements, spans, strict=True)
    return replace(module, statements=tuple(_set(module, *pair) for pair in pairs), concrete=True)


def _code(tree: cst.Module, codes: Sequence[bytes]) -> bytes:
    """What ``tree.code`` is, of its statements' texts, which take long to make."""
    around = [
        b"".join(tree.code_for_node(one).encode("utf-8") for one in lines)
        for lines in (tree.header, tree.footer)
    ]
    code = b"".join((around[0], *codes, around[1]))
    end = tree.default_newline.encode("utf-8")
    return code if tree.has_trailing_newline else code.removesuffix(end)


def _fault(path: str, why: str, line: int | None) -> Fault:
    return Fault("cst", f"{path} cannot be edited safely: {why}", _MEND, file=path, line=line)


def _set(module: Module, statement: Statement, span: _Span) -> Statement:
    alone = statement.alone and not span.shared
    commented = alone and statement.kind != "docstring"
    above = _comments_above(module.text, span) if commented else span.start
    return replace(statement, above=above, start=span.start, end=span.end, alone=alone)


def _comments_above(text: Text, span: _Span) -> int:
    """Where the comment lines directly above begin, a file's own first lines aside."""
    above = span.start
    for start, line in reversed(span.lines):
        if line.comment is None or line.whitespace.value or _begins_file(text, start):
            break
        above = start
    return above


def _begins_file(text: Text, start: int) -> bool:
    return start in text.starts[:2] and is_preamble(text, text.starts.index(start) + 1)


def _spans(tree: cst.Module, body: bytes, sizes: Sequence[int]) -> Iterator[_Span]:
    """The spans of all statements in their order, small ones on one line included.

    ``sizes``: the bytes of each node of the tree's body.
    """
    import libcst

    leading = [one.leading_lines for one in tree.body]
    gaps = [*([*tree.header, *own] for own in leading[:1]), *leading[1:], tree.footer]
    at = 0
    for index, node in enumerate(tree.body):
        lines = tuple(_places(tree, gaps[index], at))
        start = at + _size(tree, *gaps[index])
        at = start + sizes[index] - _size(tree, *node.leading_lines)
        if isinstance(node, libcst.SimpleStatementLine) and len(node.body) > 1:
            yield from _small(tree, node, start)
        else:
            end = at + _indented(tree, gaps[index + 1])
            yield _Span(start, start + _length(body[start:end]), _name(node), lines)


def _length(source: bytes) -> int:
    """Without the white space on which a file ends: no line, and no statement's."""
    bare = source.rstrip(b" \t")
    return len(bare) if bare.endswith((b"\n", b"\r")) else len(source)


def _small(tree: cst.Module, line: cst.SimpleStatementLine, at: int) -> Iterator[_Span]:
    """Statements that share a line: each ends before its semicolon."""
    import libcst

    for one in line.body:
        bare = one.with_changes(semicolon=libcst.MaybeSentinel.DEFAULT)
        yield _Span(at, at + _size(tree, bare), "", shared=True)
        at += _size(tree, one)


def _places(
    tree: cst.Module, lines: Sequence[cst.EmptyLine], at: int
) -> Iterator[tuple[int, cst.EmptyLine]]:
    for one in lines:
        yield at, one
        at += _size(tree, one)


def _indented(tree: cst.Module, following: Sequence[cst.EmptyLine]) -> int:
    """How many bytes of the lines below belong to the block: up to its last indented comment."""
    size = last = 0
    for one in following:
        if one.comment is not None and one.whitespace.value[:1] not in _INDENTS:
            break  # a form feed is no indentation
        size += _size(tree, one)
        last = size if one.comment is not None else last
    return last


def _name(node: cst.BaseStatement | cst.SimpleStatementLine) -> str:
    import libcst

    return node.name.value if isinstance(node, libcst.FunctionDef | libcst.ClassDef) else ""


def _size(tree: cst.Module, *nodes: cst.CSTNode) -> int:
    return sum(len(tree.code_for_node(one).encode("utf-8")) for one in nodes)


def import_line(imports: Sequence[Import]) -> bytes:
    """One statement that imports just these names, all of one statement before."""
    import libcst

    first = imports[0]
    names = [_alias(one) for one in imports]
    line: cst.Import | cst.ImportFrom = libcst.Import(names)
    if first.name is not None:
        module = _dotted(first.module) if first.module else None
        line = libcst.ImportFrom(module, names, relative=[libcst.Dot()] * first.level)
    return libcst.Module([libcst.SimpleStatementLine([line])]).bytes


def _alias(one: Import) -> cst.ImportAlias:
    import libcst

    renamed = libcst.AsName(libcst.Name(one.alias)) if one.alias else None
    return libcst.ImportAlias(_dotted(one.name or one.module), renamed)


def _dotted(name: str) -> cst.Name | cst.Attribute:
    import libcst

    first, *rest = name.split(".")
    node: cst.Name | cst.Attribute = libcst.Name(first)
    for part in rest:
        node = libcst.Attribute(node, libcst.Name(part))
    return node
