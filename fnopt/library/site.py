"""Where in a module does a new function go, and with how many blank lines around it?

The blank lines that come in are never more than those that are there: so the file is what it was,
byte for byte, when the function goes again.
"""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.library.module import Module, Statement
from fnopt.library.splice import blank_lines

BLANK = 2
"""Lines between functions where the file does not show any."""


@dataclass(frozen=True)
class Site:
    """Behind ``body[:at]``: what goes ``before`` the new text, and ``after`` it."""

    at: int
    before: bytes = b""
    after: bytes = b""

    def holding(self, block: bytes) -> bytes:
        """What comes in at the site: LF line ends, the block's own end at the last."""
        end = b"" if self.after == b"" else b"\n"
        return self.before + block.rstrip(b"\n") + end


def site(module: Module, needed: frozenset[str], behind: str | None = None) -> Site:
    """The place behind the function ``behind``, else behind the module's last public one.

    Where there is none, behind all that stands before an ``if __name__`` guard. ``needed`` are
    names that the new code looks up when it is imported: what binds them stands further up.
    """
    anchor = _anchor(module, needed, behind)
    body = module.text.body
    if anchor is None or module.statements[-1] is anchor:
        return _at_end(module)
    at = line_end(module, anchor)
    rest = body[at:].splitlines(keepends=True)
    gap = min(blank_lines(rest), usual_gap(module))
    return Site(at, b"\n" * gap, b"\n")


def _anchor(module: Module, needed: frozenset[str], behind: str | None) -> Statement | None:
    every = range(len(module.statements))
    guards = [i for i in every if module.statements[i].kind == "guard"]
    public = [i for i in every if module.statements[i].is_public]
    named = [i for i in public if module.statements[i].name == behind]
    above = [i for i in every if not guards or i < guards[0]]
    first = (named or public or above or [-1])[-1]
    bound = [i for name in needed for i in module.bound.get(name, ())]
    index = max([first, *bound])
    return module.statements[index] if index >= 0 else _first_guard(module, guards)


def _first_guard(module: Module, guards: list[int]) -> Statement | None:
    """A file that begins with its guard: behind it is better than nowhere."""
    return module.statements[guards[-1]] if guards else None


def _at_end(module: Module) -> Site:
    """Behind the last line that is not blank; the file's own end stays what it is."""
    body = module.text.body
    lines = body.splitlines(keepends=True)
    blank = blank_lines(reversed(lines))
    at = sum(map(len, lines[: len(lines) - blank]))
    if at == 0:
        return Site(0, b"", b"\n")
    ended = body[:at].endswith((b"\n", b"\r"))
    gap = b"\n" * usual_gap(module)
    return Site(at, gap, b"\n") if ended else Site(at, b"\n" + gap)


def usual_gap(module: Module) -> int:
    """How many blank lines stand above the last definition that has something above it."""
    body = module.text.body
    for one in reversed(module.statements[1:]):
        if one.kind in ("function", "class"):
            return blank_lines(reversed(body[: one.above].splitlines(keepends=True)))
    return BLANK


def line_end(module: Module, anchor: Statement) -> int:
    """Behind the line on which the statement ends, whoever else stands on it."""
    if anchor.alone:
        return anchor.end
    last = anchor.last
    for one in module.statements:
        if one.line <= last < one.last:
            last = one.last
    return module.text.starts[min(last, len(module.text.starts) - 1)]
