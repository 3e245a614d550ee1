"""What the dialects have in common: who is ours, who may write, what is answered where."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from fnopt.errors import ForgeError
from fnopt.review.api import Api, Refused
from fnopt.review.forge import Comment, Opening, Place, PullRequest

MARK = "<!-- fnopt:"
"""What fnopt writes has this in it; it is hidden in Markdown."""
_IN = "<!-- fnopt:in="


class Dialect(ABC):
    """One repository at one forge, asked through ``api``; what differs is each dialect's own."""

    def __init__(self, place: Place, api: Api) -> None:
        self.place = place
        self.api = api
        self._may: dict[str, bool] = {}

    def close(self) -> None:
        """Close the connections."""
        self.api.close()

    @cached_property
    def me(self) -> str:
        """The name that the token belongs to, asked once."""
        return self._whoami()

    def whoami(self) -> str:
        """The name that the token belongs to."""
        return self.me

    @abstractmethod
    def _whoami(self) -> str:
        """Ask for the name."""

    @abstractmethod
    def pull_requests(self, head: str) -> Sequence[PullRequest]:
        """Every pull request of a branch."""

    @abstractmethod
    def comments(self, number: int) -> Sequence[Comment]:
        """Everything that was said, oldest first."""

    def say(self, number: int, comment: Comment, words: str, path: str) -> None:
        """Post ``words`` at a path, in the thread of a comment, unless they stand there."""

        def there() -> bool | None:
            thread = [one for one in self.comments(number) if one.thread == comment.thread]
            said = any(one.author == self.me and same_words(one.body, words) for one in thread)
            return said or None

        if not there():
            self.api.send("POST", path, {"body": words}, there)

    def is_ours(self, author: str, body: str) -> bool:
        """Whether fnopt wrote it, in this token's name."""
        return MARK in body and author == self.me

    def may(self, who: str, ask: Callable[[], bool]) -> bool:
        """Whether somebody may write to the repository; each is asked for once."""
        if who not in self._may:
            try:
                self._may[who] = ask()
            except Refused as refusal:  # not there, or not for this token to know
                if refusal.status not in (403, 404):
                    raise
                self._may[who] = False
        return self._may[who]

    def ask_at(self, pull: str, names: Sequence[str]) -> None:
        """Ask people, and teams (``org/team``), for a review of the pull request at a path, as
        GitHub has it and Gitea after it."""
        people = [one for one in names if "/" not in one]
        teams = [one.partition("/")[2] for one in names if "/" in one]
        if names:
            asked = {"reviewers": people, "team_reviewers": teams}
            self.api.send("POST", f"{pull}/requested_reviewers", asked)

    def write_at(self, pull: str, title: str | None, body: str | None) -> None:
        """Write what is not None to the pull request at a path."""
        given = {"title": title, "body": body}
        changed = {key: value for key, value in given.items() if value is not None}
        if changed:
            self.api.send("PATCH", pull, changed)

    def already(self, opening: Opening) -> PullRequest | None:
        """The open pull request of the same branches."""
        return next(
            (
                one
                for one in self.pull_requests(opening.head)
                if one.state == "open" and one.base == opening.base
            ),
            None,
        )

    def opened(
        self,
        opening: Opening,
        path: str,
        body: Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], PullRequest],
    ) -> PullRequest:
        """Open one by a POST, or find the one that is open: after an answer that was lost, and
        where the forge says that it has one (GitHub with 422, the others with 409)."""
        try:
            found = self.api.send("POST", path, body, lambda: self.already(opening))
        except Refused as refusal:
            found = self.already(opening) if refusal.status in (409, 422) else None
            if found is None:
                raise
        return found if isinstance(found, PullRequest) else self.api.read(parse, found)


def segment(text: str | int) -> str:
    """A text as one part of a path."""
    return quote(str(text), safe="")


def when(text: str) -> str:
    """A time as the forges say it, in UTC, so that times sort as text. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def oldest_first(comments: Sequence[Comment]) -> tuple[Comment, ...]:
    """By time; what came at the same second, as the forge numbers it."""

    def order(one: Comment) -> tuple[str, int]:
        return one.created, int(one.id) if one.id.isdecimal() else 0

    return tuple(sorted(comments, key=order))


def same_words(one: str, other: str) -> bool:
    """Whether two texts are the same but for line ends and blanks at the ends."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def in_answer(comment: Comment, url: str, body: str) -> str:
    """A body that says, in a forge without threads there, whom it answers; and, hidden, where."""
    hidden = f"{_IN}{comment.thread} -->"
    return f"In answer to [{_plain(comment.author)}]({url}):\n\n{body.strip()}\n\n{hidden}"


def in_its_thread(comment: Comment) -> Comment:
    """A comment of ours that :func:`in_answer` made, in the thread that it answers."""
    _, found, rest = comment.body.rpartition(_IN)
    thread = rest.partition(" -->")[0].strip()
    known = comment.ours and found and thread and " " not in thread
    return replace(comment, thread=thread) if known else comment


def login(user: Mapping[str, Any] | None) -> str:
    """The name of a user; whoever was deleted is a ghost."""
    return str(user["login"]) if user else "ghost"


def refused_names(names: Sequence[str], kind: str) -> ForgeError:
    """The error for names that the forge does not know."""
    said = f"the forge knows no {kind} named {', '.join(names)}"
    return ForgeError(said, f"mend review.{kind}s, or --{kind}s")


def _plain(name: str) -> str:
    """A user's name as text of a link: no mention, no markup."""
    return "".join(one if one.isalnum() or one in "-_." else " " for one in name).strip()
