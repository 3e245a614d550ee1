"""What was tried before, and how it went: the optimizer's memory, read back from the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fnopt.history.runs import RunBranch
from fnopt.history.updates import Update, updates
from fnopt.records import Task, Trial

LONGEST = 300  # characters of a call or an answer that are remembered


@dataclass(frozen=True)
class Observation:
    """What the agent did on one task: its calls with what they returned, and its answer."""

    task: str
    calls: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class Attempt:
    """An earlier proposal: the training tasks it was for, its code, what became of it.

    ``broke``: by split, the ids of the tasks that were right before it and not with it.
    """

    update: Update
    tasks: tuple[str, ...]
    code: str
    observed: tuple[Observation, ...]
    broke: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def in_vain(self) -> bool:
        """Whether it was reverted or refused, and no person has overruled that."""
        return self.update.verdict != "kept" and not self.update.overruled

    @property
    def unnoticed(self) -> bool:
        """Whether it was in vain since the agent called its one function at none of its tasks."""
        if ", " in self.update.function:
            return False
        calls = (call for one in self.observed for call in one.calls)
        seen = any(function_of(call) == self.update.function for call in calls)
        return self.in_vain and bool(self.observed) and not seen


def attempts(run: RunBranch) -> list[Attempt]:
    """Every step so far, oldest first; verdicts out of git, details out of the evidence."""
    if not run.exists:  # looked at before it begins, by a dry run
        return []
    steps = run.evidence.steps()
    return [_attempt(update, steps.get(update.step, {})) for update in updates(run)]


def observe(trial: Trial) -> Observation:
    """A trial in short."""
    calls = tuple(
        _cut(f"{call.function}({call.arguments}) -> {call.error or call.result}")
        for call in trial.calls
    )
    return Observation(trial.task, calls, _cut(trial.answer))


def function_of(call: str) -> str:
    """The function of an observed call, which may go on for pages."""
    at = call.find("(")
    return call[:at] if at >= 0 else call


def about(found: Sequence[Attempt], group: Sequence[Task], most: int) -> list[Attempt]:
    """The last attempts in vain at tasks of a group, at most so many, oldest first."""
    ids = {task.id for task in group}
    return [attempt for attempt in found if attempt.in_vain and ids & set(attempt.tasks)][-most:]


def closed(found: Sequence[Attempt]) -> list[Attempt]:
    """The attempts without those in vain that may be made once more: they lost no point where they
    were judged, which may have been bad luck, and the library has changed since."""
    kept = [at for at, one in enumerate(found) if not one.in_vain]
    last = kept[-1] if kept else -1
    return [one for at, one in enumerate(found) if at > last or not _lost_nothing(one)]


def _lost_nothing(one: Attempt) -> bool:
    base, score = one.update.base, one.update.score
    return one.in_vain and base is not None and score is not None and score >= base


def _attempt(update: Update, step: Mapping[str, Any]) -> Attempt:
    return Attempt(
        update,
        tuple(step.get("tasks", update.tasks)),
        step.get("code", ""),
        tuple(
            Observation(one["task"], tuple(one["calls"]), one["answer"])
            for one in step.get("observed", ())
        ),
        {split: tuple(ids) for split, ids in step.get("broke", {}).items()},
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"
