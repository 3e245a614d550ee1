"""Several kinds of failing tasks in one update, where free filters leave no doubt about a draft.

Validation is what a step costs, and an agent with one function calls that at every question: a
right function loses there what was right by luck, until others stand beside it. So functions are
drafted for several kinds, against the same library; those that compute all that is expected of
their kind, and that the agent calls, are judged together. What does not convince waits for a step
in which nothing else does.
Where the agent leaves tasks to itself, or to another function, though one computes all that is
expected, its summary says which questions it is for, in the words that they share, if that helps
on the training tasks; and so do those that were called instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from fnopt.train.drafted import Draft
from fnopt.train.filters import called
from fnopt.train.outcome import Terminated, Undecided
from fnopt.train.run import Base, Run
from fnopt.train.wording import wording

DRAWS = 3  # candidates for each further kind
AS_IN = "as in: "


@dataclass(frozen=True)
class Together:
    """Drafts for up to ``most`` kinds of failing tasks a step."""

    most: int

    def __call__(self, run: Run, base: Base, trained: Evaluation) -> Draft | Terminated | Undecided:
        """All drafts that convince, together; the first alone where none does."""
        first = drafts.draft(run, base, trained)
        if not isinstance(first, Draft):
            return first
        few = replace(run, optimizer=run.optimizer.drawing(DRAWS))
        parts = [first] if _is_sure(first) else []
        together, seen = first, _kind(run, first.tasks)
        for _ in range(self.most - 1):
            left = [task for task in run.train if task.id not in seen]
            more = drafts.draft_for(few, base, trained, left, first.number)
            if not isinstance(more, Draft):
                break
            seen |= _kind(run, more.tasks)
            if not _is_sure(more):
                continue
            both = _joined(run, base, together, more) if parts else more
            if both is not None:
                together, parts = both, [*parts, more]
        return _told_apart(run, base, together, parts) if parts else first


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
    """The drafts together, with remarks in the summaries that help the agent to choose.

    Every function here computes all that is expected of its tasks: one that is answered wrong was
    not left to it, or to another.
    """
    if not run.judging.screened:
        return joined
    for part in parts:
        tasks = [task for task in run.train if task.id in _kind(run, part.tasks)]
        trials = _trials(run, joined, tasks)
        for names in _to_remark(part, parts, trials):
            other = _with_remarks(run, base, joined, parts, names)
            if other is not None and _trials(run, other, tasks).score > trials.score:
                joined = other
                break
    return joined


def _to_remark(part: Draft, parts: Sequence[Draft], trials: Evaluation) -> Iterator[frozenset[str]]:
    """Whose summaries to try a remark in: the function's, and also those of the others that were
    called in its place."""
    if trials.score >= 1.0:
        return
    own, every = _name(part), {_name(one) for one in parts}
    yield frozenset({own})
    wrong = (call.function for one in trials.scored if not one.right for call in one.calls)
    if instead := (every & set(wrong)) - {own}:
        yield frozenset({own, *instead})


def _with_remarks(
    run: Run, base: Base, joined: Draft, parts: Sequence[Draft], names: frozenset[str]
) -> Draft | None:
    """The drafts with the words of their questions in the summaries of functions of these names."""
    kinds = {_name(one): _kind(run, one.tasks) for one in parts}
    words = {
        name: wording([task for task in run.train if task.id in kinds[name]]) for name in names
    }
    edits = tuple(_remarked(one, words.get(called(one), "")) for one in joined.proposal.edits)
    if edits == joined.proposal.edits:
        return None
    return _with_edits(run, base, joined, edits, joined.proposal.why)


def _name(part: Draft) -> str:
    return called(part.proposal.edits[0])


def _remarked(edit: Edit, words: str) -> Edit:
    if not words or isinstance(edit, Remove) or AS_IN in edit.code:
        return edit
    return replace(edit, code=with_remark(edit.code, called(edit), f"{AS_IN}{words}"))


def _trials(run: Run, one: Draft, tasks: Sequence[Task]) -> Evaluation:
    assert one.library is not None, "BUG: a refused draft meets no task"
    return run.evaluate(one.library, "train", tasks)
