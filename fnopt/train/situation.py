"""All that the optimizer is told in one step, and how it is laid out for the template."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from fnopt.library.function import Function, Library
from fnopt.records import Task
from fnopt.train import excerpt
from fnopt.train.attempts import Attempt, Observation, function_of
from fnopt.train.credit import Credit
from fnopt.train.excerpt import Size
from fnopt.train.failure import Failure, to_differ

DEFINITION = re.compile(r"^(?:async )?def .*$", re.MULTILINE)


@dataclass(frozen=True)
class Situation:
    """What one step is about.

    ``failures`` are the training tasks that the edit is to be for, ``alike`` a few of their kind
    that were answered right, ``rest`` failures that are left for later.
    ``busy`` functions answer tasks of another kind rightly: whatever failed here, it is not them.
    ``served``: a function of the library computes all that is expected of these tasks.
    ``shapes`` are those of the functions that were judged before, and lost; ``unseen`` is the code
    of those that the agent never called. ``notes`` are what people want the optimizer to know.
    """

    library: Library
    failures: tuple[Failure, ...]
    tried: tuple[Attempt, ...] = ()
    locked: tuple[str, ...] = ()
    busy: frozenset[str] = frozenset()
    shapes: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    rest: tuple[Failure, ...] = ()
    alike: tuple[Task, ...] = ()
    credit: Mapping[str, Credit] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    served: bool = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """The ids of the training tasks that the edit is to be for."""
        return tuple(failure.task.id for failure in self.failures)

    @property
    def kind(self) -> list[Task]:
        """The tasks that the edit is to be for and those like them."""
        return [*(failure.task for failure in self.failures), *self.alike]


def shown(situation: Situation, size: Size, *, brief: bool = False) -> dict[str, object]:
    """Values for the template, no more of each than ``size`` has.

    Where that is to be ``brief``, nothing is told of functions that serve other questions, nor of
    calls that went to them by mistake: a small model copies parameters out of their signatures and
    sentences out of their docstrings.
    """
    relevant = _relevant(situation)[: size.functions]
    hidden = frozenset[str]()
    if brief:
        named = frozenset(one.name for one in situation.library.functions)
        hidden = named - {one.name for one in relevant}
    failures = to_differ(situation.failures)[: size.failures]
    failures = [replace(one, observed=_left(one.observed, hidden)) for one in failures]
    whole = {one.name for one in relevant}
    others = [one for one in situation.library.functions if one.name not in whole and not brief]
    works = [
        f"{function.name}({one.arguments}) -> {one.result}"
        for function in relevant
        for one in _credit(situation, function).works[: size.works]
    ]
    rest = [*situation.failures[size.failures :], *situation.rest]
    tried = situation.tried[-size.tried :] if size.tried else ()
    attempts = [_attempt(attempt, failures, size, hidden) for attempt in tried]
    return {
        "failures": [
            excerpt.of_failure(one, size, whole=at < size.talks) for at, one in enumerate(failures)
        ],
        "alike": [
            excerpt.of_task(task, size)
            for task in situation.alike[: max(0, size.failures - len(failures))]
        ],
        "rest": excerpt.of_list(rest, size.rest, _in_a_line),
        "relevant": [
            (excerpt.of_function(one, size), _credit(situation, one).said) for one in relevant
        ],
        "broken": _broken(situation, [one for one, _, _ in attempts], size),
        "works": [excerpt.short(one, size.call) for one in works],
        "others": excerpt.of_list(others, size.lines, partial(_line, situation)),
        "tried": attempts,
        "locked": excerpt.of_list(situation.locked, size.lines),
        "notes": [excerpt.short(one, size.notes) for one in situation.notes],
    }


def _left(seen: Observation, names: frozenset[str]) -> Observation:
    """What was observed as if nobody had called functions of these names."""
    return replace(seen, calls=tuple(call for call in seen.calls if function_of(call) not in names))


def _relevant(situation: Situation) -> list[Function]:
    """The functions that most of these tasks called: they are shown whole.

    Not those that serve other tasks: a small model rewrites whatever function it is shown.
    """
    called = Counter(
        name
        for failure in situation.failures
        for name in {function_of(call) for call in failure.observed.calls}
    )
    most = [name for name in called if called[name] * 2 > len(situation.failures)]
    names = sorted(most, key=lambda name: (-called[name], name))
    found = (situation.library.get(name) for name in names if name not in situation.busy)
    return [function for function in found if function is not None]


def _attempt(
    attempt: Attempt, failures: list[Failure], size: Size, hidden: frozenset[str]
) -> tuple[Attempt, str, list[tuple[Task, Observation]]]:
    """An earlier attempt, its function's first line, and what the agent did with it on the tasks
    that are shown. A small model gets the line alone: it copies all code that it sees."""
    tasks = {failure.task.id: excerpt.of_task(failure.task, size) for failure in failures}
    hidden -= {attempt.update.function}
    with_tasks = [
        (tasks[one.task], excerpt.of_observation(_left(one, hidden), size))
        for one in attempt.observed
        if one.task in tasks
    ]
    lost = len(attempt.broke.get("val", ()))
    if lost:  # how many is told, not which: nothing of val is shown to the optimizer
        with_reason = f"{attempt.update.reason}; it broke {lost} val tasks"
        attempt = replace(attempt, update=replace(attempt.update, reason=with_reason))
    found = DEFINITION.search(attempt.code)
    line = excerpt.short(found[0], excerpt.LINE) if found else ""
    return excerpt.of_attempt(attempt, size), line, with_tasks


def _broken(situation: Situation, tried: list[Attempt], size: Size) -> list[str]:
    """Training questions that one of these attempts broke, with what is expected."""
    ids = {id_ for attempt in tried for id_ in attempt.broke.get("train", ())}
    tasks = [excerpt.of_task(task, size) for task in situation.alike if task.id in ids]
    return [f"{' '.join(task.question.split())} -> {task.answer}" for task in tasks[: size.works]]


def _credit(situation: Situation, function: Function) -> Credit:
    return situation.credit.get(function.name, Credit())


def _line(situation: Situation, function: Function) -> str:
    credit = _credit(situation, function)
    said = f" ({credit.said})" if credit.tasks else ""
    return f"{function.signature}: {excerpt.short(function.summary, 120)}{said}"


def _in_a_line(failure: Failure) -> str:
    question = " ".join(failure.task.question[: excerpt.LINE * 2].split())
    return f"{excerpt.short(question, 110)} ({failure.said})"
