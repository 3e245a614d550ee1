"""Gitea's and Forgejo's dialect against a server that answers as they do."""

from __future__ import annotations

from typing import Any

import pytest
from loopback import Asked, Told

from fnopt.review.forge import Opening

from .dialects import OPENING, client, gitea_pull

REPO = "/api/repos/ada/tools"


def user(login: str) -> dict[str, Any]:
    return {"id": 1, "login": login}


def said(number: int, login: str, body: str, **given: Any) -> dict[str, Any]:
    return {
        "id": number,
        "user": user(login),
        "body": body,
        "created_at": f"2026-11-30T10:{number:02}:00+01:00",
        **given,
    }


def review(number: int, login: str, body: str, state: str, **given: Any) -> dict[str, Any]:
    at = f"2026-11-30T10:{number:02}:00+01:00"
    return said(number, login, body, state=state, submitted_at=at, comments_count=0, **given)


def table(**given: Any) -> dict[str, Any]:
    """A repository of ada's in which cy writes, bob reads, and fnopt-bot is us."""
    right = f"GET {REPO}/collaborators"
    return {
        "GET /api/user": user("fnopt-bot"),
        f"GET {REPO}": {"default_branch": "trunk", "permissions": {"push": False}},
        f"GET {REPO}/pulls/5": gitea_pull(5),
        f"GET {REPO}/pulls/5/reviews": given.get("reviews", []),
        f"GET {REPO}/issues/5/comments": given.get("whole", []),
        f"{right}/cy/permission": {"permission": "write"},
        f"{right}/bob/permission": {"permission": "read"},
        f"{right}/dee/permission": Told(403, {"message": "Only admins can query all permissions"}),
        f"{right}/fnopt-bot/permission": {"permission": "admin"},
        **given.get("more", {}),
    }


def test_reads_the_repository() -> None:
    """Who we are, the default branch, and that we may not push."""
    with client("gitea", table()) as (forge, server):
        assert forge.whoami() == "fnopt-bot"
        assert forge.default_branch() == "trunk"
        assert forge.may_push() is False
    assert server.asked[0].headers["authorization"] == "token s3cret"


def test_lists_the_branchs_own_pull_requests() -> None:
    """All pages are looked at; a branch that was deleted is known by its label."""
    gone = {"ref": "refs/pull/4/head", "label": "fnopt/run-1", "repo_id": 7}
    pages = {
        None: [gitea_pull(9, title="WIP: Learn"), gitea_pull(8, state="closed")],
        "2": [
            gitea_pull(4, head=gone, state="closed", merged=True, merge_commit_sha="a" * 40),
            gitea_pull(3, head={**gone, "repo_id": 8}),
            gitea_pull(2, head={**gone, "ref": "other", "label": "other"}),
        ],
    }

    def page(asked: Asked) -> Told:
        return Told(200, pages[asked.query.get("page")], {"X-Total-Count": "5"})

    with client("gitea", {f"GET {REPO}/pulls": page}) as (forge, _):
        found = forge.pull_requests("fnopt/run-1")
    assert [(one.number, one.state) for one in found] == [(9, "open"), (8, "closed"), (4, "merged")]
    assert (found[0].title, found[0].draft) == ("Learn", True)
    assert (found[2].head, found[2].merged_as) == ("fnopt/run-1", "a" * 40)


def test_opens_a_draft() -> None:
    """It is known by its title."""
    post = {f"POST {REPO}/pulls": Told(201, gitea_pull(9, title="WIP: Learn"))}
    with client("gitea", post) as (forge, server):
        found = forge.open(Opening("fnopt/run-1", "main", "Learn", "A body", draft=True))
    assert (found.title, found.draft) == ("Learn", True)
    body = {"title": "WIP: Learn", "body": "A body", "head": "fnopt/run-1", "base": "main"}
    assert server.asked[0].body == body


EXISTS = Told(409, {"message": "pull request already exists for these targets"})


