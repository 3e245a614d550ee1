"""What gain a number of tasks can show, before anything is paid for.

The model: with ``gain`` of the tasks the candidate is right where its base is wrong; of the others
each is answered as before, but for the agent's own noise. ``noise`` is the share of tasks whose
answers in two trials with one and the same library differ in being right (``fnopt calibrate``
measures it).

With one trial a task the power of the sign-flip test is then that of McNemar's exact test, summed
over the numbers of tasks that can become better and worse. With several, or very many tasks, a
normal approximation is taken (Miettinen 1968). All of it is for one look at all tasks: where the
gate may stop early, that takes up to about a tenth of the power, see ``tests/benchmarks/judging``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import comb, exp, floor, lgamma, log, sqrt
from statistics import NormalDist

from fnopt.evaluate.pairs import SAME

NOISE = 0.1
"""Assumed where nothing was measured: one task in ten."""

OFTEN = 0.8
"""How often a gain has to be seen to count as visible: four times in five."""

EXACT = 2000  # tasks; with more the normal approximation is as good
LIKELY = 1e-9  # numbers of tasks that are less likely are left out
MOST = 10_000_000  # tasks


@dataclass(frozen=True)
class Design:
    """How something is judged: ``trials`` a task, ``noise`` and ``confidence`` from 0 to 1;
    ``margin`` is what the gain that is met has to exceed besides, 0 to 1."""

    trials: int = 1
    noise: float = NOISE
    confidence: float = 0.6
    margin: float = 0.0

    def power(self, tasks: int, gain: float) -> float:
        """How often a true gain is kept, on so many tasks that are all met; 0 to 1."""
        if self.trials == 1 and tasks <= EXACT:
            better, worse = min(1.0, gain + self.noise / 2), min(self.noise / 2, (1 - gain) / 2)
            return self._exact(tasks, min(better, 1 - worse), worse)
        noise = self.noise * (1 - gain) / self.trials
        level = NormalDist().inv_cdf(self.confidence) * sqrt(gain + noise)
        if self.margin:
            level = max(level, self.margin * sqrt(tasks))
        spread = sqrt(gain + noise - gain**2) or LIKELY
        return NormalDist().cdf((gain * sqrt(tasks) - level) / spread)

    def visible(self, tasks: int, often: float = OFTEN) -> float | None:
        """The smallest gain that so many tasks show ``often`` enough; None when no gain does."""
        steps = 1000
        if self.power(tasks, 1.0) < often:
            return None
        found = _first(lambda step: self.power(tasks, step / steps) >= often, 1, steps)
        return found / steps

    def needed(self, gain: float, often: float = OFTEN) -> int | None:
        """How many tasks it takes to see a gain ``often`` enough; None when no number does, as for
        one within the margin."""
        if self.power(MOST, gain) < often:
            return None
        return _first(lambda tasks: self.power(tasks, gain) >= often, 1, MOST)

    def _exact(self, tasks: int, better: float, worse: float) -> float:
        """The same, summed over how many tasks can change, and how many of them for the better."""
        changed, level = better + worse, round(1 - self.confidence, 9)
        if not changed:
            return 0.0
        total = 0.0
        for number in range(1, tasks + 1):
            weight = _binomial(tasks, number, changed)
            least = _least(number, level) if weight > LIKELY else None
            if least is None:
                continue
            least, share = max(least, self._beyond(number, tasks)), better / changed
            total += weight * sum(_binomial(number, won, share) for won in range(least, number + 1))
        return min(1.0, total)

    def _beyond(self, number: int, tasks: int) -> int:
        """How many of so many changed tasks have to be better for a gain beyond the margin."""
        return floor((number + (self.margin + SAME) * tasks) / 2) + 1 if self.margin else 0


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest number from which on something holds, if it is nearly monotonic."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _binomial(tasks: int, number: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(number == round(tasks * share))
    ways = lgamma(tasks + 1) - lgamma(number + 1) - lgamma(tasks - number + 1)
    return exp(ways + number * log(share) + (tasks - number) * log(1 - share))


@lru_cache(4096)
def _least(number: int, level: float) -> int | None:
    """How many of so many changed tasks have to be better for the sign test to reach a level."""
    allowed, reached, won = level * 2**number * (1 + LIKELY), 0, number + 1
    while won and reached + comb(number, won - 1) <= allowed:
        won -= 1
        reached += comb(number, won)
    return won if won <= number else None
