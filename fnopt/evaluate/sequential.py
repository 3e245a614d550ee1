"""The sign-flip test in blocks: it ends as soon as the verdict is clear.

A group-sequential test by error spending (Lan and DeMets 1983) with a bound for futility
(Pampallona and Tsiatis 1994), where both bounds spend their share of the null hypothesis's
probability by the power family ``share * t ** rho`` of Kim and DeMets (1987); ``t`` is the part of
the tasks that was met. The bounds are not approximated by a Brownian motion, as they usually are:
under the null hypothesis each difference is as likely to have the other sign, so that the
distribution of the sums at all looks together is counted exactly, given the differences' sizes.

What was not spent at a look (sums are coarse) is there for the next. A sum beyond a bound ends the
test, so that both bounds are binding, and what futility stopped is no false positive. The p-value
is the stagewise one (Fairbanks and Madsen 1982): the chance of an earlier end at the upper bound,
or of such a sum at this look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import gcd
from typing import Literal

from fnopt.evaluate.subsets import Subsets

RHO = 1.0
"""How both bounds spend: 1 evenly, more later, 3 nearly as O'Brien and Fleming. Chosen by
``python tests/benchmarks/judging runs``."""

BLOCK = 20
"""The fewest tasks a block: less would keep too few trials under way at once."""

LOOKS = 8
"""The most looks: more save hardly a trial."""

GRIDS = (2520, 420, 60, 12)
"""Differences lie on one of them; means of up to ten, seven, six, four trials do so exactly."""
MOST_WORK = 100_000_000
ENOUGH = 1e-12

Outcome = Literal["better", "futile", "open"]


@dataclass(frozen=True)
class Look:
    """What a look says: better, futile (not better), or open; and the stagewise p-value."""

    outcome: Outcome
    p: float


def looks(tasks: int) -> int:
    """After how many blocks of nearly equal size the test looks at so many tasks."""
    return max(1, min(LOOKS, tasks // BLOCK))


def look(blocks: Sequence[Sequence[float]], tasks: int, alpha: float, *, rho: float = RHO) -> Look:
    """The last of the looks at ``blocks``, each a block's differences, of ``tasks`` in all.

    Is the sum of the differences larger than chance would have it, at level ``alpha``? A difference
    of zero carries no information; a task without a pair counts as one. Earlier looks were open.
    """
    grid = _grid(tasks)
    steps = [[round(value * grid) for value in block] for block in blocks]
    unit = gcd(*(step for block in steps for step in block)) or 1
    *before, last = [[step // unit for step in block] for block in steps]
    test = _Test(tasks, alpha, rho)
    for block in before:
        test = test.after(block).going_on()
    return test.after(last).said()


def _grid(tasks: int) -> int:
    """The finest grid on which so many differences can be counted in reasonable time."""
    return next((grid for grid in GRIDS if grid * tasks**2 <= MOST_WORK), GRIDS[-1])


@dataclass(frozen=True)
class _Test:
    """The null hypothesis's probability that is still under way, and what the bounds have spent.

    Sums are known by the total of the steps with a plus: ``won`` is that of the differences as they
    are, ``ways`` counts how many sign patterns come to which.
    """

    tasks: int
    alpha: float
    rho: float
    met: int = 0
    total: int = 0
    won: int = 0
    ways: Subsets = field(default_factory=Subsets)
    better: float = 0.0
    futile: float = 0.0

    def after(self, block: Sequence[int]) -> _Test:
        """With one more block."""
        sizes = [abs(step) for step in block if step]
        return replace(
            self,
            met=self.met + len(block),
            total=self.total + sum(sizes),
            won=self.won + sum(step for step in block if step > 0),
            ways=self.ways.plus(sizes),
        )

    def going_on(self) -> _Test:
        """Without what the bounds stop at this look."""
        (low, futile), (high, better) = self._bounds()
        return replace(self, ways=self.ways.between(low, high), better=better, futile=futile)

    def said(self) -> Look:
        """What this look says."""
        (low, _), (high, _) = self._bounds()
        p = min(1.0, self.better + self.ways.at_least(self.won))
        if self.won >= high and 2 * self.won > self.total:
            return Look("better", p)
        return Look("futile" if self.won < low or self.met >= self.tasks else "open", p)

    def _bounds(self) -> tuple[tuple[int, float], tuple[int, float]]:
        """Below the first total it is futile, from the second on better; and what is spent then."""
        shares = self.ways.shares()
        spent = min(1.0, self.met / self.tasks) ** self.rho
        low, futile = _reach(shares, self.futile, (1 - self.alpha) * spent)
        top, better = _reach(shares[::-1], self.better, self.alpha * spent)
        return (low, futile), (len(shares) - top, better)


def _reach(shares: Sequence[float], spent: float, allowed: float) -> tuple[int, float]:
    """How many of the shares can be spent in their order, and what is spent then."""
    for count, share in enumerate(shares):
        if spent + share > allowed + ENOUGH:
            return count, spent
        spent += share
    return len(shares), spent
