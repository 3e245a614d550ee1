"""Which functions serve which training tasks already, and which tasks no function helped with.

A function helped where what it returned was the expected answer, or where a right answer followed
its call and it is not known to do better elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fnopt.evaluate.trial import Bench
from fnopt.library.function import Library
from fnopt.records import Evaluation, Task, Trial
from fnopt.tasks.scorers import Scorer
from fnopt.train.focus import kin, like
from fnopt.train.tryout import tryout

MOST = 3  # functions that are tried on a group of failing tasks


def busy(
    trained: Evaluation, scorer: Scorer, train: Sequence[Task], kind: frozenset[str]
) -> frozenset[str]:
    """The functions that helped to right answers, but computed none of the tasks of a kind."""
    by_id = {task.id: task for task in train}
    elsewhere = {
        call.function
        for trial in trained.trials
        if trial.right and trial.task not in kind
        for call in trial.calls
    }
    here = {
        name
        for trial in trained.trials
        if trial.task in kind and trial.task in by_id
        for name in _computed(trial, by_id[trial.task], scorer)
    }
    return frozenset(elsewhere - here)


def by_luck(
    trained: Evaluation, scorer: Scorer, train: Sequence[Task], group: tuple[Task, ...]
) -> int:
    """The tasks that look like a group and were answered right with no function's result."""
    alike, by_id = like(group, train), {task.id: task for task in train}
    right = {trial.task: trial for trial in trained.trials if trial.right and trial.task in alike}
    return sum(not _computed(trial, by_id[id_], scorer) for id_, trial in right.items())


def served(
    library: Library,
    trained: Evaluation,
    bench: Bench,
    train: Sequence[Task],
    group: tuple[Task, ...],
) -> bool:
    """Whether a function that was called at tasks of this kind computes all that they expect.

    One task alone says nothing: a result may be its answer by luck.
    """
    tasks = (*group, *kin(group, train))
    ids = like(group, train)
    called = Counter(
        name
        for trial in trained.trials
        if trial.task in ids
        for name in {call.function for call in trial.calls}
    )
    for name, _ in called.most_common(MOST):
        tried = tryout(library, name, tasks, trained.trials, bench.sandbox, bench.scorer)
        if tried.sure:
            return True
    return False


def _computed(trial: Trial, task: Task, scorer: Scorer) -> set[str]:
    """The functions whose result was the expected answer."""
    return {
        call.function
        for call in trial.calls
        if call.error is None and scorer(call.result, task).value >= 1.0
    }
