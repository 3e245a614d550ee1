"""How right is an answer? Scorers by short name, or anybody's by ``module:function``.

An answer is what the agent gave as its final answer, already cut out of its reply.
"""

from __future__ import annotations

import difflib
import importlib.util
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from fnopt.errors import FnoptError, UsageError
from fnopt.records import Score, Task
from fnopt.tasks import gym, pytest_tasks
from fnopt.tasks.foreign import PATIENCE, Foreign
from fnopt.tasks.own import imported
from fnopt.tasks.pytest_tasks import PytestRule
from fnopt.tasks.rules import Rule, choice, contains, exact, gaia, number
from fnopt.tasks.sample import TARGETS

_FULL = 1 - 1e-9
_LONGEST = 10_000  # characters that are read as mathematics
_GRADED = frozenset({pytest_tasks.PREFIX})  # whose shares count without tasks.partial
FAILED = "the scorer failed: "


class Scorer(Protocol):
    """Says how right an answer is; never raises on an odd answer."""

    def __call__(self, answer: str, task: Task) -> Score:
        """The score of ``answer`` to ``task``."""


@dataclass(frozen=True)
class Checked:
    """A rule whose failures count as 0, with their message; without ``partial``, all or nothing.

    ``partial`` None is as the task's own scorer has it: tests count by the share that passes.
    """

    rule: Rule
    partial: bool | None = None

    def __call__(self, answer: str, task: Task) -> Score:
        """See :class:`Scorer`. Errors about the set-up (FnoptError) do go through."""
        try:
            value, note = _read(self.rule(answer, task))
        except FnoptError:
            raise
        except Exception as error:  # noqa: BLE001 - a scorer may raise anything on an odd answer
            return Score(0.0, f"{FAILED}{type(error).__name__}: {error}"[:500])
        if value >= _FULL:
            return Score(1.0, note)
        partial = task.scorer in _GRADED if self.partial is None else self.partial
        return Score(value if partial else 0.0, note)


def _read(result: float | bool | Score) -> tuple[float, str]:
    value, note = (result.value, result.note) if isinstance(result, Score) else (result, "")
    plain = float(value)
    if not (math.isfinite(plain) and 0 <= plain <= 1):
        raise ValueError(f"{value!r} is not a score from 0 to 1")
    return plain, note


@dataclass(frozen=True)
class MathRule:
    """Mathematically equal, LaTeX or plain (math-verify, in a process of its own)."""

    foreign: Foreign = field(default_factory=Foreign, compare=False, repr=False)

    def __call__(self, answer: str, task: Task) -> float:
        """See :class:`Rule`."""
        given = answer[-_LONGEST:]  # the answer of a long text stands at its end
        return float(self.foreign.ask("math_score", task.answer, given, timeout=PATIENCE))


@dataclass(frozen=True)
class GymRule:
    """The score that the task's own family gives (reasoning-gym, in a process of its own)."""

    foreign: Foreign = field(default_factory=Foreign, compare=False, repr=False)

    def __call__(self, answer: str, task: Task) -> float:
        """See :class:`Rule`."""
        if not gym.is_ours(task.metadata):
            raise UsageError(
                f"task {task.id!r} is not from reasoning-gym, and tasks.scorer says that it is",
                'Set tasks.scorer to one for such tasks, for example "exact".',
            )
        return gym.score(answer, task, self.foreign, PATIENCE)


@dataclass(frozen=True)
class AnyOf:
    """A rule for tasks with several right answers: the best that one of them gives."""

    rule: Callable[[str, Task], float | bool]

    def __call__(self, answer: str, task: Task) -> float:
        """See :class:`Rule`."""
        targets = task.metadata.get(TARGETS)
        if not isinstance(targets, list):
            return float(self.rule(answer, task))
        return max(float(self.rule(answer, replace(task, answer=str(one)))) for one in targets)


@dataclass(frozen=True)
class Automatic:
    """The scorer that comes with the task's format, ``exact`` where it has none."""

    root: Path | None = None
    rules: dict[str, Rule] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, answer: str, task: Task) -> float | bool | Score:
        """See :class:`Rule`. Raises UsageError when the task's scorer cannot be had."""
        name = task.scorer or "exact"
        if name not in self.rules:
            self.rules.setdefault(name, _named(name, self.root))
        return self.rules[name](answer, task)


def _math(_: Path | None) -> Rule:
    if importlib.util.find_spec("math_verify") is None:
        raise UsageError("math-verify is not installed", "pip install 'fnopt[math]'")
    return AnyOf(MathRule())


def _gym(_: Path | None) -> Rule:
    gym.require_installed()
    return GymRule()


def _pytest(root: Path | None) -> Rule:
    return PytestRule(root or Path())


_RULES: Mapping[str, Callable[[Path | None], Rule]] = {
    "exact": lambda _: AnyOf(exact),
    "number": lambda _: AnyOf(number),
    "contains": lambda _: AnyOf(contains),
    "choice": lambda _: AnyOf(choice),
    "gaia": lambda _: AnyOf(gaia),
    "math": _math,
    gym.PREFIX: _gym,
    pytest_tasks.PREFIX: _pytest,
}
NAMES = tuple(_RULES)


def scorer(name: str | None, partial: bool | None = None, root: Path | None = None) -> Scorer:
    """The scorer of that name; None chooses by the task (see :class:`Automatic`).

    ``module:function`` is imported, from ``root`` too, and called with answer and task; it returns
    a number from 0 to 1, a bool or a Score. Raises UsageError.
    """
    if name is None:
        return Checked(Automatic(root), partial)
    if ":" in name:
        return Checked(imported(name, root), partial)
    return Checked(_named(name, root), partial)


def require(tasks: Iterable[Task]) -> None:
    """Raises UsageError when the scorer that comes with one of the tasks cannot be had."""
    for name in sorted({task.scorer for task in tasks if task.scorer}):
        _named(name, None)


def _named(name: str, root: Path | None) -> Rule:
    if name not in _RULES:
        near = difflib.get_close_matches(name, (*NAMES, "judge"), n=1)
        mend = (
            f"Did you mean {near[0]}?"
            if near
            else f"Known: {', '.join(NAMES)}, judge, module:function."
        )
        raise UsageError(f"tasks.scorer: unknown scorer {name!r}", mend)
    return _RULES[name](root)
