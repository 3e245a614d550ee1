"""The form of a result: what a function would have to do more to give the text that is expected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fnopt.library.as_text import formatted, joined

BETWEEN = (", ", " ", ",", "", "\n", "; ")
"""What may stand between the items of a list that is expected as a text, likeliest first."""

_WHOLE = re.compile(r"-?\d+")
_DECIMAL = re.compile(r"-?\d+\.(\d+)")
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.(\d+))?")
_SCIENTIFIC = re.compile(r"-?\d(?:\.(\d+))?([eE])[-+]\d\d+")
_PREFIXES = {"0x": "#x", "0X": "#X", "0b": "#b", "0o": "#o"}
_DIGITS = {"b": re.compile(r"-?[01]+"), "o": re.compile(r"-?[0-7]+")}
_HEX = re.compile(r"-?[\da-fA-F]+")
LONGEST = 400  # characters of a number, and the decimals that are written


@dataclass(frozen=True)
class Joined:
    """The items of a list as one text, with ``between`` between them."""

    between: str

    def of(self, text: str, items: Sequence[str]) -> str | None:
        """What a result would be; ``text`` is what it is, ``items`` those of a flat list."""
        return self.between.join(items) if items else None

    def applied(self, code: str, name: str) -> str:
        """Code whose function returns that."""
        return joined(code, name, self.between)


@dataclass(frozen=True)
class Formatted:
    """A number as a text, by a format specification of Python's."""

    spec: str

    def of(self, text: str, items: Sequence[str]) -> str | None:
        """What a result would be; see :class:`Joined`."""
        number = _number(text) if not items else None
        try:
            return None if number is None else format(number, self.spec)
        except (ValueError, OverflowError):
            return None  # a fraction in base 16

    def applied(self, code: str, name: str) -> str:
        """Code whose function returns that."""
        return formatted(code, name, self.spec)


Form = Joined | Formatted


def specs(answer: str) -> Iterator[str]:
    """The format specifications by which a number may have come to be an answer."""
    answer = answer.strip()
    if len(answer) > LONGEST:
        return
    if found := _SCIENTIFIC.fullmatch(answer):
        yield f".{len(found[1] or '')}{found[2]}"
    elif found := _GROUPED.fullmatch(answer):
        yield f",.{len(found[1])}f" if found[1] else ","
    elif found := _DECIMAL.fullmatch(answer):
        yield f".{len(found[1])}f"
    elif spec := _PREFIXES.get(answer.removeprefix("-")[:2]):
        yield spec
    elif _HEX.fullmatch(answer):
        if _WHOLE.fullmatch(answer):
            yield ".0f"
        yield from (spec for spec, digits in _DIGITS.items() if digits.fullmatch(answer))
        yield "X" if answer.upper() == answer else "x"
        yield "x" if answer.upper() == answer else "X"


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text) if len(text) <= LONGEST else None
        except ValueError:
            continue
    return None
