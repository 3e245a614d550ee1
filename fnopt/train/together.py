"""Several kinds of failing tasks in one update, where free filters leave no doubt about a draft.

Validation is what a step costs, and an agent with one function calls that at every question: a
right function loses there what was right by luck, until others stand beside it. So where a draft
computes all that is expected of its kind, and the agent calls it, the next kind is drafted as well,
against the same library; what convinces is judged together. What does not waits for its own step.
A function that the agent calls by itself may go unseen beside others: it then says in its summary
which questions it is for, in the words that they share, if that helps on the training tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from fnopt.history.blame import ours
from fnopt.library.edit import Edit, Remove
from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.library.summary import with_remark
from fnopt.records import Evaluation, Task
from fnopt.train import draft as drafts
from fnopt.train import focus
from fnopt.train.draft import Draft, called
from fnopt.train.outcome import Terminated, Undecided
from fnopt.train.run import Base, Run
from fnopt.train.wording import wording

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
        joined, parts = first, [first]
        seen = _kind(run, first.tasks)
        for _ in range(self.most - 1):
            left = [task for task in run.train if task.id not in seen]
            more = drafts.draft_for(few, base, trained, left, first.number)
            if not isinstance(more, Draft):
                break
            seen |= _kind(run, more.tasks)
            if _is_sure(more) and (both := _joined(run, base, joined, more)):
                joined, parts = both, [*parts, more]
        return _told_apart(run, base, joined, parts)


def _is_sure(one: Draft) -> bool:
    """Whether it adds or revises one function that computes all that is expected."""
    edits = one.proposal.edits
    return one.convinces and len(edits) == 1 and not isinstance(edits[0], Remove)


def _kind(run: Run, ids: Sequence[str]) -> frozenset[str]:
    """The training tasks that look like some of them."""
    group = tuple(task for task in run.train if task.id in ids)
    return focus.like(group, run.train) | frozenset(ids)


def _joined(run: Run, base: Base, one: Draft, other: Draft) -> Draft | None:
    """Both as one proposal; None where they do not go together."""
    why = "\n\n".join(filter(None, (one.proposal.why, other.proposal.why)))
    edits = (*one.proposal.edits, *other.proposal.edits)
    both = _with_edits(run, base, one, edits, why)
    return both and replace(both, tasks=(*one.tasks, *other.tasks))


def _with_edits(
    run: Run, base: Base, one: Draft, edits: tuple[Edit, ...], why: str
) -> Draft | None:
    """A draft with other edits; None where the library's rules refuse them."""
    proposal = Proposal(edits, why)
    after = run.screen.apply(base.library, proposal, partial(ours, run.repo, base.commit))
    if not isinstance(after, Library):
        return None
    return replace(one, proposal=proposal, library=after)


def _told_apart(run: Run, base: Base, joined: Draft, parts: Sequence[Draft]) -> Draft:
    """The drafts together, with a remark in the summary of those that do worse than by themselves
    and do better with it."""
    if len(parts) < 2 or not run.judging.screened:
        return joined
    for part in parts:
        tasks = [task for task in run.train if task.id in _kind(run, part.tasks)]
        beside = _score(run, joined, tasks)
        if beside >= _score(run, part, tasks) or not (words := wording(tasks)):
            continue
        (edit,) = part.proposal.edits
        remarked = tuple(
            _remarked(one, words) if one == edit else one for one in joined.proposal.edits
        )
        other = _with_edits(run, base, joined, remarked, joined.proposal.why)
        if other is not None and _score(run, other, tasks) > beside:
            joined = other
    return joined


def _remarked(edit: Edit, words: str) -> Edit:
    assert not isinstance(edit, Remove), "BUG: what goes is not described"
    return replace(edit, code=with_remark(edit.code, called(edit), f"as in: {words}"))


def _score(run: Run, one: Draft, tasks: Sequence[Task]) -> float:
    assert one.library is not None, "BUG: a refused draft meets no task"
    return run.evaluate(one.library, "train", tasks).score
