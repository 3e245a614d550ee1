"""Numbers as people write them in answers."""

from __future__ import annotations

import re
from fractions import Fraction

_UNSIGNED = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(
    rf"""
    (?:(?P<sign>[-+])\s*)?(?:[$€£]\s*)?(?P<minus>-)?
    (?:(?P<whole>\d+)\s+(?=\d+\s*/\s*\d))?          # a mixed number: 1 3/4
    (?P<number>{_UNSIGNED})
    (?:[eE](?P<exponent>[-+]?\d{{1,3}})(?![\d.])|\s*/\s*(?P<below>{_UNSIGNED}))?
    """,
    re.VERBOSE | re.ASCII,
)
_UNIT = re.compile(r"[\s%°$€£]*(?:[^\W\d_][^\d]*)?\.?\s*")  # text without any digit
_MOST = 300  # characters of a text that is read as a number


def number(text: str) -> Fraction | None:
    """The number that ``text`` is, with or without currency and a unit behind; None if it is none.

    Thousands separators, percent signs (as a unit: 50% is 50), fractions and mixed numbers are
    understood: "$1,234.50", "3/4", "1 3/4 cups", "15 minutes", "12%".
    """
    text = _plain(text)
    match = _NUMBER.match(text)
    if len(text) > _MOST or match is None or not _UNIT.fullmatch(text[match.end() :]):
        return None
    return _value(match)


def last_number(text: str) -> Fraction | None:
    """The last number within a text (the convention of GSM8K), or None."""
    matches = [
        match
        for match in _NUMBER.finditer(_plain(text)[-10_000:])
        if len(match[0]) <= _MOST and _stands_alone(match)
    ]
    return _value(matches[-1]) if matches else None


def _stands_alone(match: re.Match[str]) -> bool:
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return not re.match(r"[\w.^:]", before) and not re.match(r"[\d:^_]", after)


def _plain(text: str) -> str:
    text = text.strip().replace("\N{MINUS SIGN}", "-").replace(",\\!", ",").replace("\\$", "$")
    return text.replace("\\%", "%").strip("*`\"' ")


def _value(match: re.Match[str]) -> Fraction | None:
    value = Fraction(match["number"].replace(",", ""))
    if match["below"]:
        below = Fraction(match["below"].replace(",", ""))
        if not below:
            return None
        value /= below
    if match["exponent"]:
        value *= Fraction(10) ** int(match["exponent"])
    value += int(match["whole"] or 0)
    return -value if "-" in (match["sign"], match["minus"]) else value


def equal(one: Fraction, other: Fraction, tolerance: float = 1e-6) -> bool:
    """Whether two numbers agree within a relative tolerance; whole numbers only when equal."""
    if one.denominator == other.denominator == 1:
        return one == other
    return abs(one - other) <= Fraction(tolerance) * max(abs(one), abs(other))
