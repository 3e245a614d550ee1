"""Gitea and Forgejo: their REST API, version 1 (docs.gitea.com/api, codeberg.org/api/swagger).

It is close to GitHub's; but pull requests cannot be asked for by branch, labels go by number, a
draft is one whose title begins with ``WIP:``, and comments on lines come review by review. Who may
write is told to administrators of the repository alone; others are told it of who gave a review
that counts (``official``), and of nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fnopt.errors import ForgeError
from fnopt.review.api import Refused
from fnopt.review.dialect import (
    Dialect,
    in_answer,
    in_its_thread,
    login,
    oldest_first,
    segment,
    when,
)
from fnopt.review.forge import Comment, Opening, PullRequest, State
from fnopt.review.gitea_lines import Texts, line_now, texts

PAGE = {"limit": 50}
WRITES = frozenset({"write", "admin", "owner"})
DRAFT = "WIP: "
_DRAFT = re.compile(r"(?:wip:|\[wip\])\s*", re.IGNORECASE)
DELETED = "refs/pull/"
"""A pull request's head is this where its branch was deleted; the label has its name still."""
COLOUR = "#5319e7"  # of a label that has to be made
REVIEWS = {"REQUEST_CHANGES": "changes_requested", "APPROVED": "approved", "COMMENT": "commented"}

Json = Mapping[str, Any]
Lines = list[tuple[Json, list[Json]]]
"""Reviews, each with its comments on lines."""


class Gitea(Dialect):
    """A repository at Gitea or Forgejo (a :class:`fnopt.review.forge.Forge`)."""

    @property
    def _repo(self) -> str:
        return "repos/" + "/".join(map(segment, self.place.path.split("/")))

    def _whoami(self) -> str:
        return self.api.read(lambda user: str(user["login"]), self.api.get("user"))

    def default_branch(self) -> str:
        """The branch that pull requests go to unless told otherwise."""
        return self.api.read(lambda repo: str(repo["default_branch"]), self.api.get(self._repo))

    def may_push(self) -> bool | None:
        """Whether the token may push; None where the forge does not say."""
        found = self.api.read(lambda repo: repo.get("permissions") or {}, self.api.get(self._repo))
        return bool(found["push"]) if "push" in found else None

    def pull_requests(self, head: str) -> Sequence[PullRequest]:
        """Every pull request of a branch of this repository, newest first: all are looked at."""
        return self._of(head, "all")

    def already(self, opening: Opening) -> PullRequest | None:
        """The open pull request of the same branches."""
        there = self._of(opening.head, "open")
        return next((one for one in there if one.base == opening.base), None)

    def _of(self, head: str, state: str) -> tuple[PullRequest, ...]:
        found = self.api.pages(f"{self._repo}/pulls", {"state": state, **PAGE})
        own = [one for one in found if self.api.read(lambda given: _own(given, head), one)]
        made = [self.api.read(_pull_request, one) for one in own]
        return tuple(sorted(made, key=lambda one: -one.number))

    def pull_request(self, number: int) -> PullRequest:
        """One pull request as it is now."""
        return self.api.read(_pull_request, self.api.get(f"{self._repo}/pulls/{number}"))

    def open(self, opening: Opening) -> PullRequest:
        """Open one, or find the one that is open: never a second."""
        title = f"{DRAFT if opening.draft else ''}{opening.title}"
        ends = {"head": opening.head, "base": opening.base}
        body = {"title": title, "body": opening.body, **ends}
        return self.opened(opening, f"{self._repo}/pulls", body, _pull_request)

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Write a new title or body; a draft stays one."""
        if title is not None and self.pull_request(number).draft:
            title = f"{DRAFT}{title}"
        self.write_at(f"{self._repo}/pulls/{number}", title, body)

    def ask_reviewers(self, number: int, names: Sequence[str]) -> None:
        """Ask people, and teams (``org/team``)."""
        self.ask_at(f"{self._repo}/pulls/{number}", names)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Put labels on it, the repository's or the organisation's; those that are new are made."""
        if labels:
            known = self._labels()
            ids = [known[one] if one in known else self._label(one) for one in labels]
            self.api.send("POST", f"{self._repo}/issues/{number}/labels", {"labels": ids})

    def _labels(self) -> dict[str, int]:
        owner = segment(self.place.path.split("/")[0])
        try:
            shared = self.api.pages(f"orgs/{owner}/labels", PAGE)
        except Refused:  # its owner is a user
            shared = []
        found = [*shared, *self.api.pages(f"{self._repo}/labels", PAGE)]
        return self.api.read(lambda told: {str(one["name"]): int(one["id"]) for one in told}, found)

    def _label(self, name: str) -> int:
        made = {"name": name, "color": COLOUR}
        path = f"{self._repo}/labels"
        found = self.api.send("POST", path, made, lambda: self._labels().get(name))
        number = found["id"] if isinstance(found, Mapping) and "id" in found else found
        return self.api.read(int, number)

    def comments(self, number: int) -> Sequence[Comment]:
        """Everything that was said, oldest first."""
        pull = f"{self._repo}/pulls/{number}"
        whole = self.api.pages(f"{self._repo}/issues/{number}/comments")
        reviews = self.api.pages(f"{pull}/reviews", PAGE)
        lines = [
            (one, self.api.pages(f"{pull}/reviews/{segment(one['id'])}/comments"))
            for one in self.api.read(_with_lines, reviews)
        ]
        paths = self.api.read(_paths, lines)
        head = self.pull_request(number).head if paths else ""
        told = (whole, reviews, lines, texts(self.api, self._repo, head, paths))
        return self.api.read(lambda told: oldest_first(list(self._all(*told))), told)

    def reply(self, number: int, comment: Comment, body: str) -> None:
        """Answer in its thread, or, where it has none or this forge is too old, on the whole."""
        kind, _, root = comment.thread.partition("-")
        if kind not in ("line", "comment", "review"):
            raise ForgeError(f"there is no thread {comment.thread!r}", "is it of another forge?")
        if kind == "line" and self._replied(number, comment, root, body):
            return
        page = f"{self.place.web}/{self.place.path}/pulls/{number}"
        url = page if kind == "review" else f"{page}#issuecomment-{root}"
        words = in_answer(comment, url, body)
        self.say(number, comment, words, f"{self._repo}/issues/{number}/comments")

    def _replied(self, number: int, comment: Comment, root: str, body: str) -> bool:
        try:
            path = f"{self._repo}/pulls/{number}/comments/{segment(root)}/replies"
            self.say(number, comment, body, path)
        except Refused as refusal:
            if refusal.status not in (404, 405):
                raise
            return False
        return True

    def _all(
        self, whole: list[Json], reviews: list[Json], lines: Lines, there: Texts
    ) -> Iterator[Comment]:
        for one in reviews:
            if one.get("official"):  # it counts for a merge: its author may write
                self.may(login(one["user"]), lambda: True)
        for one in whole:
            yield in_its_thread(self._comment(one, f"comment-{one['id']}", one["created_at"]))
        for one in reviews:
            if _speaks(one):
                yield self._of_review(one)
        for review, comments in lines:
            yield from self._on_lines(review, comments, there)

    def _of_review(self, given: Json) -> Comment:
        state = REVIEWS.get(str(given["state"]), "commented")
        done = bool(given.get("dismissed"))
        thread = f"review-{given['id']}"
        return self._comment(given, thread, given["submitted_at"], state=state, done=done)

    def _on_lines(self, review: Json, comments: list[Json], there: Texts) -> Iterator[Comment]:
        """The comments of a review; those on the same line are a conversation."""
        state = REVIEWS.get(str(review["state"]), "commented")
        roots: dict[tuple[str, int, int], str] = {}
        for one in sorted(comments, key=lambda one: int(one["id"])):
            line, old = int(one.get("position") or 0), int(one.get("original_position") or 0)
            root = roots.setdefault((str(one["path"]), line, old), str(one["id"]))
            done = bool(one.get("resolver"))
            now = line_now(one, there)
            yield self._comment(one, f"line-{root}", one["created_at"], state, now, done=done)

    def _comment(
        self,
        given: Json,
        thread: str,
        created: str,
        state: str = "",
        line: int | None = None,
        *,
        done: bool = False,
    ) -> Comment:
        author, body = login(given.get("user")), str(given.get("body") or "")
        return Comment(
            id=str(given["id"]),
            thread=thread,
            author=author,
            trusted=given.get("user") is not None and self._trusts(author),
            body=body,
            created=when(created),
            path=given.get("path"),
            line=line,
            review=state,
            resolved=done,
            ours=self.is_ours(author, body),
        )

    def _trusts(self, author: str) -> bool:
        if author.lower() == self.place.path.split("/")[0].lower():
            return True  # its owner
        path = f"{self._repo}/collaborators/{segment(author)}/permission"

        def ask() -> bool:
            found = self.api.get(path)
            return self.api.read(lambda one: one["permission"] in WRITES, found)

        return self.may(author, ask)


