"""Runs arms one after the other, each in a folder of its own, going on where they were."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.learning import autogen, finish, majority, one_shot, ours, reflective
from benchmarks.learning.accepted import write
from benchmarks.learning.stand import Stand, stand
from filelock import FileLock

from fnopt.errors import BudgetSpent, FnoptError

Arm = Callable[[Stand], str]
"""Learns; returns why it ended. Raises BudgetSpent when a trial would break the budget."""

ARMS: Mapping[str, Arm] = {
    "none": ours.nothing,
    "fnopt": ours.learn,
    "fnopt_paper": ours.learn,
    "one_shot": one_shot.once,
    "one_shot_each": one_shot.once_each,
    "autogen": autogen.learn,
    "gepa": reflective.learn,
    "majority": majority.vote,
}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "fnopt_paper": {"optimizer.mode": "paper"},
    "majority": {"agent.temperature": majority.TEMPERATURE},
}
"""What of the configuration an arm has of its own."""
RESULT = "result.json"
PLAN = "plan.json"


@dataclass(frozen=True)
class Plan:
    """What to run: each arm with each seed; ``files`` makes the repository of a seed's tasks."""

    out: Path
    name: str
    arms: Sequence[str]
    seeds: Sequence[int]
    files: Callable[[int], Mapping[str, str]]
    budget: int


def run(plan: Plan) -> None:
    """Everything that is not finished yet."""
    for seed in plan.seeds:
        for arm in plan.arms:
            folder = plan.out / plan.name / str(seed) / arm
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / "arm.lock"):
                files = plan.files(seed)
                _as_begun(folder, {"budget": plan.budget, "files": dict(files)})
                if not (folder / RESULT).is_file():
                    _one(arm, folder, files, plan.budget)


def _one(arm: str, folder: Path, files: Mapping[str, str], budget: int) -> None:
    say = Voice(f"{folder.parent.parent.name}/{folder.parent.name}/{arm}")
    with stand(folder, files, budget, say, OPTIONS.get(arm)) as place:
        say(f"{place.ledger.used} of {budget} trials are spent")
        why = _learned(place, ARMS[arm])
        say(f"learned: {why}")
        result = finish.finish(place, why)
        place.ledger.finish()
        write(folder / RESULT, {"arm": arm, "budget": budget, **result})


def _as_begun(folder: Path, plan: Mapping[str, Any]) -> None:
    """Keep what an arm is begun with. Raises FnoptError when it was begun with something else."""
    path = folder / PLAN
    if not path.is_file():
        write(path, plan)
    begun = json.loads(path.read_text())
    if begun != plan:
        other = ", ".join(sorted(key for key in plan if begun.get(key) != plan[key]))
        mend = "start the command that it was begun with, or give another --out"
        raise FnoptError(f"{folder}: it was begun with other {other}", mend)


def _learned(place: Stand, arm: Arm) -> str:
    """Learn, unless an earlier process did and was killed at what comes after."""
    if (place.folder / finish.LEARNED).is_file():
        return "before"
    try:
        return arm(place)
    except BudgetSpent as error:
        return f"budget: {error.message}"


@dataclass(frozen=True)
class Voice:
    """Tells on stderr what an arm does."""

    name: str

    def __call__(self, said: str) -> None:
        """One line."""
        line = " ".join(said.split())[:300]
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {self.name}: {line}\n")
        sys.stderr.flush()
