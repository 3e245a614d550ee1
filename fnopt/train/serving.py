"""Which functions serve which training tasks already, and which tasks no function helped with.

A function computed an answer where it returned the expected one for arguments that stand in the
question. Without the second it may be luck: an agent that has only one function calls that, with
whatever arguments, and small numbers are often right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from fnopt.agents.calls import arguments_of
from fnopt.evaluate.trial import Bench
from fnopt.library.function import Library
from fnopt.records import Evaluation, Task, Trial
from fnopt.tasks.scorers import Scorer
from fnopt.train.focus import kin, like
from fnopt.train.tryout import tryout

MOST_VALUES = 50  # of a list or an object in a call
DEEPEST = 4  # lists and objects in each other that are looked into
LONGEST = 1_000  # characters of a value that are looked for
MOST = 3  # functions that are tried on a group of failing tasks


def busy(
    trained: Evaluation, scorer: Scorer, train: Sequence[Task], kind: frozenset[str]
) -> frozenset[str]:
    """The functions that computed answers, but to tasks of a kind fewer than to others: what an
    agent with few functions calls at every question is right there at times."""
    here, elsewhere = Counter[str](), Counter[str]()
    by_id = {task.id: task for task in train}
    for trial in trained.trials:
        if task := by_id.get(trial.task):
            (here if trial.task in kind else elsewhere).update(_computed(trial, task, scorer))
    return frozenset(name for name in elsewhere if elsewhere[name] > here[name])


def needed(trained: Evaluation, scorer: Scorer, train: Sequence[Task], name: str) -> int:
    """The number of training tasks whose answer a function computed."""
    by_id = {task.id: task for task in train}
    found = {
        trial.task
        for trial in trained.trials
        if trial.right
        and trial.task in by_id
        and name in _computed(trial, by_id[trial.task], scorer)
    }
    return len(found)


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
    """The functions whose result was the expected answer, for arguments out of the question."""
    return {
        call.function
        for call in trial.calls
        if call.error is None
        and scorer(call.result, task).value >= 1.0
        and _stands_in(call.arguments, task.question)
    }


def _stands_in(arguments: str, question: str) -> bool:
    """Whether at least one text or number of a call stands in the question."""
    values = arguments_of(arguments)
    text = question.casefold().replace(",", "")
    return not isinstance(values, str) and any(
        word and _found(word, text) for word in _words_of(list(values.values()))
    )


def _found(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _words_of(values: list[Any], deep: int = 0) -> Iterator[str]:
    """The texts and numbers in values, those in lists and objects as well."""
    for value in values[:MOST_VALUES] if deep < DEEPEST else ():
        match value:
            case bool() | None:
                continue
            case dict():
                yield from _words_of(list(value.values()), deep + 1)
            case list():
                yield from _words_of(value, deep + 1)
            case _:
                yield str(value).casefold().replace(",", "").strip()[:LONGEST]
