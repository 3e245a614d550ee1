"""GitLab's dialect against a server that answers as it does."""

from __future__ import annotations

from typing import Any

import pytest
from loopback import Asked, Once, Told

from fnopt.errors import ForgeError
from fnopt.review.forge import Opening

from .dialects import OPENING, client, gitlab_merge

PROJECT = "/api/projects/team%2Fsub%2Ftools"
MERGE = f"{PROJECT}/merge_requests"
HEAD = "e" * 40
USERS = {"fnopt-bot": 1, "ada": 2, "bob": 3, "gone": 4, "blocked": 5}


def note(number: int, login: str, body: str, **given: Any) -> dict[str, Any]:
    return {
        "id": number,
        "author": {"id": USERS[login], "username": login},
        "body": body,
        "system": False,
        "created_at": f"2026-11-30T10:{number:02}:00.000Z",
        **given,
    }


def position(line: int | None, head: str = HEAD) -> dict[str, Any]:
    return {"new_path": "a.py", "old_path": "a.py", "new_line": line, "head_sha": head}


def table(discussions: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    """A project in which ada may write, bob may read, and fnopt-bot is us."""
    members = f"GET {PROJECT}/members/all"
    return {
        "GET /api/user": {"username": "fnopt-bot"},
        f"GET {MERGE}/5": gitlab_merge(5),
        f"GET {MERGE}/5/discussions": discussions or [],
        f"{members}/1": {"access_level": 40, "state": "active"},
        f"{members}/2": {"access_level": 30, "state": "active"},
        f"{members}/3": {"access_level": 20, "state": "active"},
        f"{members}/5": {"access_level": 40, "state": "blocked"},
        **more,
    }


LEVELS = [
    ({"project_access": {"access_level": 30}, "group_access": None}, True),
    ({"project_access": None, "group_access": {"access_level": 20}}, False),
    ({"project_access": {"access_level": 10}, "group_access": {"access_level": 50}}, True),
    ({"project_access": None, "group_access": None}, False),
    (None, None),
]


@pytest.mark.parametrize(("permissions", "may"), LEVELS)
def test_reads_the_project(permissions: Any, may: bool | None) -> None:
    """The default branch, and the higher of two access levels."""
    told = {"default_branch": "trunk", "permissions": permissions}
    with client("gitlab", {f"GET {PROJECT}": told}) as (forge, _):
        assert forge.default_branch() == "trunk"
        assert forge.may_push() is may


def test_a_jobs_token_is_its_users() -> None:
    """CI's token may not read the user, but its own job."""
    answers = {
        "GET /api/user": Told(401, {"message": "401 Unauthorized"}),
        "GET /api/job": {"user": {"username": "ada"}},
    }
    with client("gitlab", answers) as (forge, _):
        assert forge.whoami() == "ada"


def test_an_expired_token_is_refused() -> None:
    """The first refusal is the one that is told."""
    refusal = Told(401, {"error": "invalid_token", "error_description": "Token is expired."})
    answers = {"GET /api/user": refusal, "GET /api/job": Told(401, {"message": "no"})}
    with (
        client("gitlab", answers) as (forge, _),
        pytest.raises(ForgeError, match="Token is expired") as caught,
    ):
        forge.whoami()
    assert "expired" in caught.value.mend


def test_lists_the_branchs_own_merge_requests() -> None:
    """States, drafts, and what each kind of merge became; a fork's are not among them."""
    merged = {"state": "merged"}
    told = [
        gitlab_merge(9, title="Draft: Learn", draft=True),
        gitlab_merge(8, state="locked"),
        gitlab_merge(7, state="closed"),
        gitlab_merge(6, **merged, merge_commit_sha="m" * 40, squash_commit_sha="s" * 40),
        gitlab_merge(5, **merged, squash_commit_sha="s" * 40),
        gitlab_merge(4, **merged),
        gitlab_merge(3, source_project_id=8),
    ]
    with client("gitlab", {f"GET {MERGE}": told}) as (forge, server):
        found = forge.pull_requests("fnopt/run-1")
    states = ["open", "open", "closed", "merged", "merged", "merged"]
    assert [one.state for one in found] == states
    assert (found[0].title, found[0].draft) == ("Learn", True)
    shas = [None, None, None, "m" * 40, "s" * 40, HEAD]
    assert [one.merged_as for one in found] == shas
    assert server.asked[0].query["source_branch"] == "fnopt/run-1"


def test_opens_a_draft() -> None:
    """GitLab knows it by its title."""
    post = f"POST {MERGE}"
    draft = Opening("fnopt/run-1", "main", "Learn", "A body", draft=True)
    answer = gitlab_merge(9, title="Draft: Learn", draft=True)
    with client("gitlab", {post: Told(201, answer)}) as (forge, server):
        found = forge.open(draft)
    assert (found.number, found.title, found.draft) == (9, "Learn", True)
    assert server.asked[0].body == {
        "source_branch": "fnopt/run-1",
        "target_branch": "main",
        "title": "Draft: Learn",
        "description": "A body",
    }


EXISTS = Told(409, {"message": ["Another open merge request already exists: !1"]})


@pytest.mark.parametrize("fault", [Told(lost=True), Told(502), EXISTS])
def test_opens_no_second_one(fault: Told) -> None:
    """Whether the answer was lost or a 409: the one that is open is found."""
    there = [gitlab_merge(1)]
    answers = {f"POST {MERGE}": fault, f"GET {MERGE}": there}
    with client("gitlab", answers) as (forge, server):
        assert forge.open(OPENING).number == 1
    assert server.lines.count(f"POST {MERGE}") == 1


def test_opens_again_after_a_limit() -> None:
    """A 429 did nothing: it is tried again without a look."""
    limit = Told(429, "Retry later", {"Retry-After": "0"})
    with client("gitlab", {f"POST {MERGE}": Once(limit, gitlab_merge(1))}) as (forge, server):
        assert forge.open(OPENING).number == 1
    assert server.lines == [f"POST {MERGE}"] * 2


def test_an_update_leaves_a_draft_a_draft() -> None:
    """A new title keeps the word that makes it one; a body alone asks nothing before."""
    draft = gitlab_merge(5, title="Draft: Learn", draft=True)
    answers = {f"GET {MERGE}/5": draft, f"PUT {MERGE}/5": draft}
    with client("gitlab", answers) as (forge, server):
        forge.update(5, title="New")
        forge.update(5, body="words")
        forge.update(5)
    bodies = [one.body for one in server.asked if one.method == "PUT"]
    assert bodies == [{"title": "Draft: New"}, {"description": "words"}]
    assert len(server.asked) == 3


def test_asks_reviewers_beside_those_asked() -> None:
    """Names become numbers; who was asked stays; nothing new sends nothing."""

    def users(asked: Asked) -> list[Any]:
        name = asked.query["username"]
        return [{"id": USERS[name], "username": name}] if name in USERS else []

    answers = {
        "GET /api/users": users,
        f"GET {MERGE}/5": gitlab_merge(5, reviewers=[{"id": 3}]),
        f"PUT {MERGE}/5": gitlab_merge(5),
    }
    with client("gitlab", answers) as (forge, server):
        forge.ask_reviewers(5, ["ada", "bob"])
        forge.ask_reviewers(5, ["bob"])
        with pytest.raises(ForgeError, match="no reviewer named nobody"):
            forge.ask_reviewers(5, ["nobody"])
        forge.add_labels(5, ["learned", "tools"])
    bodies = [one.body for one in server.asked if one.method == "PUT"]
    assert bodies == [{"reviewer_ids": [3, 2]}, {"add_labels": "learned,tools"}]


def test_reads_discussions() -> None:
    """Notes with their threads and lines; GitLab's own notes are no comments."""
    told = [
        {
            "id": "abc",
            "notes": [
                note(1, "ada", "leap years", resolved=True, position=position(3)),
                note(4, "fnopt-bot", "done <!-- fnopt:answer=1 -->", position=position(3)),
            ],
        },
        {"id": "def", "notes": [note(2, "bob", "old", position=position(7, "f" * 40))]},
        {"id": "old", "notes": [note(6, "ada", "removed line", position=position(None))]},
        {"id": "ghi", "notes": [note(3, "ada", "added 1 commit", system=True)]},
        {"id": "jkl", "notes": [note(5, "ada", "on the whole", position=None)]},
    ]
    with client("gitlab", table(told)) as (forge, _):
        found = forge.comments(5)
    assert [one.id for one in found] == ["1", "2", "4", "5", "6"]
    first, second, ours, whole, removed = found
    assert (first.thread, first.path, first.line, first.resolved) == ("abc", "a.py", 3, True)
    assert (second.path, second.line) == ("a.py", None)
    assert (ours.thread, ours.ours) == ("abc", True)
    assert (whole.path, whole.line, whole.ours) == (None, None, False)
    assert (removed.path, removed.line) == ("a.py", None)


def test_trusts_developers() -> None:
    """From access level 30 on; not reporters, who left, or who is blocked; asked for once."""
    who = ["ada", "bob", "gone", "blocked", "ada"]
    told = [{"id": f"t{n}", "notes": [note(n, name, "x")]} for n, name in enumerate(who)]
    with client("gitlab", table(told)) as (forge, server):
        assert [one.trusted for one in forge.comments(5)] == [True, False, False, False, True]
    assert server.lines.count(f"GET {PROJECT}/members/all/2") == 1


def test_replies_once() -> None:
    """In the discussion; after an answer that was lost the words are found."""
    notes = [note(1, "ada", "leap years")]

    def post(asked: Asked) -> Told:
        notes.append(note(2, "fnopt-bot", asked.body["body"]))
        return Told(lost=True)

    path = f"POST {MERGE}/5/discussions/abc/notes"
    with client("gitlab", table([{"id": "abc", "notes": notes}], **{path: post})) as (
        forge,
        server,
    ):
        first = forge.comments(5)[0]
        forge.reply(5, first, "done")
        forge.reply(5, first, "done")
    assert server.lines.count(path) == 1
