"""Steps in a row, until it stops paying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fnopt.errors import BudgetSpent
from fnopt.history.updates import Update, updates
from fnopt.train.outcome import Kept, Refused, Reverted, Step, Terminated, Undecided
from fnopt.train.run import Run, Stops
from fnopt.train.step import step

Why = Literal["finished", "patience", "steps", "budget", "undecided"]


@dataclass(frozen=True)
class Stop:
    """Why a run stopped, in one word and in one line."""

    why: Why
    reason: str


def train(run: Run, on_step: Callable[[Step], None] = lambda _: None) -> Stop:
    """Step until the run is finished, out of patience, steps or budget.

    Resuming is nothing special: what was decided is read from the log. Raises EndpointError,
    SandboxError and GitStateError, after which the run can go on.
    """
    while (stop := spent(run.stops, updates(run.branch))) is None:
        try:
            result = step(run)
        except BudgetSpent as error:
            return Stop("budget", error.message)
        on_step(result)
        match result:
            case Terminated(why):
                return Stop("finished", why)
            case Undecided(verdict):
                return Stop("undecided", verdict.reason)
            case Kept() | Reverted() | Refused():
                continue
    return stop


def spent(stops: Stops, log: list[Update]) -> Stop | None:
    """Whether the log says that a run is out of patience or steps; people's roll-backs aside."""
    steps = [update for update in log if update.action != "rollback"]
    in_vain = 0
    for update in reversed(steps):
        if update.verdict == "kept":
            break
        in_vain += 1
    if stops.patience is not None and in_vain >= stops.patience:
        return Stop("patience", f"{in_vain} steps in a row were reverted or refused")
    counted = [update for update in steps if update.verdict == "kept" or not stops.only_kept]
    if len(counted) >= stops.max_steps:
        return Stop("steps", f"{len(counted)} of {stops.max_steps} steps are done")
    return None
