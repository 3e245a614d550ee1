"""AgentOptimizer's memory (arXiv 2402.11359): the libraries that failed since the last accept.

Read back from the log each time, so that a run that is resumed, or cloned, knows the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fnopt.history.updates import Update, updates
from fnopt.library.function import Library
from fnopt.train.run import Run


@dataclass(frozen=True)
class Failed:
    """A library that was judged and lost, with its selection score, 0 to 1."""

    score: float
    library: Library


@dataclass(frozen=True)
class Memory:
    """``number`` is that of the step to come; ``failed`` is in ascending order of scores.

    ``in_vain`` counts the steps since the last accept, refused ones too: they have no score, but a
    cold model would go on saying the same.
    """

    number: int
    failed: tuple[Failed, ...] = ()
    in_vain: int = 0


def remember(run: Run) -> Memory:
    """What the log of a run says; nothing of a run that has not begun (in a dry run)."""
    log = updates(run.branch) if run.branch.exists else []
    number = 1 + max((update.step for update in log), default=0)
    since = list(_since_accepted(log))
    lost = [
        Failed(update.score, run.base(update.commit).library)
        for update in reversed(since)
        if update.commit is not None and update.score is not None
    ]
    return Memory(number, tuple(sorted(lost, key=lambda one: one.score)), len(since))


def _since_accepted(log: Sequence[Update]) -> Iterator[Update]:
    """The steps behind the last that was kept, by a person too, the newest first; people's
    roll-backs are none."""
    for update in reversed(log):
        if update.action == "rollback" or update.overruled:
            continue
        if update.verdict == "kept":
            return
        yield update
