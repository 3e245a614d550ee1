"""How much of everything the optimizer is shown: a prompt has a bound whatever a run brings.

All lengths are in characters. Transcripts are never shown, only the calls and the answer in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fnopt.library.function import Function
from fnopt.records import Task
from fnopt.train.attempts import LONGEST, Attempt, Observation

QUESTION = 3_000
ANSWER = 1_000  # of an expected answer
SOURCE = 10_000  # of a function, or of the code of an earlier attempt
LINE = 200
CALLS = 8  # calls of one trial
FUNCTIONS = 3  # functions shown whole
LINES = 60  # functions of which one line is shown, or names in a list


def short(text: str, most: int) -> str:
    """A text, cut where it is longer than ``most``."""
    return text if len(text) <= most else text[:most] + " … (cut)"


def of_task(task: Task) -> Task:
    """Question and expected answer in short."""
    question = short(task.question.strip(), QUESTION)
    return replace(task, question=question, answer=short(task.answer, ANSWER))


def of_observation(one: Observation) -> Observation:
    """The first calls and the answer in short."""
    calls = tuple(short(call, LONGEST + 2) for call in one.calls[:CALLS])
    more = len(one.calls) - len(calls)
    said = (*calls, f"and {more} more calls") if more else calls
    return replace(one, calls=said, answer=short(one.answer, LONGEST + 2))


def of_function(function: Function) -> Function:
    """A function with its source in short."""
    return replace(function, source=short(function.source, SOURCE))


def of_attempt(attempt: Attempt) -> Attempt:
    """An earlier attempt with its code and reason in short."""
    update = replace(attempt.update, reason=short(attempt.update.reason, LINE))
    return replace(attempt, update=update, code=short(attempt.code, SOURCE))


def of_list(lines: Sequence[str]) -> list[str]:
    """The first lines in short, and how many more there are."""
    found = [short(line, LINE) for line in lines[:LINES]]
    more = len(lines) - len(found)
    return [*found, f"and {more} more"] if more else found
