"""The rule that compares two libraries on the same tasks: kept, reverted or undecided.

The gate's business is that the library at the end is as good as it can be; what is claimed to
people is proven apart from it. All rules are pure: evaluations in, a verdict out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fnopt.errors import UsageError
from fnopt.evaluate.permutation import sign_flip
from fnopt.records import Evaluation, Verdict

MOST_LOST = 0.1  # share of tasks that infrastructure may take before nothing can be said
SAME = 1e-9


class Gate(Protocol):
    """Judges a candidate against its base; ``action`` is add, revise or remove."""

    def judge(self, base: Evaluation, candidate: Evaluation, action: str) -> Verdict:
        """The verdict on two evaluations of the same tasks."""

    def can_show(self, wrong: int) -> bool:
        """Whether an edit that put right all of so many wrong tasks, and broke none, would be kept
        for it."""


@dataclass(frozen=True)
class Paired:
    """Keeps an add or revise when an exact sign-flip test on per-task differences supports it.

    A remove is kept when it is not worse than ``margin``. ``confidence`` is per proposal: kept
    when the one-sided p is at most ``1 - confidence``. A task among ``guards`` must not get worse.
    """

    confidence: float = 0.6
    margin: float = 0.0
    guards: Sequence[str] = ()

    def judge(self, base: Evaluation, candidate: Evaluation, action: str) -> Verdict:
        """Paired task by task; several trials of a task are averaged first."""
        pairs = Pairs.of(base, candidate)
        if pairs.lost > MOST_LOST:
            return pairs.undecided()
        hurt = [task for task in self.guards if pairs.differences.get(task, 0.0) < -SAME]
        if hurt:
            return pairs.verdict("reverted", f"guarded tasks got worse: {', '.join(hurt)}")
        if action == "remove":
            return self._not_worse(pairs)
        p = sign_flip(list(pairs.differences.values()))
        kept = pairs.gain > self.margin + SAME and p <= 1 - self.confidence + SAME
        return pairs.verdict("kept" if kept else "reverted", pairs.figures(p), p)

    def can_show(self, wrong: int) -> bool:
        """See :class:`Gate`: the best that the sign-flip test can say of ``wrong`` tasks."""
        return bool(wrong) and 0.5**wrong <= 1 - self.confidence + SAME

    def _not_worse(self, pairs: Pairs) -> Verdict:
        kept = pairs.gain >= -self.margin - SAME
        return pairs.verdict("kept" if kept else "reverted", pairs.figures(None))


@dataclass(frozen=True)
class Paper:
    """AgentOptimizer's rule (arXiv 2402.11359): kept when the score does not drop.

    ``ties`` says whether an equal score is accepted: its Algorithm 2 rejects one, its released
    experiments accept it.
    """

    ties: str = "accept"

    def judge(self, base: Evaluation, candidate: Evaluation, action: str) -> Verdict:
        """Compares mean scores alone; the action makes no difference."""
        pairs = Pairs.of(base, candidate)
        if pairs.lost > MOST_LOST:
            return pairs.undecided()
        tie = abs(pairs.gain) <= SAME
        kept = pairs.gain > SAME or (tie and self.ties == "accept")
        return pairs.verdict("kept" if kept else "reverted", pairs.figures(None))

    def can_show(self, wrong: int) -> bool:
        """See :class:`Gate`: any gain is kept, and perhaps none at all."""
        return bool(wrong) or self.ties == "accept"


@dataclass(frozen=True)
class NoRollback:
    """Keeps every update, and says what ``rule`` would have done (the paper's ablation)."""

    rule: Gate

    def judge(self, base: Evaluation, candidate: Evaluation, action: str) -> Verdict:
        """The rule's verdict, but for reverted, which is kept; undecided it stays."""
        verdict = self.rule.judge(base, candidate, action)
        if verdict.outcome != "reverted":
            return verdict
        return replace(verdict, outcome="kept", reason=f"without roll-back; {verdict.reason}")

    def can_show(self, wrong: int) -> bool:
        """See :class:`Gate`: whatever it is, it is kept."""
        return True


def choose(
    rule: str, *, confidence: float, margin: float, guards: Sequence[str], ties: str
) -> Gate:
    """The gate called ``rule``. Raises UsageError for one that is not known."""
    if rule == "paired":
        return Paired(confidence, margin, tuple(guards))
    if rule == "paper":
        return Paper(ties)
    raise UsageError(f"gate.rule: no gate is called {rule!r}", "one of: paired, paper")


@dataclass(frozen=True)
class Pairs:
    """Two evaluations, task by task: ``differences`` are candidate minus base, -1 to 1."""

    base: Mapping[str, float]
    candidate: Mapping[str, float]
    tasks: int

    @classmethod
    def of(cls, base: Evaluation, candidate: Evaluation) -> Pairs:
        """Pair the tasks that both evaluations could score."""
        before, after = _means(base), _means(candidate)
        common = sorted(before.keys() & after.keys())
        tasks = {trial.task for trial in (*base.trials, *candidate.trials)}
        return cls({t: before[t] for t in common}, {t: after[t] for t in common}, len(tasks))

    @property
    def differences(self) -> dict[str, float]:
        """Gain of each task."""
        return {task: self.candidate[task] - self.base[task] for task in self.base}

    @property
    def lost(self) -> float:
        """The share of tasks that could not be paired."""
        return 1 - len(self.base) / self.tasks if self.tasks else 1.0

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
        """``+0.15 (12 tasks better, 3 worse of 40; p = 0.02)``."""
        said = f"{self.better} better, {self.worse} worse of {self.tasks} tasks"
        return f"{self.gain:+.3f} ({said}{'' if p is None else f'; p = {p:.2g}'})"

    def undecided(self) -> Verdict:
        """The verdict when too little is left to judge by."""
        said = f"infrastructure failed {self.lost:.0%} of tasks" if self.tasks else "no tasks"
        return self.verdict("undecided", said)

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
            tasks=self.tasks,
            p=p,
        )


def _means(evaluation: Evaluation) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for trial in evaluation.trials:
        if trial.score is not None:
            values[trial.task].append(trial.score.value)
    return {task: sum(scores) / len(scores) for task, scores in values.items()}


def _mean(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values) if values else 0.0
