"""What the forge knows and does, whatever dialect it is asked in."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from review.forge_double.bare import Bare
from review.forge_double.merging import merge
from review.forge_double.values import (
    RIGHTS,
    How,
    Kind,
    Note,
    Pull,
    Refused,
    Right,
    Thread,
)

BEGIN = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)


class State:
    """One repository at one forge. Its clock advances a second with every event.

    Not safe for two threads: whoever uses it holds ``lock``.
    """

    def __init__(self, kind: Kind, root: Path, owner: str, name: str, branch: str) -> None:
        self.kind, self.owner, self.name, self.default_branch = kind, owner, name, branch
        self.bare = Bare(root / owner / f"{name}.git", kind, branch)
        self.private = False
        self.pulls: dict[int, Pull] = {}
        self.rights: dict[str, Right] = {owner: "admin"}
        self.labels: dict[str, int] = {}
        self.people: dict[str, int] = {}
        self.lock = threading.RLock()
        self.ids = iter(range(1000, 1_000_000))
        self.events = 0
        self.person(owner)

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"

    def person(self, name: str) -> int:
        """Somebody's number; who is named for the first time has an account from now on."""
        return self.people.setdefault(name, len(self.people) + 1)

    def knows(self, name: str) -> str:
        """The account's name. Raises Refused (``not-found``)."""
        for known in self.people:
            if known.lower() == name.lower():
                return known
        raise Refused("not-found", name)

    def right(self, name: str) -> Right:
        """What somebody (empty: nobody) may do."""
        return self.rights.get(name, "none" if self.private else "read")

    def may(self, name: str, right: Right) -> bool:
        """Whether it is at least that."""
        return RIGHTS.index(self.right(name)) >= RIGHTS.index(right)

    def now(self) -> str:
        """The time of an event that happens now; ISO 8601."""
        self.events += 1
        return (BEGIN + timedelta(seconds=self.events)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def label(self, name: str) -> int:
        """A label's number; made where there is none."""
        return self.labels.setdefault(name, len(self.labels) + 1)

    def pull(self, number: int) -> Pull:
        """Raises Refused (``not-found``)."""
        try:
            return self.pulls[number]
        except KeyError:
            raise Refused("not-found", str(number)) from None

    def newest_first(self) -> list[Pull]:
        """Every pull request."""
        return [self.pulls[number] for number in sorted(self.pulls, reverse=True)]

    def open(
        self, author: str, head: str, base: str, title: str, body: str, *, draft: bool = False
    ) -> Pull:
        """Open one. Raises Refused (``no-base``, ``no-head``, ``no-commits``, ``twin``)."""
        branches = self.bare.branches()
        for role, branch in (("no-base", base), ("no-head", head)):
            if branch not in branches:
                raise Refused(role, branch)
        if head == base or (
            self.kind == "github" and not self.bare.commits(branches[base], branches[head])
        ):
            raise Refused("no-commits", f"{base} and {head}")
        self._alone(head, base)
        self.person(author)
        when = self.now()
        point = self.bare.fork_point(branches[base], branches[head])
        number, sha = len(self.pulls) + 1, branches[head]
        pull = Pull(
            number, next(self.ids), author, head, base, title, body, draft, sha, point, when, when
        )
        self.pulls[number] = pull
        self._keep(pull)
        return pull

    def _alone(self, head: str, base: str) -> None:
        for other in self.pulls.values():
            if (other.head, other.base, other.state) == (head, base, "open"):
                raise Refused("twin", str(other.number))

    def _keep(self, pull: Pull) -> None:
        """The forges' own reference, which outlives the branch."""
        room = "merge-requests" if self.kind == "gitlab" else "pull"
        self.bare.git("update-ref", f"refs/{room}/{pull.number}/head", pull.head_sha)

    def refresh(self) -> None:
        """See what pushes did: new heads, branches gone, heads that came into the base branch."""
        branches = self.bare.branches()
        for pull in self.pulls.values():
            if pull.state != "open":
                continue
            head, base = branches.get(pull.head), branches.get(pull.base)
            if head is None:
                if self.kind != "gitlab":  # there it stays open
                    self._end(pull, "closed")
            elif base is not None:
                self._pushed(pull, head, base)

    def _pushed(self, pull: Pull, head: str, base: str) -> None:
        moved = head != pull.head_sha
        if moved:
            pull.head_sha, pull.updated = head, self.now()
            self._keep(pull)
            self.system(pull, pull.author, f"added commits up to {head[:8]}")
        contained = pull.base_sha != head and self.bare.has(base, head)
        if contained and not moved and self.kind != "gitea":
            pull.merged_as = base
            self._end(pull, "merged")
        elif contained and self.kind == "github":  # pushed back to what the base branch has
            self._end(pull, "closed")
        else:
            pull.base_sha = self.bare.fork_point(base, head)

    def thread(self, number: int, thread: int) -> Thread:
        """Raises Refused (``not-found``)."""
        for found in self.pull(number).threads:
            if found.id == thread:
                return found
        raise Refused("not-found", str(thread))

    def system(self, pull: Pull, author: str, text: str) -> None:
        """What GitLab notes by itself among what people say; others keep that elsewhere."""
        if self.kind == "gitlab":
            pull.threads.append(
                Thread([Note(next(self.ids), author, text, self.now(), system=True)], single=True)
            )

    def edit(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
        by: str = "",
    ) -> Pull:
        """Write another title or description, or choose another base branch. Raises Refused."""
        pull = self.pull(number)
        if base is not None and base != pull.base:
            if base not in self.bare.branches():
                raise Refused("no-base", base)
            self._alone(pull.head, base)
            pull.base = base
        if title is not None and title != pull.title:
            self.system(pull, by or pull.author, f"changed title from **{pull.title}**")
        pull.title = pull.title if title is None else title
        pull.body = pull.body if body is None else body
        pull.updated = self.now()
        return pull

    def ask(self, number: int, names: Sequence[str]) -> None:
        """Ask for reviews, beside those asked already. Raises Refused (``reviewer``)."""
        pull = self.pull(number)
        for name in names:
            if name not in self.rights or name == pull.author:
                raise Refused("author" if name == pull.author else "reviewer", name)
        pull.reviewers += [name for name in names if name not in pull.reviewers]

    def close(self, number: int, by: str = "") -> None:
        """Close it unmerged. Raises Refused (``merged``)."""
        pull = self.pull(number)
        if pull.state == "merged":
            raise Refused("merged", str(number))
        if pull.state == "open":
            self._end(pull, "closed")
            self.system(pull, by or pull.author, "closed")

    def reopen(self, number: int, by: str = "") -> None:
        """Open it again. Raises Refused (``merged``, ``no-head``, ``twin``)."""
        pull = self.pull(number)
        if pull.state == "merged":
            raise Refused("merged", str(number))
        if pull.state == "open":
            return
        if pull.head not in self.bare.branches():
            raise Refused("gone", pull.head)
        self._alone(pull.head, pull.base)
        pull.state, pull.closed_at = "open", None
        pull.updated = self.now()
        self.system(pull, by or pull.author, "reopened")
        self.refresh()

    def merge(self, number: int, how: How, by: str, place: str) -> Pull:
        """Merge it for real. Raises Refused (``closed``, ``conflict``)."""
        self.refresh()
        pull = self.pull(number)
        if pull.state != "open":
            raise Refused("closed", str(number))
        self.person(by)
        merge(self.bare, self.kind, pull, how, by, place, self.now())
        self._end(pull, "merged")
        self.system(pull, by, "merged")
        return pull

    def _end(self, pull: Pull, state: str) -> None:
        when = self.now()
        pull.updated = pull.closed_at = when
        if state == "merged":
            pull.state, pull.merged_at = "merged", when
            pull.merged_by = pull.merged_by or pull.author
        else:
            pull.state = "closed"

    def delete_branch(self, name: str) -> None:
        """Delete a branch at the forge, with what that brings about."""
        self.bare.git("update-ref", "-d", f"refs/heads/{name}")
        self.refresh()

    def lines(self, pull: Pull) -> Iterator[Thread]:
        """The threads that are on lines."""
        return (thread for thread in pull.threads if thread.path is not None)

    def line_now(self, pull: Pull, thread: Thread) -> int | None:
        """Where a thread's line stands at the head; None where the line was changed since."""
        assert thread.path is not None
        return self.bare.followed(thread.path, thread.line, thread.commit, pull.head_sha)
