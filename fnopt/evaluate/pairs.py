"""Two libraries on the same tasks, task by task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fnopt.records import Evaluation, Verdict

Block = tuple[Evaluation, Evaluation]
"""Evaluations of the base and of the candidate on the same tasks of a split."""

SAME = 1e-9


@dataclass(frozen=True)
class Pairs:
    """What was met so far of ``tasks`` tasks: mean scores by task, of those with a pair.

    ``blocks`` are the differences in the order in which they were met, candidate minus base, -1 to
    1; 0 for a task that infrastructure left without a pair. ``error`` is the first such failure.
    """

    split: str
    base: Mapping[str, float]
    candidate: Mapping[str, float]
    blocks: Sequence[Sequence[float]]
    tasks: int
    error: str | None = None

    @classmethod
    def of(cls, blocks: Sequence[Block], tasks: int | None = None) -> Pairs:
        """Pair what blocks hold; ``tasks`` in all, where more are to come."""
        before: dict[str, float] = {}
        after: dict[str, float] = {}
        differences = []
        for block in blocks:
            one, other = (_means(evaluation) for evaluation in block)
            met = dict.fromkeys(trial.task for side in block for trial in side.trials)
            common = [task for task in met if task in one and task in other]
            before |= {task: one[task] for task in common}
            after |= {task: other[task] for task in common}
            lost = [0.0] * (len(met) - len(common))
            differences.append([*(other[task] - one[task] for task in common), *lost])
        split = blocks[0][0].split if blocks else ""
        total = sum(map(len, differences))
        error = first_error(side for block in blocks for side in block)
        return cls(split, before, after, differences, max(total, tasks or 0), error)

    @property
    def differences(self) -> dict[str, float]:
        """Gain of each task."""
        return {task: self.candidate[task] - self.base[task] for task in self.base}

    @property
    def met(self) -> int:
        """How many tasks were met, with or without a pair."""
        return sum(map(len, self.blocks))

    @property
    def lost(self) -> float:
        """The share of all tasks that were met and could not be paired; 1 without tasks."""
        return (self.met - len(self.base)) / self.tasks if self.tasks else 1.0

    @property
    def gain(self) -> float:
        """Mean difference."""
        return sum(self.differences.values()) / len(self.base) if self.base else 0.0

    @property
    def better(self) -> int:
        """How many tasks gained."""
        return sum(value > SAME for value in self.differences.values())

    @property
    def worse(self) -> int:
        """How many tasks lost."""
        return sum(value < -SAME for value in self.differences.values())

    def figures(self, p: float | None) -> str:
        """``+0.15 (12 better, 3 worse of 24 tasks; p = 0.02; stopped after 60% of val)``."""
        said = [f"{self.better} better, {self.worse} worse of {self.met} tasks"]
        if p is not None:
            said.append(f"p = {p:.2g}")
        if self.met < self.tasks:
            said.append(f"stopped after {self.met / self.tasks:.0%} of {self.split}")
        return f"{self.gain:+.3f} ({'; '.join(said)})"

    def undecided(self) -> Verdict:
        """The verdict when too little is left to judge by."""
        said = infrastructure_failed(f"{self.lost:.0%} of tasks", self.error)
        return self.verdict("undecided", said if self.tasks else "no tasks")

    def verdict(self, outcome: str, reason: str, p: float | None = None) -> Verdict:
        """A verdict with these pairs' figures."""
        assert outcome in ("kept", "reverted", "undecided"), f"BUG: {outcome}"
        return Verdict(
            outcome=outcome,  # type: ignore[arg-type]
            reason=reason,
            base=_mean(self.base),
            score=_mean(self.candidate),
            better=self.better,
            worse=self.worse,
            tasks=self.met,
            of=self.tasks,
            p=p,
        )


def first_error(evaluations: Iterable[Evaluation]) -> str | None:
    """What is known of the first trial that infrastructure failed, in the first that has one."""
    return next((one.error for one in evaluations if one.error is not None), None)


def infrastructure_failed(what: str, error: str | None) -> str:
    """That infrastructure failed ``what``, with the first cause where one is known."""
    return f"infrastructure failed {what}" + (f", first: {error}" if error else "")


def _means(evaluation: Evaluation) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for trial in evaluation.trials:
        if trial.score is not None:
            values[trial.task].append(trial.score.value)
    return {task: sum(scores) / len(scores) for task, scores in values.items()}


def _mean(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values) if values else 0.0
