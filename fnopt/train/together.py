"""Several kinds of failing tasks in one update, where free filters leave no doubt about a draft.

Validation is what a step costs, and an agent with one function calls that at every question: a
right function loses there what was right by luck, until others stand beside it. So where a draft
computes all that is expected of its kind, and the agent calls it, the next kind is drafted as well,
against the same library; what convinces is judged together. What does not waits for its own step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from fnopt.history.blame import ours
from fnopt.library.edit import Remove
from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.records import Evaluation
from fnopt.train import draft as drafts
from fnopt.train import focus
from fnopt.train.draft import Draft
from fnopt.train.outcome import Terminated, Undecided
from fnopt.train.run import Base, Run

DRAWS = 2  # candidates for each further kind


@dataclass(frozen=True)
class Together:
    """Drafts for up to ``most`` kinds of failing tasks a step."""

    most: int

    def __call__(self, run: Run, base: Base, trained: Evaluation) -> Draft | Terminated | Undecided:
        """The first draft, or what convinces beside it with it."""
        first = drafts.draft(run, base, trained)
        if not isinstance(first, Draft) or not _is_sure(first):
            return first
        few = replace(run, optimizer=run.optimizer.drawing(DRAWS))
        joined, seen = first, _kind(run, first.tasks)
        for _ in range(self.most - 1):
            left = [task for task in run.train if task.id not in seen]
            more = drafts.draft_for(few, base, trained, left, first.number)
            if not isinstance(more, Draft):
                break
            seen |= _kind(run, more.tasks)
            joined = _joined(run, base, joined, more) if _is_sure(more) else joined
        return joined


def _is_sure(one: Draft) -> bool:
    """Whether it adds or revises one function that computes all that is expected."""
    edits = one.proposal.edits
    return one.convinces and len(edits) == 1 and not isinstance(edits[0], Remove)


def _kind(run: Run, ids: Sequence[str]) -> frozenset[str]:
    """The training tasks that look like some of them."""
    group = tuple(task for task in run.train if task.id in ids)
    return focus.like(group, run.train) | frozenset(ids)


def _joined(run: Run, base: Base, one: Draft, other: Draft) -> Draft:
    """Both as one proposal; the first alone where they do not go together."""
    edits = (*one.proposal.edits, *other.proposal.edits)
    both = Proposal(edits, "\n\n".join(filter(None, (one.proposal.why, other.proposal.why))))
    after = run.screen.apply(base.library, both, partial(ours, run.repo, base.commit))
    if not isinstance(after, Library):
        return one
    return replace(one, proposal=both, library=after, tasks=(*one.tasks, *other.tasks))
