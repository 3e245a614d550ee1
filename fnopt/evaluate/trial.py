"""One attempt of an agent at one task with one library."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from fnopt.agents.agent import Agent
from fnopt.agents.toolbox import SandboxBroke, Toolbox
from fnopt.library.function import Library
from fnopt.models.retry import RetriesSpent
from fnopt.records import Task, Trial
from fnopt.sandbox import Sandbox
from fnopt.tasks.scorers import Scorer


@dataclass(frozen=True)
class Bench:
    """All that a trial needs beside its library and its task; ``offered`` is the toolbox's."""

    agent: Agent
    sandbox: Sandbox
    scorer: Scorer
    python: bool = False
    offered: frozenset[str] | None = None

    def toolbox(self, library: Library) -> Toolbox:
        """What the agent may call from a library."""
        return Toolbox(library, self.sandbox, python=self.python, offered=self.offered)

    def key(self, toolbox: Toolbox, task: Task, number: int) -> str:
        """What the trial sees before any function is called: the agent and its first request."""
        opening = self.agent.opening(task.question, toolbox).key(number)
        words = (opening, self.agent.digest, str(self.python), task.id)
        return hashlib.sha256("\0".join(words).encode()).hexdigest()

    def score(self, trial: Trial, task: Task) -> Trial:
        """The trial with its answer scored anew; scorers and answers are no part of its key."""
        return replace(trial, score=self.scorer(trial.answer, task))

    def run(self, library: Library, task: Task, number: int, key: str) -> Trial:
        """Let the agent answer and score it; ``key`` is the trial's, of :meth:`key`.

        A failure of infrastructure is kept as ``error``.

        Raises RequestRefused when the endpoint does not take a request of it, EndpointError when
        it cannot be used at all, SandboxError and BudgetSpent.
        """
        toolbox = self.toolbox(library)
        try:
            solution = self.agent.solve(task.question, toolbox, number)
        except (RetriesSpent, SandboxBroke) as error:
            return Trial(task.id, number, key, error=error.message)
        done = Trial(
            task.id,
            number,
            key,
            answer=solution.answer,
            calls=solution.calls,
            closures=toolbox.closures(solution.calls),
            messages=solution.messages,
            usage=solution.usage,
        )
        return self.score(done, task)
