"""GitLab: its REST API, version 4 (docs.gitlab.com/api).

A pull request is a merge request, known by its ``iid``; a draft is one whose title says so. Every
comment is a note in a discussion; notes that GitLab writes itself are no comments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fnopt.review.api import Refused
from fnopt.review.dialect import Dialect, oldest_first, refused_names, segment, when
from fnopt.review.forge import Comment, Opening, PullRequest, State

PAGE = {"per_page": 100}
DEVELOPER = 30
"""The access level from which on people may push (docs.gitlab.com/api/members)."""
DRAFT = "Draft: "
_DRAFT = re.compile(r"(?:\[draft\]|\(draft\)|draft:)\s*", re.IGNORECASE)
STATES: Mapping[str, State] = {"merged": "merged", "closed": "closed"}

Json = Mapping[str, Any]


class GitLab(Dialect):
    """A project at GitLab (a :class:`fnopt.review.forge.Forge`)."""

    @property
    def _project(self) -> str:
        return f"projects/{segment(self.place.path)}"

    def _merge_request(self, number: int) -> str:
        return f"{self._project}/merge_requests/{number}"

    def _whoami(self) -> str:
        try:
            return self.api.read(lambda user: str(user["username"]), self.api.get("user"))
        except Refused as refusal:
            if refusal.status not in (401, 403):
                raise
            try:  # a job's token is no user's, but the job is
                job = self.api.get("job")
            except Refused:
                raise refusal from None
            return self.api.read(lambda told: str(told["user"]["username"]), job)

    def default_branch(self) -> str:
        """The branch that merge requests go to unless told otherwise."""
        found = self.api.get(self._project)
        return self.api.read(lambda project: str(project["default_branch"]), found)

    def may_push(self) -> bool | None:
        """Whether the token may push; None where GitLab does not say."""

        def parse(project: Json) -> bool | None:
            told = project.get("permissions")
            if told is None:
                return None
            access = [one["access_level"] for one in told.values() if one]
            return max(access, default=0) >= DEVELOPER

        return self.api.read(parse, self.api.get(self._project))

    def pull_requests(self, head: str) -> Sequence[PullRequest]:
        """Every merge request of a branch of this project, newest first."""
        query = {"source_branch": head, "state": "all", "order_by": "created_at", "sort": "desc"}
        found = self.api.pages(f"{self._project}/merge_requests", {**query, **PAGE})
        own = [one for one in found if self.api.read(_own, one)]
        made = [self.api.read(_pull_request, one) for one in own]
        return tuple(one for one in made if one.head == head)

    def pull_request(self, number: int) -> PullRequest:
        """One merge request as it is now."""
        return self.api.read(_pull_request, self.api.get(self._merge_request(number)))

    def open(self, opening: Opening) -> PullRequest:
        """Open one, or find the one that is open: never a second."""
        body = {
            "source_branch": opening.head,
            "target_branch": opening.base,
            "title": f"{DRAFT if opening.draft else ''}{opening.title}",
            "description": opening.body,
        }
        return self.opened(opening, f"{self._project}/merge_requests", body, _pull_request)

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Write a new title or description; a draft stays one."""
        if title is not None and self.pull_request(number).draft:
            title = f"{DRAFT}{title}"
        given = {"title": title, "description": body}
        changed = {key: value for key, value in given.items() if value is not None}
        if changed:
            self.api.send("PUT", self._merge_request(number), changed)

    def ask_reviewers(self, number: int, names: Sequence[str]) -> None:
        """Ask people, beside those that were asked."""
        if not names:
            return
        people = {name: self._user(name) for name in names}
        if unknown := [name for name, found in people.items() if found is None]:
            raise refused_names(unknown, "reviewer")
        path = self._merge_request(number)
        asked = self.api.read(_reviewers, self.api.get(path))
        wanted = [*asked, *(one for one in people.values() if one not in asked)]
        if wanted != asked:
            self.api.send("PUT", path, {"reviewer_ids": wanted})

    def _user(self, name: str) -> int | None:
        found = self.api.get("users", {"username": name.removeprefix("@")})
        return self.api.read(lambda users: int(users[0]["id"]) if users else None, found)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Put labels on it; GitLab makes those that are new."""
        if labels:
            self.api.send("PUT", self._merge_request(number), {"add_labels": ",".join(labels)})

    def comments(self, number: int) -> Sequence[Comment]:
        """Everything that was said, oldest first."""
        path = self._merge_request(number)
        head = self.api.read(lambda one: str(one.get("sha") or ""), self.api.get(path))
        found = self.api.pages(f"{path}/discussions", PAGE)
        return self.api.read(lambda told: oldest_first(self._all(told, head)), found)

    def reply(self, number: int, comment: Comment, body: str) -> None:
        """Answer in its discussion; a single note becomes one by that."""
        path = f"{self._merge_request(number)}/discussions/{segment(comment.thread)}/notes"
        self.say(number, comment, body, path)

    def _all(self, discussions: list[Json], head: str) -> list[Comment]:
        return [
            self._comment(note, str(discussion["id"]), head)
            for discussion in discussions
            for note in discussion["notes"]
            if not note["system"]
        ]

    def _comment(self, note: Json, thread: str, head: str) -> Comment:
        author, body = note.get("author"), str(note.get("body") or "")
        name = str(author["username"]) if author else "ghost"
        position = note.get("position") or {}
        stands = position.get("head_sha", head) == head  # GitLab moves it on while it can
        line = position.get("new_line") if stands else None
        return Comment(
            id=str(note["id"]),
            thread=thread,
            author=name,
            trusted=author is not None and self._trusts(str(author["id"])),
            body=body,
            created=when(note["created_at"]),
            path=position.get("new_path"),
            line=int(line) if line else None,
            resolved=bool(note.get("resolved")),
            ours=self.is_ours(name, body),
        )

    def _trusts(self, user: str) -> bool:
        path = f"{self._project}/members/all/{segment(user)}"

        def ask() -> bool:
            found = self.api.get(path)
            return self.api.read(_may_write, found)

        return self.may(user, ask)


def _pull_request(given: Json) -> PullRequest:
    title = str(given["title"])
    draft = bool(given.get("draft", given.get("work_in_progress", False)))
    state = STATES.get(given["state"], "open")  # locked: it is being merged
    return PullRequest(
        number=int(given["iid"]),
        url=str(given["web_url"]),
        state=state,
        head=str(given["source_branch"]),
        base=str(given["target_branch"]),
        title=_DRAFT.sub("", title, count=1) if draft and _DRAFT.match(title) else title,
        body=str(given.get("description") or ""),
        draft=draft,
        merged_as=_merged_as(given) if state == "merged" else None,
    )


def _merged_as(given: Json) -> str | None:
    """The merge commit; the squashed one where there is none; after a fast-forward the head."""
    keys = ("merge_commit_sha", "squash_commit_sha", "sha")
    return next((str(given[key]) for key in keys if given.get(key)), None)


def _own(given: Json) -> bool:
    """Whether the branch is one of the project itself; a fork's may have the same name."""
    return bool(given["source_project_id"] == given["target_project_id"])


def _reviewers(given: Json) -> list[int]:
    return [int(one["id"]) for one in given.get("reviewers") or ()]


def _may_write(member: Json) -> bool:
    return int(member["access_level"]) >= DEVELOPER and member.get("state", "active") == "active"
