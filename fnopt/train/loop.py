"""Steps in a row, until it stops paying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fnopt.errors import BudgetSpent
from fnopt.history.updates import PEOPLES, Update, updates
from fnopt.records import Verdict
from fnopt.train.answering import waiting
from fnopt.train.outcome import Kept, Refused, Replied, Reverted, Step, Terminated, Undecided
from fnopt.train.run import Run, Stops
from fnopt.train.step import step

Why = Literal["finished", "patience", "small", "steps", "budget", "undecided"]
"""``small``: what could still be gained is too small for the gate's tasks to show."""

ROUNDED = 0.01  # what the log's four digits lose


@dataclass(frozen=True)
class Stop:
    """Why a run stopped, in one word and in one line."""

    why: Why
    reason: str


def train(run: Run, on_step: Callable[[Step], None] = lambda _: None) -> Stop:
    """Step until the run is finished, out of patience, steps or budget, or nothing more can show.

    Resuming is nothing special: what was decided is read from the log. Raises EndpointError,
    SandboxError and GitStateError, after which the run can go on.
    """
    while (stop := ended(run)) is None:
        try:
            result = step(run)
        except BudgetSpent as error:
            return out_of_budget(error)
        on_step(result)
        match result:
            case Terminated(why):
                return Stop("finished", why)
            case Undecided(verdict):
                return undecided(verdict)
            case Kept() | Reverted() | Refused() | Replied():
                continue
    return stop


def out_of_budget(error: BudgetSpent) -> Stop:
    """The stop at a limit, with how the run goes on: by itself it never tries again."""
    return Stop("budget", f"{error.message}; {error.mend}")


def undecided(verdict: Verdict) -> Stop:
    """The stop where too little could be measured, with how the run goes on."""
    return Stop("undecided", f"{verdict.reason}; see: fnopt doctor, then fnopt train goes on")


def ended(run: Run) -> Stop | None:
    """Whether a run is over, as its log says it. While people wait for an answer only the number of
    its steps ends it."""
    log = updates(run.branch)
    if waiting(run):
        return None if run.stops.one_shot else _out_of_steps(run.stops, log)
    stop = spent(run.stops, log)
    return stop if stop or run.stops.patience is None else _too_few_wrong(run, log)


def _too_few_wrong(run: Run, log: list[Update]) -> Stop | None:
    """Whether so few of the gate's tasks are wrong that no edit could be kept for them."""
    last = next((update for update in reversed(log) if update.base is not None), None)
    if last is None or run.branch.head() not in (last.commit, last.revert):
        return None  # never measured, or the incumbent is a person's
    if last.share < 1:
        return None  # nobody knows how many of the others are wrong
    score = last.score if last.verdict == "kept" else last.base
    judging = run.judging
    share = (1 - (score or 0.0)) * len(judging.tasks)
    wrong = round(share)
    if abs(share - wrong) > ROUNDED or judging.gate.can_show(wrong):
        return None  # where parts of a task count, its mean does not say how many are wrong
    said = f"{wrong} of {len(judging.tasks)} {judging.split} tasks are wrong"
    return Stop("small", f"{said}: no edit can show a gain there that would be kept")


def spent(stops: Stops, log: list[Update]) -> Stop | None:
    """Whether the log says that a run is out of patience or steps; what people did aside."""
    in_vain = _in_vain(log)
    if stops.patience is not None and len(in_vain) >= stops.patience:
        return _out_of_patience(in_vain)
    return _out_of_steps(stops, log)


def _out_of_steps(stops: Stops, log: list[Update]) -> Stop | None:
    """Answers to people are steps, too, but for the one of ``one_shot``."""
    steps = [update for update in log if update.action not in PEOPLES]
    if stops.one_shot:
        steps = [update for update in steps if not update.answers]
    counted = [update for update in steps if update.verdict == "kept" or not stops.only_kept]
    if len(counted) < stops.max_steps:
        return None
    return Stop("steps", f"{len(counted)} of {stops.max_steps} steps are done")


def _in_vain(log: list[Update]) -> list[Update]:
    """The steps in vain since the last update that was kept, by the gate or by a person; those
    aside that a person asked for: nobody's patience with the optimizer ends by them."""
    found: list[Update] = []
    for update in reversed(log):
        if update.action == "rollback" or update.overruled:
            continue
        if update.verdict == "kept":
            break
        if not update.answers:
            found.append(update)
    return found[::-1]


def _out_of_patience(steps: list[Update]) -> Stop:
    """Whether it was all in vain, or gained and could not be told from luck."""
    said = f"{len(steps)} steps in a row were reverted or refused"
    measured = [one for one in steps if one.base is not None and one.score is not None]
    gained = [one for one in measured if (one.score or 0.0) > (one.base or 0.0)]
    if not gained or len(gained) * 2 < len(measured):
        return Stop("patience", said)
    told = f"{len(gained)} of them gained, too little to be told from luck on so few tasks"
    return Stop("small", f"{said}; {told}: add val tasks, or set tasks.trials")
