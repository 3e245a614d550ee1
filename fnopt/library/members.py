"""One name more, or less, in ``from x import a, c``: whatever its form, that form stays.

On one line, in brackets, a name a line with a comma behind the last, with backslashes, with
comments: only the name itself, its comma and its line's end come or go.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from fnopt.library.module import Module
from fnopt.library.order import by_type, place_among
from fnopt.library.scope import Import
from fnopt.library.splice import Patch

_PRAGMA = re.compile(rb"#.*\b(noqa|type:|isort|pragma|pylint|fmt)", re.IGNORECASE)
Span = tuple[int, int]


def takes(module: Module, index: int, one: Import) -> bool:
    """Whether the statement imports from the same module, in a way that another name fits."""
    there = module.statements[index].names.imports
    same = {(other.module, other.level, other.name is None) for other in there}
    if one.name in (None, "*") or same != {(one.module, one.level, False)}:
        return False
    if any(other.name == "*" for other in there):
        return False
    if _PRAGMA.search(module.source(module.statements[index])):
        return False  # what it says is said of the names that are there
    renamed = [other.alias is not None for other in there]
    return any(renamed) if one.alias else not all(renamed)


def joined(module: Module, index: int, coming: Iterable[Import]) -> list[Patch]:
    """Put names into an import, each in its place."""
    names = [str(one.name) for one in module.statements[index].names.imports]
    spans = _spans(module, index)
    places: dict[int, list[str]] = {}
    for one in sorted(coming, key=lambda one: by_type(str(one.name))):
        said = f"{one.name} as {one.alias}" if one.alias else str(one.name)
        places.setdefault(place_among(names, str(one.name)), []).append(said)
    patches: list[Patch] = []
    for at, texts in places.items():
        if at < len(spans):
            patches.append(_before(module, spans[at], texts))
        else:
            patches += _behind(module, index, spans[-1], texts)
    return patches


def _before(module: Module, span: Span, texts: Sequence[str]) -> Patch:
    separator = b"," + (_line_start(module, span[0]) or b" ")
    new = b"".join(text.encode() + separator for text in texts)
    return Patch(span[0], span[0], new)


def _behind(module: Module, index: int, last: Span, texts: Sequence[str]) -> list[Patch]:
    """Behind the last name: on a line of its own where that one has its own."""
    body = module.text.body
    own = _line_start(module, last[0])
    if own is None:
        return [Patch(last[1], last[1], b"".join(b", " + text.encode() for text in texts))]
    rest = body[last[1] : module.statements[index].end]
    comma = re.match(rb"[ \t]*,", rest)
    line = re.match(rb"[ \t]*,?[ \t]*(#[^\r\n]*)?", rest)
    assert line is not None, "BUG: it matches nothing, too"
    if not line[1] and not comma:
        new = b"".join(b"," + own + text.encode() for text in texts)
        return [Patch(last[1], last[1], new)]
    at = last[1] + line.end()
    if comma:
        new = b"".join(own + text.encode() + b"," for text in texts)
        return [Patch(at, at, new)]
    new = b",".join(own + text.encode() for text in texts)
    return [Patch(last[1], last[1], b","), Patch(at, at, new)]


def without(module: Module, index: int, gone: Iterable[int]) -> list[Patch]:
    """Take the names at these places out of an import; some must stay."""
    spans = _spans(module, index)
    leaving = set(gone)
    staying = [i for i in range(len(spans)) if i not in leaving]
    patches = []
    for i in sorted(leaving):
        if i < staying[-1]:
            patches.append(Patch(spans[i][0], spans[i + 1][0], b""))
        elif i - 1 == staying[-1]:
            patches += _tail(module, index, spans[i - 1], spans[-1])
    return patches


def _tail(module: Module, index: int, kept: Span, last: Span) -> list[Patch]:
    """All names behind ``kept`` go; its comment and the comma at the end stay."""
    body = module.text.body
    end = module.statements[index].end
    line = re.match(rb"[ \t]*,?[ \t]*(#[^\r\n]*)?", body[kept[1] : end])
    trailing = re.match(rb"[ \t]*,", body[last[1] : end])
    assert line is not None, "BUG: it matches nothing, too"
    if _line_start(module, last[0]) is None or not (trailing or line[1]):
        return [Patch(kept[1], last[1], b"")]
    after = re.match(rb"[ \t]*,?[ \t]*(#[^\r\n]*)?", body[last[1] : end])
    assert after is not None, "BUG: it matches nothing, too"
    if trailing:
        return [Patch(kept[1] + line.end(), last[1] + after.end(), b"")]
    comma = body.index(b",", kept[1])
    return [Patch(comma, comma + 1, b""), Patch(kept[1] + line.end(), last[1], b"")]


def _line_start(module: Module, at: int) -> bytes | None:
    """The line end and indentation before ``at``, where nothing else stands there.

    A backslash at the end of the line before belongs to it.
    """
    before = re.search(rb"[ \t]*(\\)?(?:\r\n|\r|\n)([ \t]*)\Z", module.text.body[:at])
    if before is None:
        return None
    return (b" \\\n" if before[1] else b"\n") + before[2]


def _spans(module: Module, index: int) -> list[Span]:
    """Where the names stand, an ``as`` included."""
    node = module.tree().body[index]
    assert isinstance(node, ast.Import | ast.ImportFrom), "BUG: it is an import"
    text = module.text
    return [
        (
            text.offset(one.lineno, one.col_offset),
            text.offset(one.end_lineno or one.lineno, one.end_col_offset or 0),
        )
        for one in node.names
    ]
