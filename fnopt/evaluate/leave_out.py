"""What is lost without a function: the agent meets the tasks again, and is not offered it.

Neither is it offered what calls the function and would fail with it. Its code stays where it is, so
that all else is as it was; to the agent, and to the cache, it is as if it were removed. Tasks whose
trials called none of these are not run again: they are taken to come out as they did. That is an
assumption, since the agent saw one tool more than it would have, and the trial's key is another;
with ``every`` nothing is assumed. Trials that ran code of their own, which could import anything,
are always run again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from fnopt.agents.toolbox import PYTHON
from fnopt.evaluate.betting import mean_interval
from fnopt.evaluate.credit import Contribution, uses
from fnopt.evaluate.evaluation import Evaluator
from fnopt.library.function import Library
from fnopt.records import Evaluation, Task, Trial

CONFIDENCE = 0.95
SOURCE = "95% interval of the paired difference, Waudby-Smith and Ramdas 2023"


@dataclass(frozen=True)
class LeftOut:
    """An evaluation with and without a function, on the ``tasks`` that both could score.

    ``rerun`` of them were run again. ``right`` and ``without`` count trials that are right, of
    ``trials`` each; ``lost`` is the drop of the mean score without it, which the interval from
    ``low`` to ``high`` covers with :data:`CONFIDENCE`, however few the tasks are.
    """

    tasks: int
    rerun: int
    trials: int
    right: int
    without: int
    lost: float
    low: float
    high: float


def leave_out(
    evaluator: Evaluator,
    library: Library,
    tasks: Sequence[Task],
    whole: Evaluation,
    found: Sequence[Contribution],
    *,
    every: bool = False,
    begin: Callable[[str, int], None] = lambda *_: None,
) -> Iterator[tuple[Contribution, LeftOut]]:
    """Measure what is lost without each function, those with the fewest trials to run first.

    ``whole`` is the evaluation of ``tasks`` with all functions that the evaluator offers; ``found``
    is what it says of them. ``begin`` is told of each function and how many tasks are run again.
    What was measured before costs nothing. Raises what evaluating raises; what was given by then
    is measured.
    """
    offered = evaluator.bench.offered
    if offered is None:
        offered = frozenset(one.name for one in library.functions)
    plans = [_Plan.of(library, one, tasks, whole, every) for one in found]
    for plan in sorted(plans, key=lambda one: len(one.tasks)):
        begin(plan.of_function.function, len(plan.tasks))
        without = evaluator.on(replace(evaluator.bench, offered=offered - plan.gone))
        again = without.evaluate(library, whole.split, plan.tasks)
        yield plan.of_function, compared(whole, again)


@dataclass(frozen=True)
class _Plan:
    """What to run again for a function: ``tasks``, without all that is ``gone``."""

    of_function: Contribution
    gone: frozenset[str]
    tasks: tuple[Task, ...]

    @classmethod
    def of(
        cls,
        library: Library,
        one: Contribution,
        tasks: Sequence[Task],
        whole: Evaluation,
        every: bool,
    ) -> _Plan:
        gone = frozenset({one.function, *one.goes})
        used = {trial.task for trial in whole.trials if _could_use(library, trial, gone)}
        return cls(one, gone, tuple(task for task in tasks if every or task.id in used))


def _could_use(library: Library, trial: Trial, names: frozenset[str]) -> bool:
    """Whether it called one of them, or ran code of its own, which may have."""
    ran_code = library.get(PYTHON) is None and uses(trial, {PYTHON})
    return ran_code or uses(trial, names)


def compared(whole: Evaluation, again: Evaluation) -> LeftOut:
    """The evaluation beside itself with the trials that were run again in their places."""
    rerun = {trial.task for trial in again.trials}
    new = {(trial.task, trial.number): trial for trial in again.scored}
    pairs = [
        (one, new[one.task, one.number] if one.task in rerun else one)
        for one in whole.scored
        if one.task not in rerun or (one.task, one.number) in new
    ]
    drops: dict[str, list[float]] = defaultdict(list)
    for one, other in pairs:
        drops[one.task].append(_value(one) - _value(other))
    values = [fmean(several) for several in drops.values()]
    low, high = mean_interval(values, CONFIDENCE)
    return LeftOut(
        tasks=len(drops),
        rerun=len(rerun),
        trials=len(pairs),
        right=sum(one.right for one, _ in pairs),
        without=sum(other.right for _, other in pairs),
        lost=fmean(values) if values else 0.0,
        low=low,
        high=high,
    )


def _value(trial: Trial) -> float:
    assert trial.score is not None, "BUG: trials without a score are in no pair"
    return trial.score.value
