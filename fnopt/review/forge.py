"""What a forge is to us: a few calls, and the values that go through them.

A pull request is GitLab's merge request; a thread is what people answer in: a conversation on a
line (GitHub's and Gitea's review comment with its replies, GitLab's discussion), a review's own
words, or a single comment on the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["github", "gitlab", "gitea"]
State = Literal["open", "closed", "merged"]
"""``closed``: without being merged."""


@dataclass(frozen=True)
class Place:
    """A repository at a forge. ``web`` is the forge's own address (``https://github.com``), ``api``
    the address that its API's paths go behind, ``path`` the repository (``owner/name``; GitLab's
    may have more parts). Forgejo speaks Gitea's dialect."""

    kind: Kind
    web: str
    api: str
    path: str

    def compare_url(self, base: str, head: str) -> str:
        """Where a person opens a pull request by hand."""
        from urllib.parse import quote

        ends = f"{quote(base, safe='/')}...{quote(head, safe='/')}"
        if self.kind == "gitlab":
            source = quote(head, safe="")
            target = quote(base, safe="")
            query = f"merge_request[source_branch]={source}&merge_request[target_branch]={target}"
            return f"{self.web}/{self.path}/-/merge_requests/new?{query}"
        return f"{self.web}/{self.path}/compare/{ends}"


@dataclass(frozen=True)
class PullRequest:
    """A pull request as it stands at the forge; ``head`` and ``base`` are branches (short names).

    ``merged_as`` is the commit on the base branch that it became, where the forge says so.
    """

    number: int
    url: str
    state: State
    head: str
    base: str
    title: str
    body: str
    draft: bool = False
    merged_as: str | None = None


@dataclass(frozen=True)
class Comment:
    """What somebody wrote. ``id`` and ``thread`` are the forge's, as text; ``trusted`` says that
    the author may write to the repository; ``ours`` that fnopt wrote it (its hidden marker stands
    in the body and the token's owner is the author). ``path`` and ``line`` (1-based, of the file
    as it is at the branch's head) where it is on a line; ``review`` is the state of the review that
    it came with (``changes_requested``, ``approved``, ``commented``) or empty; ``created`` is
    ISO 8601."""

    id: str
    thread: str
    author: str
    trusted: bool
    body: str
    created: str
    path: str | None = None
    line: int | None = None
    review: str = ""
    resolved: bool = False
    ours: bool = False


@dataclass(frozen=True)
class Opening:
    """A pull request to be opened."""

    head: str
    base: str
    title: str
    body: str
    draft: bool = False


class Forge(Protocol):
    """Speaks to one repository at a forge.

    Every call raises :class:`fnopt.errors.ForgeError` when the forge cannot be asked or refuses,
    with what it said and what to do (a token that expired or may not, a rate limit with the time
    that it ends, a time-out).
    """

    @property
    def place(self) -> Place:
        """Which repository."""

    def whoami(self) -> str:
        """The name that the token belongs to."""

    def may_push(self) -> bool | None:
        """Whether the token may push to the repository; None where the forge does not say."""

    def default_branch(self) -> str:
        """The branch that pull requests go to unless told otherwise."""

    def pull_requests(self, head: str) -> Sequence[PullRequest]:
        """Every pull request of a branch of this repository, in whatever state, newest first."""

    def pull_request(self, number: int) -> PullRequest:
        """One pull request as it is now."""

    def open(self, opening: Opening) -> PullRequest:
        """Open one. When the answer is lost it is looked for before it is tried again, so that
        there is never a second one."""

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Write a new title or body; what is None stays."""

    def ask_reviewers(self, number: int, names: Sequence[str]) -> None:
        """Ask people for a review; who was asked already stays asked."""

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Put labels on it, beside those that are there."""

    def comments(self, number: int) -> Sequence[Comment]:
        """Everything that was said, oldest first: in reviews, on lines, on the whole."""

    def reply(self, number: int, comment: Comment, body: str) -> None:
        """Answer in the thread of a comment. Asked again after a lost answer, it looks first
        whether the same words stand there."""

    def close(self) -> None:
        """Close the connections; a later call opens them again."""
