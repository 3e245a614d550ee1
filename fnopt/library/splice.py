"""Bytes out of a file and into it, on whole statements; what is between them stays as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from fnopt.library.concrete import anchored
from fnopt.library.module import Module, Statement, read_module
from fnopt.library.source import Text, compiles
from fnopt.records import Fault


@dataclass(frozen=True, order=True)
class Patch:
    """``body[start:end]`` becomes ``new``; patches at one place apply in their order."""

    start: int
    end: int
    new: bytes

    def moved(self, by: int) -> Patch:
        """The same patch in a text that begins elsewhere."""
        return Patch(self.start + by, self.end + by, self.new)


def patch(text: Text, patches: Iterable[Patch]) -> Text:
    """The text with non-overlapping patches applied; line ends become the file's own."""
    body = bytearray()
    at = 0
    for one in sorted(patches, key=lambda one: (one.start, one.end)):
        assert one.start >= at, "BUG: patches overlap"
        body += text.body[at : one.start]
        body += one.new.replace(b"\n", text.newline)
        at = one.end
    return text.having(bytes(body + text.body[at:]))


def excise(text: Text, statements: Iterable[Statement]) -> Text:
    """The text without the statements (alone on their lines) and the comments right above them.

    Comments above an import stay: they are mostly about the block. Of the blank lines before and
    after a gap the longer run stays; the file's end stays as it was, with a line end or without.
    """
    spans = _together(text, sorted((_first(one), one.end) for one in statements))
    pieces: list[bytes] = []
    at = 0
    for start, end in spans:
        pieces.append(text.body[at:start])
        at = end
    pieces.append(text.body[at:])
    body = pieces[0]
    for piece in pieces[1:]:
        body = _join(body, piece)
    ended = text.body.endswith((b"\n", b"\r"))
    return text.having(body if ended or pieces[-1] else _without_end(body))


def _together(text: Text, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is parted by blank lines alone is one gap."""
    found = spans[:1]
    for start, end in spans[1:]:
        begun, at = found[-1]
        between = text.body[at:start]
        parted = between.strip(b" \t\r\n")
        found[-1:] = [(begun, at), (start, end)] if parted else [(begun, end)]
    return found


def _without_end(body: bytes) -> bytes:
    """Without the last line end."""
    return body.removesuffix(b"\n").removesuffix(b"\r")


def _first(statement: Statement) -> int:
    return statement.start if statement.kind in ("import", "future") else statement.above


def _join(left: bytes, right: bytes) -> bytes:
    before, after = left.splitlines(keepends=True), right.splitlines(keepends=True)
    above = blank_lines(reversed(before))
    below = blank_lines(after)
    upper, lower = before[: len(before) - above], after[below:]
    if not upper or not lower:
        return b"".join(lower or (*upper, *after))
    between = before[len(before) - above :] if above >= below else after[:below]
    return b"".join((*upper, *between, *lower))


def blank_lines(lines: Iterable[bytes]) -> int:
    """How many lines there are before the first that is not blank; a form feed is not."""
    count = 0
    for line in lines:
        if line.strip(b" \t\r\n"):
            break
        count += 1
    return count


def verified(
    text: Text, before: Module, touched: Iterable[int], new: Iterable[bytes]
) -> Module | Fault:
    """The spliced module, if it compiles and each statement that was not touched stands as it was.

    ``touched``: indices of what was cut or replaced; ``new``: the source of what came in. Raises
    UnicodeEncodeError when the file's encoding cannot say the new text.
    """
    module = _read_again(before, text)
    if isinstance(module, Fault):
        return _refused(before, module.message)
    gone = set(touched)
    kept = [_plain(before.source(one)) for i, one in enumerate(before.statements) if i not in gone]
    incoming = Counter(_plain(one) for one in new)
    rest: list[bytes] = []
    for one in module.statements:
        source = _plain(module.source(one))
        if incoming[source] > 0 and source not in kept[len(rest) : len(rest) + 1]:
            incoming[source] -= 1
        else:
            rest.append(source)
    return module if rest == kept else _refused(before, "neighbouring statements would change")


def _read_again(before: Module, text: Text) -> Module | Fault:
    """The new text as ast, the compiler and libcst read it; or what one of them says against it."""
    module = read_module(before.path, text.encode())
    if isinstance(module, Fault):
        return module
    after = compiles(text, before.path) or anchored(module)
    if isinstance(after, Module) and before.concrete and not after.concrete:
        message = f"{before.path} would not come back from libcst byte for byte"
        return Fault("cst", message, "Revise less of it.", file=before.path)
    return after


def _plain(source: bytes) -> bytes:
    return source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip()


def _refused(module: Module, why: str) -> Fault:
    mend = "Put each statement of the file on lines of its own, then try again."
    return Fault("splice", f"{module.path} cannot take the edit: {why}", mend, file=module.path)
