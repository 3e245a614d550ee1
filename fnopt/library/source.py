"""A Python file as text: decoded, measured in bytes, and given back as it was.

Everything that edits works on ``Text.body``: the file as UTF-8 without its byte order mark. The
positions that :mod:`ast` reports are offsets into exactly these bytes, whatever the file's own
encoding and line ends are.
"""

from __future__ import annotations

import ast
import gc
import io
import re
import sys
import threading
import tokenize
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from fnopt.records import Fault

MAX_BYTES = 1_000_000
"""Larger files are not read: nobody can review them, and parsing them takes seconds."""

MAX_LINE = 1_000
"""Bytes of a line that are searched for the syntax of other versions."""

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
_CODECS = re.compile(r"utf-8|ascii|iso-?8859|latin|cp\d|windows-|koi8|gb|big5|shift_jis|euc")
_SYNTAX = (
    ("3.14", re.compile(r"\bexcept\*?\s+[\w.]+\s*,|\b([tT][rR]?|[rR][tT])['\"]")),
    ("3.13", re.compile(r"\b(def|class|type)\s+\w+\s*\[[^]]*[\w\])]\s*=")),
    ("3.12", re.compile(r"\n\s*type\s+\w+.*=|\b(def|class)\s+\w+\s*\[")),
    ("3.12", re.compile(r"^f-string.*\n.*[fF][rR]?(['\"]).*\{[^{}]*(\1|\\)[^{}]*\}")),
)
"""What newer versions brought, as far as one line tells; the newest first."""

_PARSING = threading.Lock()  # the filter of warnings is global to the process


@dataclass(frozen=True)
class Text:
    """``body`` is the file in UTF-8 without its mark; ``encoding`` and ``bom`` give it back."""

    body: bytes
    encoding: str = "utf-8"
    bom: bool = False

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The byte offset of every line as Python counts lines, and the end of the file."""
        ends = [match.end() for match in _LINE_END.finditer(self.body)]
        return (0, *ends) if ends and ends[-1] == len(self.body) else (0, *ends, len(self.body))

    @property
    def newline(self) -> bytes:
        """How the file ends its lines: as its first line does."""
        match = _LINE_END.search(self.body)
        return match.group() if match else b"\n"

    def offset(self, line: int, column: int) -> int:
        """The byte offset of a position of :mod:`ast`: lines count from 1, columns are bytes."""
        return self.starts[line - 1] + column

    def line(self, number: int) -> bytes:
        """Line ``number``, counted from 1, with its end; empty beyond the file."""
        if not 0 < number < len(self.starts):
            return b""
        return self.body[self.starts[number - 1] : self.starts[number]]

    def having(self, body: bytes) -> Text:
        """The same file with another text."""
        return replace(self, body=body)

    def encode(self) -> bytes:
        """The file's bytes. Raises UnicodeEncodeError when its encoding cannot say the text."""
        if self.encoding == "utf-8":
            return (_BOM if self.bom else b"") + self.body
        return self.body.decode("utf-8").encode(self.encoding)


def decode(data: bytes, path: str) -> Text | Fault:
    """The text of a file, or the fault that makes it unreadable: size, NUL, encoding."""
    if len(data) > MAX_BYTES:
        size = f"is longer than {MAX_BYTES:,} bytes, the most that is read"
        return Fault("size", f"{path} {size}", "Split the file, or move its data out.", file=path)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        mend = "Save the file as UTF-8 text."
        return Fault("encoding", f"{path} holds a NUL byte", mend, file=path, line=line)
    if data.startswith(_BOM):
        return _utf8(data[len(_BOM) :], path, bom=True)
    return _by_declaration(data, path)


def _by_declaration(data: bytes, path: str) -> Text | Fault:
    """Decode by the coding line, as Python does; UTF-8 where there is none."""
    try:
        declared, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        return _unreadable(path, error.msg, 1)
    if declared == "utf-8":
        return _utf8(data, path, bom=False)
    if not _CODECS.match(declared):
        return _unreadable(path, f"its encoding {declared!r} is not supported", 1)
    try:
        text = Text(data.decode(declared).encode("utf-8"), declared)
        sound = text.encode() == data
    except UnicodeError:
        sound = False
    return text if sound else _unreadable(path, f"it is not {declared}, as it says", 1)


