"""GitHub, and GitHub Enterprise: its REST API, version 2022-11-28 (docs.github.com/rest).

There is one list of comments on the whole, one of comments on lines, and one of reviews with words
of their own. Comments on the whole have no threads: what we answer there says, hidden, to which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
BOT = "[bot]"
ACTIONS = f"github-actions{BOT}"
PAGE = {"per_page": 100}
TEAM = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
WRITES = frozenset({"write", "maintain", "admin"})
REVIEWS = {"CHANGES_REQUESTED": "changes_requested", "APPROVED": "approved"}

Json = Mapping[str, Any]


class GitHub(Dialect):
    """A repository at GitHub (a :class:`fnopt.review.forge.Forge`)."""

    @property
    def _repo(self) -> str:
        return "repos/" + "/".join(map(segment, self.place.path.split("/")))

    def _whoami(self) -> str:
        try:
            return self.api.read(lambda user: str(user["login"]), self.api.get("user"))
        except Refused as refusal:
            if refusal.status == 403 and "integration" in refusal.said:
                return self._bot()  # the token of an app's installation is no user's
            raise

    def _bot(self) -> str:
        """The app that the token is of: GraphQL knows it, where there is one at the API's root."""
        if self.api.base.endswith("/api/v3"):
            return ACTIONS
        try:
            found = self.api.send("POST", "graphql", {"query": "{ viewer { login } }"})
        except Refused:
            return ACTIONS
        login = self.api.read(lambda told: (told.get("data") or {}).get("viewer"), found)
        name = str((login or {}).get("login") or ACTIONS)
        return name if name.endswith(BOT) else name + BOT

    def default_branch(self) -> str:
        """The branch that pull requests go to unless told otherwise."""
        return self.api.read(lambda repo: str(repo["default_branch"]), self.api.get(self._repo))

    def may_push(self) -> bool | None:
        """Whether the token may push; None where GitHub does not say."""
        found = self.api.read(lambda repo: repo.get("permissions") or {}, self.api.get(self._repo))
        return bool(found["push"]) if "push" in found else None

    def pull_requests(self, head: str) -> Sequence[PullRequest]:
        """Every pull request of a branch of this repository, newest first."""
        owner = self.place.path.split("/")[0]
        query = {"state": "all", "head": f"{owner}:{head}", "sort": "created", "direction": "desc"}
        found = self.api.pages(f"{self._repo}/pulls", {**query, **PAGE})
        own = [one for one in found if self.api.read(_own, one)]
        made = [self.api.read(_pull_request, one) for one in own]
        return tuple(one for one in made if one.head == head)

    def pull_request(self, number: int) -> PullRequest:
        """One pull request as it is now."""
        return self.api.read(_pull_request, self.api.get(f"{self._repo}/pulls/{number}"))

    def open(self, opening: Opening) -> PullRequest:
        """Open one, or find the one that is open: never a second."""
        body = {"title": opening.title, "body": opening.body, "draft": opening.draft}
        ends = {"head": opening.head, "base": opening.base}
        return self.opened(opening, f"{self._repo}/pulls", {**body, **ends}, _pull_request)

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Write a new title or body."""
        self.write_at(f"{self._repo}/pulls/{number}", title, body)

    def ask_reviewers(self, number: int, names: Sequence[str]) -> None:
        """Ask people, and teams (``org/team``)."""
        self.ask_at(f"{self._repo}/pulls/{number}", names)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Put labels on it; GitHub makes those that are new."""
        if labels:
            path = f"{self._repo}/issues/{number}/labels"
            self.api.send("POST", path, {"labels": list(labels)})

    def comments(self, number: int) -> Sequence[Comment]:
        """Everything that was said, oldest first."""
        pull = f"{self._repo}/pulls/{number}"
        reviews = self.api.pages(f"{pull}/reviews", PAGE)
        lines = self.api.pages(f"{pull}/comments", PAGE)
        whole = self.api.pages(f"{self._repo}/issues/{number}/comments", PAGE)
        return self.api.read(lambda told: oldest_first(self._all(*told)), (reviews, lines, whole))

    def _all(self, reviews: list[Json], lines: list[Json], whole: list[Json]) -> list[Comment]:
        states = {one["id"]: str(one["state"]) for one in reviews}
        found = [self._on_whole(one) for one in whole]
        found += [self._of_review(one) for one in reviews if _speaks(one)]
        for one in lines:
            state = states.get(one.get("pull_request_review_id"), "")
            if state != "PENDING":  # a draft of ours, which nobody else sees
                found.append(self._on_line(one, state))
        return found

    def reply(self, number: int, comment: Comment, body: str) -> None:
        """Answer in its thread, or, where it has none, on the whole."""
        kind, _, root = comment.thread.partition("-")
        anchor = {"comment": "issuecomment-", "review": "pullrequestreview-"}
        if kind == "line":
            path, words = f"{self._repo}/pulls/{number}/comments/{segment(root)}/replies", body
        elif kind in anchor:
            url = f"{self.place.web}/{self.place.path}/pull/{number}#{anchor[kind]}{root}"
            path, words = f"{self._repo}/issues/{number}/comments", in_answer(comment, url, body)
        else:
            raise ForgeError(f"there is no thread {comment.thread!r}", "is it of another forge?")

        self.say(number, comment, words, path)

    def _on_whole(self, given: Json) -> Comment:
        found = self._comment(given, "", f"comment-{given['id']}", given["created_at"])
        return in_its_thread(found)

    def _of_review(self, given: Json) -> Comment:
        state = str(given["state"])
        return self._comment(given, state, f"review-{given['id']}", given["submitted_at"])

    def _on_line(self, given: Json, state: str) -> Comment:
        thread = f"line-{given.get('in_reply_to_id') or given['id']}"
        return self._comment(given, state, thread, given["created_at"])

    def _comment(self, given: Json, state: str, thread: str, created: str) -> Comment:
        author, body = login(given.get("user")), str(given.get("body") or "")
        line = given.get("line") if given.get("side", "RIGHT") == "RIGHT" else None
        return Comment(
            id=str(given["id"]),
            thread=thread,
            author=author,
            trusted=self._trusts(author, str(given.get("author_association", ""))),
            body=body,
            created=when(created),
            path=given.get("path"),
            line=int(line) if line else None,
            review=REVIEWS.get(state, "commented") if state else "",
            resolved=state == "DISMISSED" and thread.startswith("review-"),
            ours=self.is_ours(author, body),
        )

    def _trusts(self, author: str, association: str) -> bool:
        """An association alone does not say that somebody may write: a member may only read."""
        path = f"{self._repo}/collaborators/{segment(author)}/permission"

        def ask() -> bool:
            found = self.api.get(path)
            return self.api.read(lambda one: one["permission"] in WRITES, found)

        return association in TEAM and self.may(author, ask)


def _pull_request(given: Json) -> PullRequest:
    merged = bool(given.get("merged_at") or given.get("merged"))
    state: State = "merged" if merged else "open" if given["state"] == "open" else "closed"
    return PullRequest(
        number=int(given["number"]),
        url=str(given["html_url"]),
        state=state,
        head=str(given["head"]["ref"]),
        base=str(given["base"]["ref"]),
        title=str(given["title"]),
        body=str(given.get("body") or ""),
        draft=bool(given.get("draft")),
        merged_as=given.get("merge_commit_sha") if merged else None,
    )


def _own(given: Json) -> bool:
    """Whether the branch is one of the repository itself; a fork's may have the same name."""
    fork = given["head"].get("repo")
    return fork is not None and bool(fork["id"] == given["base"]["repo"]["id"])


def _speaks(review: Json) -> bool:
    """Whether a review says something itself."""
    state = review.get("state")
    return state != "PENDING" and bool(review.get("body") or state == "CHANGES_REQUESTED")
