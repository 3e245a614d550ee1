"""How much of everything the optimizer is shown: a prompt has a bound whatever a run brings.

All lengths are in characters. A prompt is made in the first of :data:`SIZES` that fits the budget:
generous where a model reads much, frugal where it does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from fnopt.library.function import Function
from fnopt.records import Task
from fnopt.train.attempts import Attempt, Observation
from fnopt.train.budget import BYTES_A_TOKEN
from fnopt.train.failure import Failure

Listed = TypeVar("Listed")


@dataclass(frozen=True)
class Size:
    """How many of each thing are shown, and how much of each.

    ``failures``: tasks that the edit is for; ``talks``: of these with the whole conversation;
    ``rest``: other failing tasks in a line each; ``functions`` shown whole, ``lines`` of the
    others; ``tried``: earlier attempts; ``works``: calls that must go on to work.
    """

    failures: int
    question: int
    answer: int
    talks: int
    talk: int
    calls: int
    call: int
    rest: int
    functions: int
    source: int
    lines: int
    tried: int
    works: int
    notes: int


SIZES = (
    Size(8, 3000, 1000, 3, 6000, 8, 500, 20, 4, 10_000, 80, 3, 8, 8000),
    Size(6, 2000, 600, 2, 3000, 6, 300, 12, 3, 6000, 60, 2, 6, 4000),
    Size(4, 1500, 400, 2, 1500, 4, 300, 8, 3, 4000, 40, 2, 4, 3000),
    Size(4, 1000, 300, 1, 800, 4, 200, 4, 2, 2500, 30, 2, 3, 2000),
    Size(4, 700, 300, 0, 0, 3, 160, 0, 2, 1500, 24, 2, 2, 1000),
    Size(3, 500, 200, 0, 0, 2, 160, 0, 1, 1200, 16, 1, 2, 600),
    Size(2, 350, 120, 0, 0, 2, 120, 0, 1, 900, 10, 1, 1, 300),
    Size(1, 250, 100, 0, 0, 1, 100, 0, 1, 600, 5, 0, 0, 150),
)
"""From all that helps to the smallest prompt that is of use."""

LINE = 200  # of a signature with its summary, a reason, one other failing task
ENDING = " … (cut)"


TURNS = 40  # tokens that the dress of two more messages takes


def tokens(text: str) -> int:
    """A cautious guess at the tokens of a text, as the budget makes it."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) // BYTES_A_TOKEN


def within(text: str, most: int) -> str:
    """A text, cut to so many tokens by that guess."""
    if tokens(text) <= most:
        return text
    kept = max(0, most - tokens(ENDING)) * BYTES_A_TOKEN
    while kept and tokens(text[:kept]) > most - tokens(ENDING):
        kept = kept * 3 // 4
    return text[:kept] + ENDING


def short(text: str, most: int) -> str:
    """A text, cut where it is longer than ``most``."""
    return text if len(text) <= most else text[:most] + ENDING


def of_task(task: Task, size: Size) -> Task:
    """Question and expected answer in short."""
    question = short(task.question.strip(), size.question)
    return replace(task, question=question, answer=short(task.answer, size.answer))


def of_observation(one: Observation, size: Size) -> Observation:
    """The first calls and the answer in short."""
    calls = tuple(short(call, size.call) for call in one.calls[: size.calls])
    more = len(one.calls) - len(calls)
    said = (*calls, f"and {more} more calls") if more else calls
    return replace(one, calls=said, answer=short(one.answer, size.call))


def of_failure(failure: Failure, size: Size, *, whole: bool) -> Failure:
    """A failing task in short; its conversation only where it is to be shown ``whole``."""
    turns = max(1, len(failure.talk))
    said = tuple(short(turn, size.talk // turns) for turn in failure.talk) if whole else ()
    task, observed = of_task(failure.task, size), of_observation(failure.observed, size)
    return replace(failure, task=task, observed=observed, talk=said)


def of_function(function: Function, size: Size) -> Function:
    """A function with its source in short."""
    return replace(function, source=short(function.source, size.source))


def of_attempt(attempt: Attempt, size: Size) -> Attempt:
    """An earlier attempt with its code and reason in short."""
    update = replace(attempt.update, reason=short(attempt.update.reason, LINE))
    return replace(attempt, update=update, code=short(attempt.code, size.source))


def of_list(ones: Sequence[Listed], most: int, line: Callable[[Listed], str] = str) -> list[str]:
    """The first in a short line each, and how many more there are."""
    found = [short(line(one), LINE) for one in ones[:most]]
    more = len(ones) - len(found)
    return [*found, f"and {more} more"] if more and most else found
