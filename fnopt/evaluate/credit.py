"""What each function did in the trials of an evaluation: calls, tasks, right answers, reuse.

Counting costs nothing. What is lost without a function has to be measured: see
:mod:`fnopt.evaluate.leave_out`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fnopt.library.callgraph import callers
from fnopt.library.function import Library
from fnopt.records import Evaluation, Trial

FEW = 1
"""Tasks that a function helps with at which it is of single use."""


@dataclass(frozen=True)
class Contribution:
    """What one function did in the trials of an evaluation.

    ``calls`` count those of the agent; ``tasks`` are the distinct ones where it was called, and
    ``through`` further ones where only a function that calls it was; ``right`` of them all were
    answered right. ``reused``: tasks answered right with a call of it that returned, beyond those
    that it was written for. ``goes``: the functions that cannot be without it.
    """

    function: str
    calls: int
    tasks: int
    through: int
    right: int
    reused: int
    goes: tuple[str, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Whether no trial used it, directly or through others."""
        return not self.tasks and not self.through

    @property
    def is_single_use(self) -> bool:
        """Whether it helped with no more than one task."""
        return self.reused <= FEW


Tasks = Mapping[str, frozenset[str]]
"""The ids of the tasks that functions were written for, by function."""


def contributions(
    library: Library, evaluation: Evaluation, written_for: Tasks | None = None
) -> tuple[Contribution, ...]:
    """What each function of the library did, by name. Trials without a score count for nothing."""
    return tuple(
        _contribution(library, function.name, evaluation, (written_for or {}).get(function.name))
        for function in library.functions
    )


def single_use(library: Library, evaluation: Evaluation, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the functions ``names`` that helped with at most one task of the evaluation."""
    wanted = frozenset(names)
    found = contributions(library, evaluation)
    return tuple(one.function for one in found if one.is_single_use and one.function in wanted)


def with_callers(library: Library, name: str) -> frozenset[str]:
    """The function and those that call it, themselves or through others."""
    found, pending = {name}, [name]
    while pending:
        new = callers(library, pending.pop()) - found
        found |= new
        pending += new
    return frozenset(found)


def uses(trial: Trial, names: Iterable[str]) -> bool:
    """Whether the agent called one of these."""
    return not {call.function for call in trial.calls}.isdisjoint(names)


def _contribution(
    library: Library, name: str, evaluation: Evaluation, written_for: frozenset[str] | None
) -> Contribution:
    goes = with_callers(library, name) - {name}
    direct = [trial for trial in evaluation.scored if uses(trial, {name})]
    wider = [trial for trial in evaluation.scored if uses(trial, {name, *goes})]
    tasks = {trial.task for trial in direct}
    helped = {trial.task for trial in wider if trial.right and _returned(trial, {name, *goes})}
    return Contribution(
        function=name,
        calls=sum(call.function == name for trial in direct for call in trial.calls),
        tasks=len(tasks),
        through=len({trial.task for trial in wider} - tasks),
        right=len({trial.task for trial in wider if trial.right}),
        reused=len(helped - (written_for or frozenset())),
        goes=tuple(sorted(goes)),
    )


def _returned(trial: Trial, names: Iterable[str]) -> bool:
    return not {call.function for call in trial.calls if call.error is None}.isdisjoint(names)
