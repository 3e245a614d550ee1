"""The exact one-sided sign-flip permutation test (Fisher 1935; Good 2005, Permutation Tests).

Under the null hypothesis each task's difference is as likely to have the other sign. The p-value
is the share of the 2**n sign patterns whose sum is at least the observed one. The sums are counted
exactly, as the coefficients of a polynomial held in one big integer, on a grid of 1/``GRID``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

GRID = 2520  # divisible by 1 to 10: means of up to ten trials lie on the grid exactly


def sign_flip(differences: Sequence[float]) -> float:
    """P(sum of randomly signed differences >= their sum), from 2**-n to 1.

    Differences of zero carry no information and are left out; with none left, p is 1.
    """
    steps = [round(value * GRID) for value in differences]
    sizes = [abs(step) for step in steps if step]
    if not sizes:
        return 1.0
    unit = gcd(*sizes)
    sizes = [size // unit for size in sizes]
    # the sum is 2 * (total of the sizes with a plus) - total: it reaches the observed sum when
    # the sizes with a plus total at least what they total in the observed pattern
    observed = sum(step for step in steps if step > 0) // unit
    return _at_least(sizes, observed) / (1 << len(sizes))


def _at_least(sizes: Sequence[int], least: int) -> int:
    """How many subsets of ``sizes`` total at least ``least``."""
    width = len(sizes) + 1  # bits a coefficient: no count exceeds 2**n
    polynomial = 1
    for size in sizes:
        polynomial += polynomial << (size * width)
    polynomial >>= least * width
    mask = (1 << width) - 1
    raw = polynomial.to_bytes((polynomial.bit_length() + 7) // 8, "little")
    return _sum_of_digits(raw, width, mask)


def _sum_of_digits(raw: bytes, width: int, mask: int) -> int:
    total, held, bits = 0, 0, 0
    for start in range(0, len(raw), width):  # width bytes hold eight whole coefficients
        held = int.from_bytes(raw[start : start + width], "little")
        bits = held.bit_length()
        for shift in range(0, bits, width):
            total += (held >> shift) & mask
    return total