@pytest.mark.parametrize("fault", [Told(lost=True), Told(500, {"message": ""}), EXISTS])
def test_opens_no_second_one(fault: Told) -> None:
    """Only the open ones are looked through for it."""
    there = [gitea_pull(2, base={"ref": "dev", "repo_id": 7}), gitea_pull(1)]
    answers = {f"POST {REPO}/pulls": fault, f"GET {REPO}/pulls": there}
    with client("gitea", answers) as (forge, server):
        assert forge.open(OPENING).number == 1
    assert server.lines.count(f"POST {REPO}/pulls") == 1
    assert server.asked[1].query["state"] == "open"


def test_an_update_leaves_a_draft_a_draft() -> None:
    """A new title keeps the word that makes it one."""
    draft = gitea_pull(5, title="WIP: Learn")
    answers = {f"GET {REPO}/pulls/5": draft, f"PATCH {REPO}/pulls/5": draft}
    with client("gitea", answers) as (forge, server):
        forge.update(5, title="New", body="words")
    assert server.asked[-1].body == {"title": "WIP: New", "body": "words"}


def test_makes_the_labels_that_are_new() -> None:
    """Labels go by number: the repository's, the organisation's, and one that is made."""
    answers = {
        "GET /api/orgs/ada/labels": [{"id": 1, "name": "shared"}],
        f"GET {REPO}/labels": [{"id": 2, "name": "learned"}],
        f"POST {REPO}/labels": Told(201, {"id": 3, "name": "new"}),
        f"POST {REPO}/issues/5/labels": [],
        f"POST {REPO}/pulls/5/requested_reviewers": Told(201, []),
    }
    with client("gitea", answers) as (forge, server):
        forge.add_labels(5, ["learned", "shared", "new"])
        forge.ask_reviewers(5, ["cy"])
    assert server.asked[-2].body == {"labels": [2, 1, 3]}
    assert server.asked[-1].body == {"reviewers": ["cy"], "team_reviewers": []}


def test_a_label_is_made_once() -> None:
    """An answer that was lost: it is found by its name. Its owner is a user: no shared ones."""
    labels: list[Any] = []

    def post(asked: Asked) -> Told:
        labels.append({"id": 3, "name": asked.body["name"]})
        return Told(lost=True)

    answers = {
        f"GET {REPO}/labels": lambda asked: labels,
        f"POST {REPO}/labels": post,
        f"POST {REPO}/issues/5/labels": [],
    }
    with client("gitea", answers) as (forge, server):
        forge.add_labels(5, ["new"])
    assert server.asked[-1].body == {"labels": [3]}
    assert len(labels) == 1


def test_reads_comments() -> None:
    """Reviews that speak, their lines as conversations, comments on the whole."""
    with_lines = review(20, "cy", "", "REQUEST_CHANGES", dismissed=False)
    on = {"path": "a.py", "pull_request_review_id": 20}
    lines = [
        said(22, "fnopt-bot", "done <!-- fnopt:x -->", position=3, original_position=0, **on),
        said(21, "cy", "leap years", position=3, original_position=0, **on),
        said(23, "cy", "removed", position=0, original_position=3, resolver=user("cy"), **on),
    ]
    reviews = [
        {**with_lines, "comments_count": 3},
        review(30, "cy", "fine", "APPROVED"),
        review(31, "cy", "later", "PENDING"),
        review(32, "cy", "", "REQUEST_REVIEW"),
        review(33, "cy", "no more", "REQUEST_CHANGES", dismissed=True),
    ]
    more = {f"GET {REPO}/pulls/5/reviews/20/comments": lines}
    answers = table(reviews=reviews, whole=[said(10, "ada", "please")], more=more)
    with client("gitea", answers) as (forge, _):
        found = forge.comments(5)
    assert [one.id for one in found] == ["10", "20", "21", "22", "23", "30", "33"]
    whole, asks, first, ours, removed, fine, dismissed = found
    assert (whole.thread, whole.created) == ("comment-10", "2026-11-30T09:10:00Z")
    assert asks.review == "changes_requested"
    assert (first.thread, first.path, first.line) == ("line-21", "a.py", 3)
    assert (ours.thread, ours.ours) == ("line-21", True)
    assert (removed.thread, removed.line, removed.resolved) == ("line-23", None, True)
    assert (fine.review, dismissed.resolved) == ("approved", True)