def _utf8(data: bytes, path: str, *, bom: bool) -> Text | Fault:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unreadable(path, f"byte {data[error.start]:#04x} is not UTF-8", line)
    return Text(data, bom=bom)


def _unreadable(path: str, what: str, line: int) -> Fault:
    mend = "Save the file as UTF-8 text."
    return Fault("encoding", f"{path} cannot be decoded: {what}", mend, file=path, line=line)


def parse(text: Text, path: str) -> ast.Module | Fault:
    """The syntax tree, or a fault with its place. Nothing is imported or run.

    ``ast`` reads first, always: it refuses at once what would overflow libcst, which sees a text
    only where an edit is applied, and only if it is light enough.
    """
    try:
        with _quietly():
            # with LF: CPython takes a last line that ends in a backslash if CRLF is behind it
            source = text.body.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
            return ast.parse(source, filename=path)
    except SyntaxError as error:
        return _syntax(text, path, error)
    except (RecursionError, MemoryError):
        return too_deep(path, _deepest(text))
    except ValueError as error:
        return Fault("syntax", f"{path}: {error}", _mend_syntax(), file=path, line=1)


def compiles(text: Text, path: str) -> Fault | None:
    """The fault that only compiling finds (``return`` outside a function), or None."""
    try:
        with _quietly():
            compile(text.body.decode("utf-8"), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return _syntax(text, path, error)
    except (RecursionError, MemoryError):
        return too_deep(path)
    except (ValueError, OverflowError) as error:
        return Fault("syntax", f"{path}: {error}", _mend_syntax(), file=path, line=1)
    return None


@contextmanager
def _quietly() -> Iterator[None]:
    """No warnings about what is read, and no search for garbage: a syntax tree is all alive."""
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collecting = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collecting:
                gc.enable()


def _deepest(text: Text) -> int | None:
    """The line of the top-level statement at which parsing gives up, by halving the file."""
    lines = [number for number in range(1, len(text.starts)) if not text.line(number)[:1].isspace()]
    first, behind = 0, len(lines)
    while behind - first > 1:
        middle = (first + behind) // 2
        if _gives_up(text.body[: text.starts[lines[middle] - 1]]):
            behind = middle
        else:
            first = middle
    return lines[first] if lines else None


def _gives_up(body: bytes) -> bool:
    try:
        with _quietly():
            ast.parse(body)
    except (RecursionError, MemoryError):
        return True
    except (SyntaxError, ValueError):
        return False
    return False


def too_deep(path: str, line: int | None = None) -> Fault:
    """The fault of an expression or a scope that is nested beyond what can be read safely."""
    mend = "Break the expression up, or move the data into a list."
    return Fault("depth", f"{path} nests too deep to be read", mend, file=path, line=line)


def _syntax(text: Text, path: str, error: SyntaxError) -> Fault:
    conflict = _CONFLICT.search(text.body)
    if conflict:
        line = text.body.count(b"\n", 0, conflict.start()) + 1
        message = f"{path} holds merge conflict markers"
        return Fault("syntax", message, "Resolve the conflict.", file=path, line=line)
    line = min(error.lineno or 1, max(len(text.starts) - 1, 1))
    shown = text.line(line)[:MAX_LINE].decode("utf-8", "replace")
    mend = _mend_syntax(_newer(f"{error.msg}\n{shown}"))
    return Fault("syntax", f"{path}: {error.msg}", mend, file=path, line=line)


def _newer(told: str) -> str | None:
    """The Python version whose syntax a line, below what is said against it, seems to be."""
    here = "{}.{}".format(*sys.version_info)
    fits = (version for version, form in _SYNTAX if form.search(told))
    return next((one for one in fits if _number(one) > _number(here)), None)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _mend_syntax(version: str | None = None) -> str:
    here = "{}.{}".format(*sys.version_info)
    if version is None:
        return f"Write syntax that Python {here} can parse."
    return f"It looks like syntax of Python {version}: fnopt runs on {here} here; use one of both."
