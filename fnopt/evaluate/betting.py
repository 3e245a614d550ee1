"""An interval for a mean that covers it as often as it says, whatever the distribution.

Waudby-Smith and Ramdas (2023), *Estimating means of bounded random variables by betting*: a
gambler bets against each possible mean, and the means that made no fortune stay. It needs nothing
but values that are bounded and drawn independently, where intervals from a normal or t distribution
cover less than they say on few tasks whose differences are mostly zero.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from math import log, sqrt

HALVES = 16  # how often the way to an edge is halved
CAUTION = 0.5  # share of the fortune that may be lost with one value
SEED = 2023


def mean_interval(
    values: Sequence[float], confidence: float, low: float = -1.0, high: float = 1.0
) -> tuple[float, float]:
    """The interval for the mean of what ``values``, each from ``low`` to ``high``, were drawn from.

    The values come in any order: they are met in one that a fixed seed shuffles. Without values it
    is all of ``low`` to ``high``.
    """
    if not values:
        return low, high
    span, alpha = high - low, 1 - confidence
    plain = [(value - low) / span for value in values]
    random.Random(SEED).shuffle(plain)
    bets = list(_bets(plain, alpha))
    centre = sum(plain) / len(plain)
    edges = [_edge(plain, bets, centre, end, alpha) for end in (0.0, 1.0)]
    return low + span * edges[0], low + span * edges[1]


def _edge(
    values: Sequence[float], bets: Sequence[float], inside: float, outside: float, alpha: float
) -> float:
    """The last mean on the way from the inside to 0 or 1 that stays, or a little more."""
    if _stays(values, bets, outside, alpha):
        return outside
    for _ in range(HALVES):
        middle = (inside + outside) / 2
        if _stays(values, bets, middle, alpha):
            inside = middle
        else:
            outside = middle
    return outside


def _bets(values: Sequence[float], alpha: float) -> Iterator[float]:
    """What is staked on each value, by the mean and the variance of those before it."""
    total, spread = 0.5, 0.25
    for count, value in enumerate(values, start=1):
        yield sqrt(2 * log(2 / alpha) / (len(values) * (spread / count)))
        total += value
        spread += (value - total / (count + 1)) ** 2


def _stays(values: Sequence[float], bets: Sequence[float], mean: float, alpha: float) -> bool:
    """Whether betting that the mean is higher, or lower, than ``mean`` made no fortune."""
    up = down = 0.5
    for value, bet in zip(values, bets, strict=True):
        up *= 1 + min(bet, CAUTION / mean if mean else bet) * (value - mean)
        down *= 1 - min(bet, CAUTION / (1 - mean) if mean < 1 else bet) * (value - mean)
        if max(up, down) >= 1 / alpha:
            return False
    return True
