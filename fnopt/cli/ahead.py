"""What lies ahead of a command: the trials that it would make, and what one of them takes.

No model is asked: what is kept in the store is looked up, and the rest is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from fnopt.agents.agent import Agent, Asked, Opening, Solution
from fnopt.agents.profile import habits
from fnopt.agents.toolbox import Toolbox
from fnopt.cli.pace import known
from fnopt.cli.session import Session
from fnopt.config import AgentConfig, OptimizerConfig
from fnopt.errors import BudgetSpent
from fnopt.evaluate.evaluation import Evaluator
from fnopt.library.function import Library
from fnopt.models.connect import endpoint_name
from fnopt.models.retry import RetriesSpent
from fnopt.records import Task, Trial, Usage
from fnopt.train.budget import Budget, Limits, prompt_tokens
from fnopt.train.estimate import Priced, Rate, measured, worst_trial

RECENT = 500  # trials, the newest, whose mean is taken


@dataclass(frozen=True)
class Silent:
    """The agent without its model: what it would be asked is known, and nothing is answered."""

    agent: Agent

    @property
    def digest(self) -> str:
        """The agent's own."""
        return self.agent.digest

    def sees(self, asked: Asked, toolbox: Toolbox, trial: int) -> str:
        """The agent's own."""
        return self.agent.sees(asked, toolbox, trial)

    def solve(self, asked: Asked, toolbox: Toolbox, trial: int) -> Solution:
        """Nothing, as where infrastructure failed: such a trial is not kept."""
        raise RetriesSpent("a dry run asks nothing", "run it without --dry-run")


@dataclass(frozen=True)
class Ahead:
    """The trials of an evaluation: how many there are, how many have to be made, and how long the
    first request of one is, in tokens; None where that cannot be known yet."""

    trials: int
    missing: int
    prompt: int | None


def purse() -> Budget:
    """A budget with nothing left: whatever would ask a model raises BudgetSpent."""
    return Budget(Limits(calls=1), Usage(calls=1))


def look(
    session: Session, evaluator: Evaluator, library: Library, split: str, tasks: Sequence[Task]
) -> Ahead:
    """Which trials of tasks are kept already; none where the endpoint's profile is not known."""
    each, bench = session.config.tasks.trials, evaluator.bench
    trials = len(tasks) * each
    here = Evaluator(replace(bench, agent=Silent(bench.agent)), session.store, trials=each)
    try:
        longest = _longest(bench.agent, bench.toolbox(library), tasks)
        found = here.evaluate(library, split, tasks)
    except BudgetSpent:
        return Ahead(trials, trials, None)
    missing = sum(trial.error is not None for trial in found.trials)
    return Ahead(trials, missing, longest)


def _longest(agent: Agent, toolbox: Toolbox, tasks: Sequence[Task]) -> int | None:
    """The tokens of the longest first request; None for an agent that only its owner knows."""
    if not isinstance(agent, Opening):
        return None
    prompts = (prompt_tokens(agent.opening(one.question, toolbox)) for one in tasks)
    return max(prompts, default=0)


def rate_of(session: Session, tasks: Sequence[Task], ahead: Ahead) -> tuple[Rate, list[str]]:
    """What one trial takes, and what that rests on."""
    kept = _kept(session)
    ids = {task.id for task in tasks}
    for which, some in (
        ("of these tasks", [one for one in kept if one.task in ids]),
        ("of other tasks", kept),
    ):
        rate = measured([one.usage for one in some])
        if rate:
            each = f"{rate.calls:.1f} calls, {rate.prompt + rate.completion:,.0f} tokens"
            return rate, [f"a trial: {each}, the mean of {rate.sample} trials {which} kept here"]
    settings = session.config.agent
    longest = settings.max_tokens or habits(settings.model).max_tokens
    rate = worst_trial(ahead.prompt, settings.max_turns, longest)
    each = f"{rate.calls:.0f} calls, {rate.prompt + rate.completion:,.0f} tokens"
    return rate, [f"a trial: {each} at its worst; none was measured yet"]


def _kept(session: Session) -> list[Trial]:
    found = []
    for one in session.store.recent_trials(RECENT):
        with suppress(KeyError, TypeError):  # what another version kept counts for nothing
            found.append(Trial.from_json(one))
    return found


def seconds_of(session: Session, agent: int, optimizer: int = 0) -> float | None:
    """How long so many calls take, as earlier ones took; None where one of the two is not known."""
    config, seconds = session.config, 0.0
    together = {"agent": config.agent.concurrency, "optimizer": 1}
    for role, calls in (("agent", agent), ("optimizer", optimizer)):
        of = priced(getattr(config, role))
        pace = known(session.store, of.model, of.endpoint)
        if calls and not pace.calls:
            return None
        seconds += calls and calls * pace.seconds / pace.calls / together[role]
    return seconds


def priced(role: AgentConfig | OptimizerConfig) -> Priced:
    """Whose price it is."""
    return Priced(role.model, endpoint_name(role.model, role.base_url))
