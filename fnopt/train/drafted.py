"""What the optimizer proposed, and what the free filters made of it."""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.records import Evaluation, Fault
from fnopt.train.request import Request
from fnopt.train.tryout import NONE, Tryout

NOTHING = Proposal((), "")


@dataclass(frozen=True)
class Draft:
    """A proposal as step ``number``, for training tasks that ``base`` failed.

    ``library`` is what the proposal leads to, None when ``faults`` refuse it. ``tryout`` is what
    the edited function made of what stands in the tasks. ``answers`` are the requests of people
    that it answers, where it is for these and for no tasks.
    """

    number: int
    proposal: Proposal
    tasks: tuple[str, ...]
    base: Evaluation
    library: Library | None = None
    faults: tuple[Fault, ...] = ()
    tryout: Tryout = NONE
    answers: tuple[Request, ...] = ()

    @property
    def convinces(self) -> bool:
        """Whether it computes every expected answer that could be tried."""
        return self.library is not None and self.tryout.share == 1.0
