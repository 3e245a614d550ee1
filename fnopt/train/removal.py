"""Functions that a run added and that nothing uses any more: offered for nothing at every question.

Each costs the tokens of its schema in every request, and may be called where it does not belong.
Whether it may go the gate decides, as of every removal: when the library is not worse without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from fnopt.evaluate.credit import contributions
from fnopt.history.blame import ours
from fnopt.library.edit import Remove
from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.records import Evaluation
from fnopt.train import attempts
from fnopt.train.attempts import Attempt
from fnopt.train.drafted import Draft
from fnopt.train.outcome import Terminated, Undecided
from fnopt.train.run import Base, Drafter, Run

WHY = "No trial on the training and the {split} tasks used it: it has no credit."


@dataclass(frozen=True)
class Removing:
    """Proposes to remove a function without credit where there is one, else what ``otherwise``
    proposes."""

    otherwise: Drafter

    def __call__(self, run: Run, base: Base, trained: Evaluation) -> Draft | Terminated | Undecided:
        """See :class:`fnopt.train.run.Drafter`; a removal takes no reply of the optimizer."""
        past = attempts.attempts(run.branch)
        number = 1 + max((one.update.step for one in past), default=0)
        for name in _idle(run, base.library, trained, past):
            proposal = Proposal((Remove(name),), WHY.format(split=run.judging.split))
            after = run.screen.apply(base.library, proposal, partial(ours, run.repo, base.commit))
            if isinstance(after, Library):
                run.say(f"step {number}: nothing uses {name}")
                return Draft(number, proposal, (), trained, after)
        return self.otherwise(run, base, trained)


def _idle(
    run: Run, library: Library, trained: Evaluation, past: Sequence[Attempt]
) -> tuple[str, ...]:
    """What the run added, never tried to remove, and nothing used in training and for the gate."""
    mine = without_attempt(past) & {one.name for one in library.functions}
    mine -= set(run.screen.locked_names(library))
    mine -= {one.function for one in run.declined if not one.code.strip()}
    mine &= _unused(library, trained)
    if not mine:
        return ()
    judging = run.judging  # the incumbent's trials for the gate: what judging it needs anyway
    mine &= _unused(library, run.evaluate(library, judging.split, judging.tasks))
    return tuple(sorted(mine))


def without_attempt(past: Sequence[Attempt]) -> set[str]:
    """The functions whose add stands in the log as kept, and whose removal was never tried; those
    aside that a person asked for."""
    pairs = [
        (action, name, one.in_vain or bool(one.update.answers))
        for one in past
        for action, name in zip(
            one.update.action.split(", "), one.update.function.split(", "), strict=False
        )
    ]
    kept = {name for action, name, vain in pairs if action == "add" and not vain}
    return kept - {name for action, name, _ in pairs if action == "remove"}


def _unused(library: Library, evaluation: Evaluation) -> set[str]:
    """Functions that no trial used; none where infrastructure left trials out."""
    if len(evaluation.scored) < len(evaluation.trials):
        return set()
    return {one.function for one in contributions(library, evaluation) if one.is_idle}