def _pull_request(given: Json) -> PullRequest:
    merged = bool(given.get("merged"))
    state: State = "merged" if merged else "open" if given["state"] == "open" else "closed"
    title = str(given["title"])
    draft = bool(given.get("draft", _DRAFT.match(title)))
    return PullRequest(
        number=int(given["number"]),
        url=str(given["html_url"]),
        state=state,
        head=_branch(given["head"]),
        base=_branch(given["base"]),
        title=_DRAFT.sub("", title, count=1) if draft and _DRAFT.match(title) else title,
        body=str(given.get("body") or ""),
        draft=draft,
        merged_as=(given.get("merge_commit_sha") or None) if merged else None,
    )


def _branch(end: Json) -> str:
    name = str(end["ref"])
    return str(end.get("label") or name) if name.startswith(DELETED) else name


def _own(given: Json, head: str) -> bool:
    """Whether it is of that branch of the repository itself; a fork's may have the same name."""
    same = given["head"].get("repo_id") == given["base"].get("repo_id")
    return same and _branch(given["head"]) == head


def _with_lines(reviews: list[Json]) -> list[Json]:
    """The reviews that are said and have comments on lines."""
    return [one for one in reviews if one["state"] in REVIEWS and one.get("comments_count") != 0]


def _paths(lines: Lines) -> set[str]:
    return {str(one["path"]) for _, there in lines for one in there if one.get("position")}


def _speaks(review: Json) -> bool:
    said = review.get("body") or review["state"] == "REQUEST_CHANGES"
    return bool(said) and review["state"] in REVIEWS
