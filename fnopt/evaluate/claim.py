"""What can be said to people about a run: the gain of its library over the one that it began with.

The trials are fresh, made for the claim. On the sealed test split that is all there is to it. The
tasks of val, though, chose the updates, and would favour those libraries again. So an interval on
val holds for every library that the run could have ended with at once: a run learns of val by its
verdicts, and ``kept`` of ``judged`` updates can be placed in so many ways (Bonferroni over all that
could have been written down; Dwork and others 2015, *The reusable holdout*, on description length).
The figures that stand beside the verdicts are not counted: they reach a proposal, but say little
of any one task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from fnopt.evaluate.betting import mean_interval
from fnopt.evaluate.pairs import Block, Pairs

CONFIDENCE = 0.95

FRESH = 1000
"""The number of a claim's first trial of a task of val: the gate's begin at 0."""


@dataclass(frozen=True)
class Claim:
    """``gain`` from ``base`` to ``score`` on ``tasks`` tasks, and the interval that covers it.

    ``confidence`` is that of the claim; the interval holds for ``libraries`` libraries at once.
    ``lost`` tasks had no pair, since infrastructure failed.
    """

    split: str
    base: float
    score: float
    gain: float
    low: float
    high: float
    better: int
    worse: int
    tasks: int
    lost: int
    confidence: float
    libraries: int

    @property
    def proven(self) -> bool:
        """Whether it is a gain, as far as the confidence goes."""
        return self.low > 0


def libraries(judged: int, kept: int) -> int:
    """With how many libraries a run could end that keeps at most ``kept`` of ``judged`` updates."""
    return sum(comb(judged, number) for number in range(min(judged, kept) + 1))


def claim(
    blocks: Sequence[Block], chosen_from: int = 1, confidence: float = CONFIDENCE
) -> Claim | None:
    """The claim that fresh trials support; None when infrastructure left no task with a pair.

    ``chosen_from``: of how many libraries these tasks chose the last one (:func:`libraries`).
    """
    pairs = Pairs.of(blocks)
    if not pairs.base:
        return None
    verdict = pairs.verdict("undecided", "")
    single = 1 - (1 - confidence) / chosen_from
    low, high = mean_interval(list(pairs.differences.values()), single)
    return Claim(
        split=pairs.split,
        base=verdict.base or 0.0,
        score=verdict.score or 0.0,
        gain=pairs.gain,
        low=low,
        high=high,
        better=pairs.better,
        worse=pairs.worse,
        tasks=len(pairs.base),
        lost=pairs.met - len(pairs.base),
        confidence=confidence,
        libraries=chosen_from,
    )
