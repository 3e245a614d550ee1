"""What a step can come to."""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.history.updates import Update
from fnopt.records import Fault, Verdict
from fnopt.train.request import Request


@dataclass(frozen=True)
class Kept:
    """The update earned its place."""

    update: Update


@dataclass(frozen=True)
class Reverted:
    """The update was judged and lost: its commit and the revert stand in the log."""

    update: Update


@dataclass(frozen=True)
class Refused:
    """The proposal failed the free filters and never became a commit."""

    update: Update
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Undecided:
    """Infrastructure took too many trials: the candidate waits for a better day."""

    verdict: Verdict


@dataclass(frozen=True)
class Terminated:
    """Nothing left to propose, with the reason."""

    why: str


@dataclass(frozen=True)
class Replied:
    """A person's requests were answered in words: nothing is to be changed."""

    requests: tuple[Request, ...]
    why: str


Step = Kept | Reverted | Refused | Undecided | Terminated | Replied
