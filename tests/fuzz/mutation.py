"""Inputs out of other inputs: pieces cut, doubled, swapped, nested and spoilt."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

LONGEST = 30_000
"""Bytes of an input; what is longer is the business of the tests on sizes."""

WORDS = (
    "def class lambda: async await yield return match case if else: try: except finally: with "
    "global nonlocal del import from as None True globals() exec type print pass"
)
SIGNS = '* ** -> := : ; , . ( ) [ ] { } @ = += == <> \\ # " \' """ f" rb\' 0 1e999 0x 1_0 ...'
TOKENS = (*WORDS.split(), *SIGNS.split(), "__all__", "__name__", "__getattr__", "_")
ODD = (
    *(
        b"\r",
        b"\r\n",
        b"\n\n\n",
        b"\t",
        b"    ",
        b"\x0c",
        b"\x00",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\\\n",
    ),
    *("\u202e", "\u2028", "\u00a0", "\ufb01", "\u0430", "\U0001f600", "\u00e9", "\ud800"),
    *(
        b"# coding: latin-1\n",
        b"# coding: utf-16\n",
        b"<<<<<<< HEAD\n",
        b"=======\n",
        b">>>>>>> x\n",
    ),
    *(b"from __future__ import annotations\n", b"from . import *\n", b"import functions.b\n"),
    *(b"\n@overload\n", b"\nif TYPE_CHECKING:\n    import a\n", b"\n    # indented\n", b"\n# c\n"),
)
NESTS = (
    "(",
    "[",
    "{",
    "-",
    "not ",
    "lambda: ",
    "f(",
    "a.",
    "x if y else ",
    "*",
    "if x:\n ",
    "[[]]+",
)
_TOKEN = re.compile(rb"\w+|[ \t]+|\n|.", re.DOTALL)
_NAME = re.compile(rb"[^\W\d]\w*")

Mutator = Callable[[bytes, Sequence[bytes], random.Random], bytes]


def mutated(pool: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the pool, changed in one to a few ways."""
    data = chance.choice(pool)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        data = chance.choice(MUTATORS)(data, pool, chance)[:LONGEST]
    return data


def _place(data: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(data))


def _insert(data: bytes, new: bytes, chance: random.Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + new + data[at:]


def _odd(data: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    new = chance.choice(ODD)
    return _insert(
        data, new if isinstance(new, bytes) else new.encode("utf-8", "surrogatepass"), chance
    )


def _bytes(data: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + chance.randbytes(1) + data[at + chance.randint(0, 1) :]


def _tokens(data: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    """A token goes, comes, or stands in the place of another."""
    found = _TOKEN.findall(data)
    if not found:
        return b"x"
    at = chance.randrange(len(found))
    new = chance.choice((b"", f" {chance.choice(TOKENS)} ".encode(), chance.choice(found)))
    found[at : at + chance.choice((0, 1, 1, 1, 3))] = [new]
    return b"".join(found)


def _names(data: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    """One name is called as another is, everywhere or once."""
    found = _NAME.findall(data)
    if len(found) < 2:
        return data
    old, new = chance.choice(found), chance.choice(found)
    return data.replace(old, new, chance.choice((1, 2, -1)))


def _lines(data: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    """Lines are doubled, taken out, moved, shifted or put on one line."""
    lines = data.splitlines(keepends=True) or [b"\n"]
    start = chance.randrange(len(lines))
    piece = lines[start : start + chance.choice((1, 1, 2, 5))]
    rest = lines[:start] + lines[start + len(piece) :]
    match chance.randrange(6):
        case 0:
            piece *= chance.choice((2, 2, 3, 100))
        case 1:
            piece = []
        case 2:
            start = chance.randint(0, len(rest))
        case 3:
            piece = [b" " * chance.choice((1, 4)) + one for one in piece]
        case 4:
            piece = [one.lstrip(b" \t") for one in piece]
        case 5:
            piece = [one.rstrip(b"\r\n") + b"; " for one in piece]
    return b"".join((*rest[:start], *piece, *rest[start:]))


def _ends(data: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    """Other line ends, or another end of the file."""
    new = chance.choice((b"\r\n", b"\r", b"\n\x0c", b" \n", b"\\\n", b"\n\n"))
    match chance.randrange(3):
        case 0:
            return data.replace(b"\n", new)
        case 1:
            return data.replace(b"\n", new, chance.randint(1, 5))
    return data.rstrip() + chance.choice(
        (b"", b"\\", b"  ", b"\n  ", b"\n    # end", b";", b"\\\n")
    )


def _nest(data: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    """Something many times over."""
    new = chance.choice(NESTS) * chance.choice((3, 20, 60, 95, 200, 2_000))
    close = {"(": ")", "[": "]", "{": "}"}
    ends = "".join(close.get(one, "") for one in reversed(new)) if chance.random() < 0.7 else ""
    return _insert(data, f"{new}x{ends}".encode(), chance)


def _splice(data: bytes, pool: Sequence[bytes], chance: random.Random) -> bytes:
    """Paragraphs of another input, or its second half."""
    other = chance.choice(pool)
    pieces, more = data.split(b"\n\n"), other.split(b"\n\n")
    at = chance.randint(0, len(pieces))
    if chance.random() < 0.2:
        return data[: _place(data, chance)] + other[_place(other, chance) :]
    return b"\n\n".join((*pieces[:at], chance.choice(more), *pieces[at:]))


def _cut(data: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    start, end = sorted((_place(data, chance), _place(data, chance)))
    return data[:start] + data[end:] if chance.random() < 0.5 else data[start:end]


def _halves(data: bytes, pool: Sequence[bytes], chance: random.Random) -> bytes:
    """One input as the file, and another as the code of the edit."""
    cut = b"\n#=====\n"
    return data.partition(cut)[0] + cut + chance.choice(pool).partition(cut)[0]


MUTATORS: tuple[Mutator, ...] = (
    *(_odd, _bytes, _tokens, _tokens, _tokens, _names, _names, _lines, _lines, _lines),
    *(_ends, _nest, _splice, _splice, _cut, _halves),
)
