"""How much the agent's own answers differ from trial to trial, with one and the same library."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import stdev

from fnopt.records import Evaluation


@dataclass(frozen=True)
class Noise:
    """Of repeated evaluations of one library: the score of each repeat, the share of pairs of
    trials of one task that differ in being right, and the standard deviation of a score of all
    ``tasks``, one trial each, that this makes."""

    scores: tuple[float, ...]
    flips: float
    spread: float
    tasks: int


def noise(evaluation: Evaluation) -> Noise | None:
    """The noise of an evaluation with several trials a task; None when no task has two.

    The spread is estimated within tasks: how much the tasks differ does not enter it.
    """
    values: dict[str, dict[int, float]] = defaultdict(dict)
    for trial in evaluation.scored:
        assert trial.score is not None
        values[trial.task][trial.number] = trial.score.value
    repeated = {task: found for task, found in values.items() if len(found) > 1}
    if not repeated:
        return None
    pairs = [pair for found in repeated.values() for pair in combinations(found.values(), 2)]
    variances = [stdev(found.values()) ** 2 for found in repeated.values()]
    numbers = sorted({number for found in values.values() for number in found})
    scores = [[f[number] for f in values.values() if number in f] for number in numbers]
    return Noise(
        scores=tuple(sum(score) / len(score) for score in scores),
        flips=sum((one >= 1) != (other >= 1) for one, other in pairs) / len(pairs),
        spread=sqrt(sum(variances) / len(variances) / len(values)),
        tasks=len(values),
    )