def test_trusts_who_may_write() -> None:
    """The owner; who has the right; nobody of whom the token may not know."""
    who = ["ada", "cy", "bob", "dee", "eve"]
    whole = [said(n, name, "x") for n, name in enumerate(who)]
    with client("gitea", table(whole=whole)) as (forge, _):
        assert [one.trusted for one in forge.comments(5)] == [True, True, False, False, False]


def test_a_review_that_counts_is_from_who_may_write() -> None:
    """A token that may not ask for rights learns it of those who gave one."""
    reviews = [
        review(30, "dee", "no", "REQUEST_CHANGES", official=True),
        review(31, "eve", "no", "REQUEST_CHANGES", official=False),
    ]
    with client("gitea", table(reviews=reviews, whole=[said(1, "dee", "x")])) as (forge, _):
        assert [one.trusted for one in forge.comments(5)] == [True, True, False]


STANDS = [
    ("one\ntwo\nthree\n", 3),
    ("one\ntwo\n  three  \n", None),
    ("new\none\ntwo\nthree\n", None),
    ("one\n", None),
    (Told(404, {"message": "gone"}), 3),
]


@pytest.mark.parametrize(("file", "line"), STANDS)
def test_a_line_is_told_while_its_text_is_there(file: Any, line: int | None) -> None:
    """Gitea does not say that a line has moved; where the file cannot be had, it is believed."""
    hunk = "@@ -1,2 +1,3 @@\n one\n two\n+three"
    on = {"path": "functions/a b.py", "position": 3, "diff_hunk": hunk}
    reviews = [{**review(20, "cy", "", "COMMENT"), "comments_count": 1}]
    more = {
        f"GET {REPO}/pulls/5/reviews/20/comments": [said(21, "cy", "leap years", **on)],
        f"GET {REPO}/raw/functions/a%20b.py": Told(200, file) if isinstance(file, str) else file,
    }
    with client("gitea", table(reviews=reviews, more=more)) as (forge, server):
        (found,) = forge.comments(5)
    assert (found.path, found.line) == ("functions/a b.py", line)
    asked = next(one for one in server.asked if "/raw/" in one.path)
    assert asked.query == {"ref": "fnopt/run-1"}


def one_line() -> tuple[list[Any], dict[str, Any]]:
    """A comment on a line, and the answers of its repository."""
    lines = [said(21, "cy", "leap years", position=3, path="a.py")]
    reviews = [{**review(20, "cy", "", "COMMENT"), "comments_count": 1}]
    more = {f"GET {REPO}/pulls/5/reviews/20/comments": lines}
    return lines, table(reviews=reviews, more=more)


def test_replies_on_a_line_once() -> None:
    """Where the forge has replies, in the thread."""
    lines, answers = one_line()
    path = f"POST {REPO}/pulls/5/comments/21/replies"

    def post(asked: Asked) -> Told:
        lines.append(said(22, "fnopt-bot", asked.body["body"], position=3, path="a.py"))
        return Told(201, lines[-1])

    with client("gitea", {**answers, path: post}) as (forge, server):
        first = next(one for one in forge.comments(5) if one.id == "21")
        forge.reply(5, first, "done")
        forge.reply(5, first, "done")
    assert server.lines.count(path) == 1


def test_replies_on_the_whole_where_lines_have_none() -> None:
    """An older forge knows no replies: the answer says where it belongs, once."""
    _, answers = one_line()
    whole: list[Any] = []
    path = f"POST {REPO}/issues/5/comments"

    def post(asked: Asked) -> Told:
        whole.append(said(40, "fnopt-bot", asked.body["body"]))
        return Told(201, whole[-1])

    answers |= {path: post, f"GET {REPO}/issues/5/comments": lambda asked: whole}
    with client("gitea", answers) as (forge, server):
        first = next(one for one in forge.comments(5) if one.id == "21")
        forge.reply(5, first, "done")
        forge.reply(5, first, "done")
        ours = forge.comments(5)[-1]
    assert server.lines.count(path) == 1
    assert f"[cy]({server.url}/ada/tools/pulls/5#issuecomment-21)" in ours.body
    assert (ours.thread, ours.ours) == ("line-21", True)
