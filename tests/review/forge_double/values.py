"""What a forge remembers of a pull request. Mutable: the state changes them under its lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["github", "gitlab", "gitea"]
Right = Literal["none", "read", "write", "admin"]
Verdict = Literal["approved", "changes_requested", "commented"]
How = Literal["merge", "squash", "rebase"]
RIGHTS: tuple[Right, ...] = ("none", "read", "write", "admin")


class Refused(Exception):
    """The forge will not do it; ``reason`` is a word that each dialect says in its own way."""

    def __init__(self, reason: str, about: str = "") -> None:
        super().__init__(f"{reason}: {about}")
        self.reason, self.about = reason, about


@dataclass
class Note:
    """Something that was said. ``system``: the forge says it itself (GitLab's)."""

    id: int
    author: str
    body: str
    created: str
    review: int = 0
    system: bool = False


@dataclass
class Thread:
    """A conversation; on a line of ``path`` as it was at ``commit``, or on the whole.

    ``single``: a comment on the whole that nobody has answered. Its id is its first note's.
    """

    notes: list[Note]
    path: str | None = None
    line: int = 0
    commit: str = ""
    single: bool = False
    resolved_by: str = ""

    @property
    def id(self) -> int:
        """The first note's."""
        return self.notes[0].id


@dataclass
class Review:
    """A review with its own words; lines that came with it are threads whose notes name it."""

    id: int
    author: str
    verdict: Verdict
    body: str
    created: str
    commit: str


@dataclass
class Pull:
    """A pull request; ``head_sha`` stands still once it is closed, ``base_sha`` is where it left
    the base branch. ``merged_as`` is the commit at the base branch's end after the merge,
    ``squashed_as`` the one commit that a squash made."""

    number: int
    id: int
    author: str
    head: str
    base: str
    title: str
    body: str
    draft: bool
    head_sha: str
    base_sha: str
    created: str
    updated: str
    state: Literal["open", "closed", "merged"] = "open"
    how: How | None = None
    closed_at: str | None = None
    merged_at: str | None = None
    merged_by: str = ""
    merged_as: str | None = None
    squashed_as: str | None = None
    reviewers: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    @property
    def notes(self) -> list[Note]:
        """Everything that was said outside of reviews' own words, oldest first."""
        said = [note for thread in self.threads for note in thread.notes]
        return sorted(said, key=lambda note: note.id)
