"""Agents of one's own: a program answers, fnopt asks, records the calls, books and checks."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fnopt.agents import command, function
from fnopt.agents.agent import Asked, Solution
from fnopt.agents.attempt import Attempt, NoAnswer
from fnopt.agents.returned import parts, text_of, usage_of
from fnopt.agents.toolbox import WRITTEN, Toolbox
from fnopt.errors import FnoptError
from fnopt.models.client import Request, Tools
from fnopt.models.meter import Meter
from fnopt.records import UNTOLD, Usage

COMMAND = "command"
MOST_FAILED = 8  # attempts in a row, from the first on, after which an agent is taken for broken
MOST_TOLD = 3  # failures that are told one by one
SILENT = "the agent does not say what it uses: its tokens and their cost are unknown"


class Program(Protocol):
    """What answers."""

    @property
    def digest(self) -> str:
        """What it is: another program has another digest."""

    def answer(self, attempt: Attempt) -> Any:
        """What it gives back, see :mod:`fnopt.agents.returned`.

        Raises NoAnswer when it fails, Unavailable when that is not its doing, and UsageError.
        """


@dataclass(frozen=True)
class Terms:
    """On what terms a program works: where it lies, who keeps the books, how long an attempt may
    take (seconds), what else it depends on (``version``), and who is told of its failures."""

    root: Path
    meter: Meter
    seconds: float = 120.0
    version: str = ""
    say: Callable[[str], None] = lambda _: None


def is_own(kind: str) -> bool:
    """Whether an agent's kind names a program of one's own."""
    return kind == COMMAND or ":" in kind


def load(kind: str, words: tuple[str, ...], terms: Terms) -> OwnAgent:
    """The agent of that kind; ``words`` are those of ``agent.command``. Raises UsageError."""
    if kind == COMMAND:
        return OwnAgent(command.load(words, terms.root, terms.seconds), terms)
    return OwnAgent(function.load(kind, terms.root, terms.seconds), terms)


class OwnAgent:
    """An agent whose answers come from a program."""

    def __init__(self, program: Program, terms: Terms) -> None:
        self._program = program
        self._terms = terms
        self._past = _Past(terms.say)

    @property
    def digest(self) -> str:
        """The program, and the version that its owner gives it."""
        return f"own:{self._program.digest}:{self._terms.version}:{WRITTEN}"

    def sees(self, asked: Asked, toolbox: Toolbox, trial: int) -> str:
        """Task, schemas and the trial's number."""
        task = json.dumps([asked.question, asked.id, asked.metadata], default=str, sort_keys=True)
        words = (task, toolbox.definitions().json, str(trial))
        return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()

    def solve(self, asked: Asked, toolbox: Toolbox, trial: int) -> Solution:
        """See :class:`fnopt.agents.agent.Agent`. An agent that fails gives an empty answer."""
        attempt = Attempt(asked, toolbox, trial)
        request = _estimated(asked, toolbox)
        self._terms.meter.before(request)
        usage: Usage | None = None
        answer, failure = "", None
        try:
            given, said = parts(self._program.answer(attempt))
            usage = usage_of(said)
            answer = text_of(given)
        except NoAnswer as error:
            failure = str(error)
        finally:
            attempt.end()
            self._terms.meter.after(request, usage)
        if attempt.broken is not None:
            raise attempt.broken
        self._past.note(asked.id, failure, usage)
        return attempt.solution(answer, UNTOLD if usage is None else usage, failure)


def _estimated(asked: Asked, toolbox: Toolbox) -> Request:
    """What one reply of a model would be asked with, for a limit to be estimated by."""
    messages = ({"role": "user", "content": asked.question},)
    return Request("own", messages, Tools(toolbox.definitions()))


class _Past:
    """What became of attempts so far: the first failures are told, and a broken agent is stopped
    before it has cost more."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._answered = self._silent = False
        self._failed = 0
        self._told: set[str] = set()

    def note(self, task: str, failure: str | None, usage: Usage | None) -> None:
        """Count an attempt. Raises FnoptError when none of the first ones came to an answer."""
        with self._lock:
            if usage is not None and usage.untold and not self._silent:
                self._silent = True
                self._say(SILENT)
            if failure is None:
                self._answered = True
                return
            self._failed += 1
            if len(self._told) < MOST_TOLD and failure not in self._told:
                self._told.add(failure)
                self._say(f"the agent gave no answer to task {task}: {failure}")
        if not self._answered and self._failed >= MOST_FAILED:
            raise FnoptError(
                f"the agent gave no answer in its first {self._failed} attempts: {failure}",
                "mend it and run the same command again: nothing of these is kept",
            )
