"""The rule that compares two libraries on the same tasks: kept, reverted or undecided.

The gate's business is that the library at the end is as good as it can be; what is claimed to
people is proven apart from it. All rules are pure: evaluations in, a verdict out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fnopt.errors import UsageError
from fnopt.evaluate import sequential
from fnopt.evaluate.pairs import SAME, Block, Pairs
from fnopt.records import Verdict

MOST_LOST = 0.1  # share of tasks that infrastructure may take before nothing can be said
REVIEW = "review"
"""What an edit is called here that answers a person, whatever it does."""
NEED_NO_GAIN = ("remove", REVIEW)
"""Actions that are kept when they are not worse."""


class Gate(Protocol):
    """Judges a candidate against its base; ``action`` is add, revise, remove, several or review."""

    @property
    def chance(self) -> float | None:
        """How often an update without any effect is kept at most; None where nothing says so."""

    def looks(self, tasks: int) -> int:
        """In how many blocks it wants so many tasks."""

    def judge(self, blocks: Iterable[Block], tasks: int, action: str) -> Verdict:
        """The verdict on ``tasks`` tasks; takes no more blocks than it needs."""

    def can_show(self, wrong: int) -> bool:
        """Whether an edit that put right all of so many wrong tasks, and broke none, would be kept
        for it."""


@dataclass(frozen=True)
class Paired:
    """Keeps an add or revise when a sign-flip test on per-task differences supports it.

    ``confidence`` is per proposal: kept when the one-sided p is at most ``1 - confidence``, stopped
    as soon as that is clear (:mod:`fnopt.evaluate.sequential`). A remove, and what a person asked
    for (``review``), is kept when it is not worse than ``margin``, and an add or revise must gain
    more; with a margin the test looks once.
    A task among ``guards`` must not get worse: nothing is kept before all of them were met.
    """

    confidence: float = 0.6
    margin: float = 0.0
    guards: Sequence[str] = ()

    @property
    def chance(self) -> float | None:
        """See :class:`Gate`."""
        return 1 - self.confidence

    def looks(self, tasks: int) -> int:
        """See :class:`Gate`."""
        return 1 if self.margin else sequential.looks(tasks)

    def judge(self, blocks: Iterable[Block], tasks: int, action: str) -> Verdict:
        """Paired task by task; several trials of a task are averaged first."""
        met: list[Block] = []
        for block in blocks:
            met.append(block)
            verdict = self._look(Pairs.of(met, tasks), action)
            if verdict is not None:
                return verdict
        return Pairs.of(met, tasks).undecided()

    def can_show(self, wrong: int) -> bool:
        """See :class:`Gate`: the best that the sign-flip test can say of ``wrong`` tasks."""
        return bool(wrong) and 0.5**wrong <= 1 - self.confidence + SAME

    def _look(self, pairs: Pairs, action: str) -> Verdict | None:
        """The verdict on what was met so far, if there is one."""
        if pairs.lost > MOST_LOST:
            return pairs.undecided()
        hurt = [task for task in self.guards if pairs.differences.get(task, 0.0) < -SAME]
        if hurt:
            return pairs.verdict("reverted", f"guarded tasks got worse: {', '.join(hurt)}")
        found = self._not_worse(pairs) if action in NEED_NO_GAIN else self._better(pairs)
        unmet = [task for task in self.guards if task not in pairs.differences]
        if found is None or found.outcome != "kept" or not unmet:
            return found
        if pairs.met < pairs.tasks:
            return None  # it must be clear once more when the guarded tasks were met
        said = f"guarded tasks could not be scored: {', '.join(unmet)}"
        return pairs.verdict("undecided", said)

    def _better(self, pairs: Pairs) -> Verdict | None:
        found = sequential.look(pairs.blocks, pairs.tasks, 1 - self.confidence)
        if found.outcome == "open":
            return None
        kept = found.outcome == "better" and pairs.gain > self.margin + SAME
        said = pairs.figures(found.p)
        return pairs.verdict("kept" if kept else "reverted", said, found.p)

    def _not_worse(self, pairs: Pairs) -> Verdict | None:
        """Kept when all tasks say so; reverted early when it is worse."""
        if pairs.met < pairs.tasks:
            losses = [[-value for value in block] for block in pairs.blocks]
            found = sequential.look(losses, pairs.tasks, 1 - self.confidence)
            worse = found.outcome == "better"
            return pairs.verdict("reverted", pairs.figures(None)) if worse else None
        kept = pairs.gain >= -self.margin - SAME
        return pairs.verdict("kept" if kept else "reverted", pairs.figures(None))


@dataclass(frozen=True)
class Paper:
    """AgentOptimizer's rule (arXiv 2402.11359): kept when the score does not drop.

    ``ties`` says whether an equal score is accepted: its Algorithm 2 rejects one, its released
    experiments accept it.
    """

    ties: str = "accept"

    @property
    def chance(self) -> float | None:
        """See :class:`Gate`: it depends on the agent's noise."""
        return None

    def looks(self, tasks: int) -> int:
        """See :class:`Gate`: a score is one of all tasks."""
        return 1

    def judge(self, blocks: Iterable[Block], tasks: int, action: str) -> Verdict:
        """Compares mean scores alone; the action makes no difference."""
        pairs = Pairs.of(list(blocks), tasks)
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

    @property
    def chance(self) -> float | None:
        """See :class:`Gate`: all of them."""
        return 1.0

    def looks(self, tasks: int) -> int:
        """See :class:`Gate`: as many as the rule's."""
        return self.rule.looks(tasks)

    def judge(self, blocks: Iterable[Block], tasks: int, action: str) -> Verdict:
        """The rule's verdict, but for reverted, which is kept; undecided it stays."""
        verdict = self.rule.judge(blocks, tasks, action)
        if verdict.outcome != "reverted":
            return verdict
        return replace(verdict, outcome="kept", reason=f"without roll-back; {verdict.reason}")

    def can_show(self, wrong: int) -> bool:
        """See :class:`Gate`: whatever it is, it is kept."""
        return True


def for_the_run(confidence: float, proposals: int) -> float:
    """The confidence per proposal at which a whole run of so many keeps none by chance, as often as
    ``confidence`` says (Bonferroni)."""
    return 1 - (1 - confidence) / proposals


def choose(
    rule: str, *, confidence: float, margin: float, guards: Sequence[str], ties: str
) -> Gate:
    """The gate called ``rule``. Raises UsageError for one that is not known."""
    if rule == "paired":
        return Paired(confidence, margin, tuple(guards))
    if rule == "paper":
        return Paper(ties)
    raise UsageError(f"gate.rule: no gate is called {rule!r}", "one of: paired, paper")
