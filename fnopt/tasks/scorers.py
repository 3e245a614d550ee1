"""How right is an answer? Scorers by short name, or anybody's by ``module:function``.

An answer is what the agent gave as its final answer, already cut out of its reply.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import math
import re
import sys
import threading
import unicodedata
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from fnopt.errors import FnoptError, UsageError
from fnopt.records import Score, Task
from fnopt.tasks import gym, numerals
from fnopt.tasks.foreign import Foreign

_FULL = 1 - 1e-9
FAILED = "the scorer failed: "
_PATIENCE = 30.0  # seconds for a foreign scorer, its library's import included


class Scorer(Protocol):
    """Says how right an answer is; never raises on an odd answer."""

    def __call__(self, answer: str, task: Task) -> Score:
        """The score of ``answer`` to ``task``."""


class Rule(Protocol):
    """A scorer before its outcome is checked: full marks are 1 or True; it may raise."""

    def __call__(self, answer: str, task: Task, /) -> float | bool | Score:
        """How right ``answer`` is."""


@dataclass(frozen=True)
class Checked:
    """A rule whose failures count as 0, with their message; without ``partial``, all or nothing."""

    rule: Rule
    partial: bool = False

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
        return Score(value if self.partial else 0.0, note)


def _read(result: float | bool | Score) -> tuple[float, str]:
    value, note = (result.value, result.note) if isinstance(result, Score) else (result, "")
    plain = float(value)
    if not (math.isfinite(plain) and 0 <= plain <= 1):
        raise ValueError(f"{value!r} is not a score from 0 to 1")
    return plain, note


def exact(answer: str, task: Task) -> bool:
    """The same text; white space around it and its amount within do not count, letter case does
    (as in lm-evaluation-harness's ``exact_match``)."""
    return _spaced(answer) == _spaced(task.answer)


def contains(answer: str, task: Task) -> bool:
    """The expected text stands in the answer as whole words, in whatever letter case."""
    expected = re.escape(_spaced(task.answer).casefold())
    return re.search(rf"(?<!\w){expected}(?!\w)", _spaced(answer).casefold()) is not None


def number(answer: str, task: Task) -> bool:
    """Numerically equal, see :mod:`fnopt.tasks.numerals`; of a sentence its last number counts.

    Where the expected answer is not a number, the same text in whatever letter case.
    """
    expected = numerals.number(task.answer)
    if expected is None:
        return _spaced(answer).casefold().rstrip(".") == _spaced(task.answer).casefold().rstrip(".")
    given = numerals.number(answer)
    given = numerals.last_number(answer) if given is None else given
    return given is not None and numerals.equal(given, expected)


def choice(answer: str, task: Task) -> bool:
    """The same letter or letters of a multiple choice: "B", "(B)", "the answer is B", "A, C"."""
    given = letters(answer)
    return bool(given) and given == letters(task.answer)


def letters(text: str) -> frozenset[str]:
    """The chosen letters: the text may be them alone, name them, or end with one standing alone."""
    text = re.sub(r"\\(?:text|textbf|mathrm|boxed)\s*", "", _spaced(text))
    bare = re.fullmatch(r"[\W_]*([A-Za-z](?:(?:\W|_|\band\b)+[A-Za-z])*)[\W_]*", text)
    if bare is not None:
        return frozenset(re.findall(r"\b[A-Z]\b", bare[1].upper()))
    leading = re.match(r"\W*([A-Z])\W?[).:]\s", f"{text} ")
    named = re.findall(r"(?i:answer|choice|option)(?:\s+is)?\W+([A-Z])\b", text)
    alone = re.findall(r"(?<![\w'])([B-HJ-Z])(?![\w'])|\(([A-Z])\)", text)
    found = named or ([leading[1]] if leading else []) or ["".join(pair) for pair in alone]
    return frozenset(found[-1:])


def _spaced(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


@dataclass(frozen=True)
class MathRule:
    """Mathematically equal, LaTeX or plain (math-verify, in a process of its own)."""

    foreign: Foreign = field(default_factory=Foreign, compare=False, repr=False)

    def __call__(self, answer: str, task: Task) -> float:
        """See :class:`Rule`."""
        return float(self.foreign.ask("math_score", task.answer, answer, timeout=_PATIENCE))


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
        return gym.score(answer, task, self.foreign, _PATIENCE)


@dataclass(frozen=True)
class Automatic:
    """The family's own score for tasks of reasoning-gym, ``exact`` for all others."""

    family: GymRule = field(default_factory=GymRule)

    def __call__(self, answer: str, task: Task) -> float:
        """See :class:`Rule`."""
        return self.family(answer, task) if gym.is_ours(task.metadata) else exact(answer, task)


def _math() -> Rule:
    if importlib.util.find_spec("math_verify") is None:
        raise UsageError("math-verify is not installed", "pip install 'fnopt[math]'")
    return MathRule()


def _gym() -> Rule:
    gym.require_installed()
    return GymRule()


_RULES: Mapping[str, Callable[[], Rule]] = {
    "exact": lambda: exact,
    "number": lambda: number,
    "contains": lambda: contains,
    "choice": lambda: choice,
    "math": _math,
    gym.PREFIX: _gym,
}
NAMES = tuple(_RULES)


def scorer(name: str | None, partial: bool = False, root: Path | None = None) -> Scorer:
    """The scorer of that name; None chooses by the task (see :class:`Automatic`).

    ``module:function`` is imported, from ``root`` too, and called with answer and task; it returns
    a number from 0 to 1, a bool or a Score. Raises UsageError.
    """
    if name is None:
        return Checked(Automatic(), partial)
    if ":" in name:
        return Checked(_imported(name, root), partial)
    if name not in _RULES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        mend = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(NAMES)}."
        raise UsageError(f"tasks.scorer: unknown scorer {name!r}", mend)
    return Checked(_RULES[name](), partial)


def _imported(path: str, root: Path | None) -> Rule:
    module, _, attribute = path.partition(":")
    if root is not None and str(root) not in sys.path:
        sys.path.append(str(root))  # last: nothing of the repository may stand in for a package
    try:
        found: Any = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # noqa: BLE001 - importing runs the user's module
        raise UsageError(
            f"tasks.scorer: cannot load {path!r}: {type(error).__name__}: {error}",
            "Write module:function, with a module that can be imported from the repository's root.",
        ) from None
    if not callable(found):
        raise UsageError(f"tasks.scorer: {path!r} is not a function", "Name a function.")
    return InTime(found, path)


@dataclass(frozen=True)
class InTime:
    """Somebody's scorer, which may hang: nothing of what a run has paid for hangs with it."""

    rule: Rule
    name: str
    seconds: float = _PATIENCE

    def __call__(self, answer: str, task: Task) -> float | bool | Score:
        """See :class:`Rule`. Raises FnoptError when it takes too long."""
        done: Future[float | bool | Score] = Future()
        threading.Thread(target=self._answer, args=(done, answer, task), daemon=True).start()
        try:
            return done.result(self.seconds)
        except TimeoutError:
            if done.done():
                raise  # its own
            raise FnoptError(
                f"tasks.scorer: {self.name} took longer than {self.seconds:.0f} s for one answer "
                f"to task {task.id!r}",
                "mend it and run the same command again: answers are kept, and scored anew",
            ) from None

    def _answer(self, done: Future[float | bool | Score], answer: str, task: Task) -> None:
        try:
            done.set_result(self.rule(answer, task))
        except BaseException as error:  # noqa: BLE001 - told to who waits
            done.set_exception(error)
