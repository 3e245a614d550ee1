"""One attempt of an agent at one task with one library."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from fnopt.agents.agent import Agent, Asked, Unavailable
from fnopt.agents.attempt import failure_of
from fnopt.agents.toolbox import SandboxBroke, Toolbox
from fnopt.library.function import Library
from fnopt.models.failures import RequestRefused
from fnopt.models.retry import RetriesSpent
from fnopt.records import Task, Trial
from fnopt.sandbox import Sandbox
from fnopt.tasks.scorers import Scorer

RETRIES = 1  # further attempts at a trial that infrastructure did not let happen


@dataclass(frozen=True)
class Wanted:
    """A trial to be made: of a task of ``split`` the attempt ``number``, known by ``key``."""

    split: str
    task: Task
    number: int
    key: str

    def failed(self, why: str) -> Trial:
        """The trial that infrastructure did not let happen."""
        return Trial(self.task.id, self.number, self.key, error=why)


@dataclass(frozen=True)
class Done:
    """A trial that ended; ``refusal`` where the endpoint did not take a request of it."""

    trial: Trial
    refusal: RequestRefused | None = None


def worth_keeping(trial: Trial) -> Trial | None:
    """What the store keeps of a trial; None where infrastructure failed, or an agent of one's own.

    An answer that no judge could be had for is kept, and judged another time.
    """
    answered = trial.error is None or bool(trial.messages)
    if not answered or failure_of(trial.messages) is not None:
        return None
    return replace(trial, error=None)


@dataclass(frozen=True)
class Bench:
    """All that a trial needs beside its library and its task; ``offered`` is the toolbox's.

    ``judge`` scores trials in place of ``scorer`` where it is there: it costs money, and what is
    looked at for free (what a function returned, say) is left to the scorer.
    """

    agent: Agent
    sandbox: Sandbox
    scorer: Scorer
    python: bool = False
    offered: frozenset[str] | None = None
    judge: Scorer | None = None

    def toolbox(self, library: Library) -> Toolbox:
        """What the agent may call from a library."""
        return Toolbox(library, self.sandbox, python=self.python, offered=self.offered)

    def key(self, toolbox: Toolbox, split: str, task: Task, number: int) -> str:
        """What the trial sees before any function is called, the agent itself included.

        Ids are of one split only: a task of another that has the same one is another task.
        """
        seen = self.agent.sees(Asked.of(task), toolbox, number)
        words = (seen, self.agent.digest, str(self.python), split, task.id)
        return hashlib.sha256("\0".join(words).encode()).hexdigest()

    def score(self, trial: Trial, task: Task) -> Trial:
        """The trial with its answer scored anew; scorers and answers are no part of its key.

        Where a judge cannot be had just now, that is kept as ``error``. Where the answer was left
        out of evidence, the score that it had stays.
        """
        if trial.scrubbed and trial.score is not None:
            return trial
        scorer = self.judge or self.scorer
        try:
            return replace(trial, score=scorer(trial.answer, task))
        except RetriesSpent as error:
            return replace(trial, score=None, error=f"the judge: {error.message}")

    def run(self, library: Library, task: Task, number: int, key: str) -> Trial:
        """Let the agent answer and score it; ``key`` is the trial's, of :meth:`key`.

        Raises what :meth:`attempt` raises.
        """
        made = self.attempt(library, task, number, key)
        return made if made.error is not None else self.score(made, task)

    def attempt(self, library: Library, task: Task, number: int, key: str) -> Trial:
        """The trial without its score: the expected answer is not looked at.

        A failure of infrastructure is kept as ``error``.

        Raises RequestRefused when the endpoint does not take a request of it, EndpointError when
        it cannot be used at all, SandboxError and BudgetSpent.
        """
        toolbox = self.toolbox(library)
        try:
            solution = self.agent.solve(Asked.of(task), toolbox, number)
        except (RetriesSpent, SandboxBroke, Unavailable) as error:
            return Trial(task.id, number, key, error=error.message)
        return Trial(
            task.id,
            number,
            key,
            answer=solution.answer,
            calls=solution.calls,
            closures=toolbox.closures(solution.calls),
            messages=solution.messages,
            usage=solution.usage,
        )
