"""What each function of the incumbent was good for in its training trials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fnopt.records import Evaluation, Trial

MOST = 12
"""Calls of one function that are kept as examples of what works."""


@dataclass(frozen=True)
class Works:
    """A call in a trial that was answered right, with what it returned."""

    task: str
    arguments: str
    result: str


@dataclass(frozen=True)
class Credit:
    """How often a function was called, at how many distinct tasks, how many of them were right."""

    calls: int = 0
    tasks: int = 0
    right: int = 0
    works: tuple[Works, ...] = ()

    @property
    def said(self) -> str:
        """``right in 3 of 4 tasks that called it``."""
        if not self.tasks:
            return "never called"
        return f"right in {self.right} of {self.tasks} tasks that called it"


def credits_of(evaluation: Evaluation) -> Mapping[str, Credit]:
    """The credit of every function that was called. Trials without a score count for nothing."""
    by_function: dict[str, list[Trial]] = defaultdict(list)
    for trial in evaluation.scored:
        for name in {call.function for call in trial.calls}:
            by_function[name].append(trial)
    return {name: _credit(name, trials) for name, trials in by_function.items()}


def _credit(name: str, trials: Iterable[Trial]) -> Credit:
    trials = list(trials)
    calls = sum(call.function == name for trial in trials for call in trial.calls)
    right = {trial.task for trial in trials if trial.right}
    works = [
        Works(trial.task, call.arguments, call.result)
        for trial in trials
        if trial.right
        for call in trial.calls
        if call.function == name and call.error is None
    ]
    tasks = {trial.task for trial in trials}
    return Credit(calls, len(tasks), len(right), tuple(dict.fromkeys(works))[:MOST])
