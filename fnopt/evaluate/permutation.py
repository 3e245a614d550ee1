"""The exact one-sided sign-flip permutation test (Fisher 1935; Good 2005, Permutation Tests).

Under the null hypothesis each task's difference is as likely to have the other sign. The p-value
is the share of the 2**n sign patterns whose sum is at least the observed one.

Sums lie on a grid. Where a difference does not lie on it (scores that are no means of up to ten
trials), where the grid had to be coarser (several hundred such tasks), or where the counts of many
tasks are shortened, everything is rounded so that the p-value never gets smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, fsum, gcd

from fnopt.evaluate.subsets import Subsets

GRID = 2520  # divisible by 1 to 10: means of up to ten trials lie on the grid exactly
MOST_WORK = 100_000_000  # steps of the grid times tasks: half a second or so
SAME = 1e-6  # steps of the grid: float arithmetic, not a difference


def sign_flip(differences: Sequence[float]) -> float:
    """P(sum of randomly signed differences >= their sum), from 2**-n to 1.

    Differences of zero carry no information and are left out; with none left, p is 1.
    """
    steps = [value * GRID for value in differences if abs(value) * GRID > SAME]
    if not steps:
        return 1.0
    steps = _coarse(_in_lowest_terms(steps))
    sizes = [round(abs(step)) for step in steps]
    # the sum is 2 * (total of the sizes with a plus) - total: it reaches the observed sum when
    # the sizes with a plus total at least what they total in the observed pattern
    lost = fsum(max(0.0, abs(step) - size) for step, size in zip(steps, sizes, strict=True))
    observed = fsum(step for step in steps if step > 0)
    return Subsets().plus(sizes).at_least(ceil(observed - lost - len(steps) * SAME))


def _in_lowest_terms(steps: list[float]) -> list[float]:
    """Whole steps divided by what divides them all."""
    if any(abs(step - round(step)) > SAME for step in steps):
        return steps
    unit = gcd(*(round(step) for step in steps))
    return [round(step) / unit for step in steps]


def _coarse(steps: list[float]) -> list[float]:
    """The steps on a grid that is no finer than can be counted."""
    finer = fsum(map(abs, steps)) * len(steps) / MOST_WORK
    return steps if finer <= 1 else [step / finer for step in steps]
