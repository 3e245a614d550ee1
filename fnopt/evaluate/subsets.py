"""How many of the subsets of some sizes total how much, counted exactly.

The counts are the coefficients of a polynomial that is held in one big integer. Where they outgrow
their fields (from some ninety sizes on) all of them are shortened, and rounded up: a share of the
subsets is then too large by a part in 10**15 or so, and never too small.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FIELD = 12  # bytes a coefficient
DROPPED = 4  # bytes that a coefficient loses when its field is full


@dataclass(frozen=True)
class Subsets:
    """Of so many subsets (2 to the power of ``bits``) the number that total 0, 1, 2…

    Those that were cut off by :meth:`between` count among the former, not among the latter.
    """

    polynomial: int = 1
    bits: int = 0

    def plus(self, sizes: Iterable[int]) -> Subsets:
        """With more sizes, each of which a subset has or has not."""
        polynomial, bits = self.polynomial, self.bits
        for size in sorted(sizes):  # in this order the polynomial stays short longest
            polynomial += polynomial << (size * FIELD * 8)
            bits += 1
            if bits == FIELD * 8 - 1:
                polynomial, bits = _shorter(polynomial), bits - DROPPED * 8
        return Subsets(polynomial, bits)

    def at_least(self, total: int) -> float:
        """The share of subsets that total at least ``total``."""
        left = self.polynomial >> (max(0, total) * FIELD * 8)
        return min(1.0, sum(_fields(left)) / (1 << self.bits))

    def shares(self) -> list[float]:
        """The share of subsets that total 0, 1, 2 and so on."""
        return [count / (1 << self.bits) for count in _fields(self.polynomial)]

    def between(self, low: int, high: int) -> Subsets:
        """Only those that total at least ``low`` and less than ``high``."""
        below = self.polynomial & ((1 << (high * FIELD * 8)) - 1)
        return Subsets(below >> (low * FIELD * 8) << (low * FIELD * 8), self.bits)


def _shorter(polynomial: int) -> int:
    """Every coefficient without its last bytes, rounded up."""
    fields = -(-polynomial.bit_length() // (FIELD * 8))
    up = (b"\xff" * DROPPED + bytes(FIELD - DROPPED)) * fields
    rest = (b"\xff" * (FIELD - DROPPED) + bytes(DROPPED)) * fields
    higher = (polynomial + int.from_bytes(up, "little")) >> (DROPPED * 8)
    return higher & int.from_bytes(rest, "little")


def _fields(polynomial: int) -> list[int]:
    fields = -(-polynomial.bit_length() // (FIELD * 8))
    raw = polynomial.to_bytes(fields * FIELD, "little")
    starts = range(0, len(raw), FIELD)
    return [int.from_bytes(raw[start : start + FIELD], "little") for start in starts]
