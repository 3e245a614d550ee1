"""GitHub's dialect against a server that answers as it does."""

from __future__ import annotations

from typing import Any

import pytest
from loopback import Asked, Once, Told

from fnopt.errors import ForgeError
from fnopt.review.forge import Comment

from .dialects import OPENING, client, github_pull, recorded

REPO = "/api/repos/ada/tools"
EXISTS = Told(
    422,
    {
        "message": "Validation Failed",
        "errors": [{"message": "A pull request already exists for ada:fnopt/run-1."}],
    },
)


def user(login: str) -> dict[str, Any]:
    return {"login": login, "id": 1}


def said(number: int, login: str, body: str, **given: Any) -> dict[str, Any]:
    """A comment of somebody in the team, a minute later for each number."""
    return {
        "id": number,
        "user": user(login),
        "body": body,
        "author_association": "MEMBER",
        "created_at": f"2026-11-30T10:{number:02}:00Z",
        **given,
    }


def permission(name: str) -> dict[str, Any]:
    return {"permission": name, "role_name": name, "user": user("x")}


def table(**given: Any) -> dict[str, Any]:
    """The answers of a repository in which ada writes, bob reads, and fnopt-bot is us."""
    return {
        "GET /api/user": user("fnopt-bot"),
        f"GET {REPO}": {"default_branch": "trunk", "permissions": {"push": True}},
        f"GET {REPO}/pulls/5/reviews": given.get("reviews", []),
        f"GET {REPO}/pulls/5/comments": given.get("lines", []),
        f"GET {REPO}/issues/5/comments": given.get("whole", []),
        f"GET {REPO}/collaborators/ada/permission": permission("write"),
        f"GET {REPO}/collaborators/bob/permission": permission("read"),
        f"GET {REPO}/collaborators/fnopt-bot/permission": permission("admin"),
        **given.get("more", {}),
    }


def test_reads_the_repository() -> None:
    """Who we are is asked once; the default branch, and whether we may push, are told."""
    with client("github", table()) as (forge, server):
        assert forge.whoami() == forge.whoami() == "fnopt-bot"
        assert forge.default_branch() == "trunk"
        assert forge.may_push() is True
    assert server.lines.count("GET /api/user") == 1
    assert server.asked[0].headers["authorization"] == "Bearer s3cret"
    assert server.asked[0].headers["x-github-api-version"] == "2022-11-28"


NOBODY = Told(403, {"message": "Resource not accessible by integration"})
VIEWERS = [
    (Told(404, {}), "github-actions[bot]"),
    ({"errors": [{"message": "no"}]}, "github-actions[bot]"),
    ({"data": {"viewer": {"login": "fnopt-app[bot]"}}}, "fnopt-app[bot]"),
    ({"data": {"viewer": {"login": "fnopt-app"}}}, "fnopt-app[bot]"),
]


@pytest.mark.parametrize(("viewer", "name"), VIEWERS)
def test_an_apps_token_is_its_bots(viewer: Any, name: str) -> None:
    """The token of a workflow is no user's: its bot is asked for, or known."""
    answers = {"GET /api/user": NOBODY, "POST /api/graphql": viewer}
    with client("github", answers) as (forge, _):
        assert forge.whoami() == name


def test_lists_the_branchs_own_pull_requests() -> None:
    """Every state, its own way; a fork's branch of the same name, and other branches, are not."""
    fork = {"ref": "fnopt/run-1", "repo": {"id": 8}}
    gone = {"ref": "fnopt/run-1", "repo": None}
    other = {**github_pull(1)["head"], "ref": "fnopt/run-10"}
    pulls = [
        github_pull(6, draft=True, body=None),
        github_pull(5, state="closed", merged_at="2026-11-30T10:00:00Z"),
        github_pull(4, state="closed"),
        github_pull(3, head=fork),
        github_pull(2, head=gone),
        github_pull(1, head=other),
    ]
    with client("github", {f"GET {REPO}/pulls": pulls}) as (forge, server):
        found = forge.pull_requests("fnopt/run-1")
    assert [(one.number, one.state) for one in found] == [(6, "open"), (5, "merged"), (4, "closed")]
    assert (found[0].draft, found[0].body, found[0].merged_as) == (True, "", None)
    assert found[1].merged_as == "a" * 40
    assert found[2].merged_as is None
    assert server.asked[0].query["head"] == "ada:fnopt/run-1"


def test_opens_one() -> None:
    """What is asked for is sent, and the answer read."""
    made: list[Any] = []
    post = recorded(made, lambda body: github_pull(9, title=body["title"], draft=body["draft"]))
    with client("github", {f"POST {REPO}/pulls": post}) as (forge, server):
        found = forge.open(OPENING)
    assert (found.number, found.title, found.draft) == (9, "Learn", False)
    body = server.asked[0].body
    assert (body["head"], body["base"], body["body"]) == ("fnopt/run-1", "main", OPENING.body)


@pytest.mark.parametrize("fault", [Told(lost=True), Told(502), Told(500)])
def test_opens_no_second_one(fault: Told) -> None:
    """An answer that was lost after the work was done: the pull request is found."""
    there: list[Any] = []

    def post(asked: Asked) -> Told:
        there.append(github_pull(len(there) + 1))
        return fault

    answers = {f"POST {REPO}/pulls": post, f"GET {REPO}/pulls": lambda asked: there}
    with client("github", answers) as (forge, server):
        assert forge.open(OPENING).number == 1
    assert server.lines == [f"POST {REPO}/pulls", f"GET {REPO}/pulls"]


def test_opens_again_what_was_not_opened() -> None:
    """A fault before the work was done: the look finds a closed one, and it is sent again."""
    closed = [github_pull(1, state="closed")]
    answers = {
        f"POST {REPO}/pulls": Once(Told(502), github_pull(2)),
        f"GET {REPO}/pulls": closed,
    }
    with client("github", answers) as (forge, _):
        assert forge.open(OPENING).number == 2


def test_takes_the_one_that_is_open() -> None:
    """GitHub's own refusal of a second one leads to the first."""
    answers = {f"POST {REPO}/pulls": EXISTS, f"GET {REPO}/pulls": [github_pull(3)]}
    with client("github", answers) as (forge, _):
        assert forge.open(OPENING).number == 3


def test_says_why_none_is_opened() -> None:
    """Another 422 is an error in GitHub's words."""
    refusal = {"message": "Validation Failed", "errors": [{"message": "No commits between"}]}
    answers = {f"POST {REPO}/pulls": Told(422, refusal), f"GET {REPO}/pulls": []}
    with (
        client("github", answers) as (forge, _),
        pytest.raises(ForgeError, match="No commits between"),
    ):
        forge.open(OPENING)


def test_updates_what_is_given() -> None:
    """A title alone leaves the body; nothing sends nothing."""
    answers = {f"PATCH {REPO}/pulls/5": github_pull(5)}
    with client("github", answers) as (forge, server):
        forge.update(5, title="New")
        forge.update(5)
    assert [one.body for one in server.asked] == [{"title": "New"}]


def test_asks_reviewers_and_puts_labels() -> None:
    """People and teams; labels beside those that are there; nobody asks nothing."""
    answers = {
        f"POST {REPO}/pulls/5/requested_reviewers": github_pull(5),
        f"POST {REPO}/issues/5/labels": [],
    }
    with client("github", answers) as (forge, server):
        forge.ask_reviewers(5, ["ada", "org/core"])
        forge.add_labels(5, ["learned"])
        forge.ask_reviewers(5, [])
        forge.add_labels(5, [])
    bodies = [one.body for one in server.asked]
    assert bodies == [{"reviewers": ["ada"], "team_reviewers": ["core"]}, {"labels": ["learned"]}]


def test_reads_comments() -> None:
    """Lines with their threads, reviews that speak, comments on the whole, oldest first."""
    reviews = [
        said(10, "ada", "", state="COMMENTED", submitted_at="2026-11-30T10:10:00Z"),
        said(11, "ada", "", state="CHANGES_REQUESTED", submitted_at="2026-11-30T10:11:00Z"),
        said(12, "ada", "Fine", state="APPROVED", submitted_at="2026-11-30T12:12:00+02:00"),
        said(13, "ada", "Not yet", state="PENDING", submitted_at=None),
        said(14, "ada", "Old", state="DISMISSED", submitted_at="2026-11-30T10:14:00Z"),
    ]
    on = {"path": "functions/a.py", "side": "RIGHT"}
    lines = [
        said(1, "ada", "leap years", line=3, pull_request_review_id=11, **on),
        said(3, "fnopt-bot", "done <!-- fnopt:answer=1 -->", line=3, in_reply_to_id=1, **on),
        said(4, "ada", "outdated", line=None, original_line=9, **on),
        said(5, "ada", "removed line", line=2, path="functions/a.py", side="LEFT"),
        said(6, "ada", "draft", line=2, pull_request_review_id=13, **on),
    ]
    whole = [said(2, "ada", "Please revise <!-- fnopt:answer=1 -->")]
    with client("github", table(reviews=reviews, lines=lines, whole=whole)) as (forge, _):
        found = forge.comments(5)
    assert [one.id for one in found] == ["1", "2", "3", "4", "5", "11", "12", "14"]
    by_id = {one.id: one for one in found}
    assert by_id["1"] == Comment(
        id="1",
        thread="line-1",
        author="ada",
        trusted=True,
        body="leap years",
        created="2026-11-30T10:01:00Z",
        path="functions/a.py",
        line=3,
        review="changes_requested",
    )
    assert (by_id["3"].thread, by_id["3"].ours) == ("line-1", True)
    assert by_id["2"].ours is False  # anybody can write the marker
    assert (by_id["4"].path, by_id["4"].line) == ("functions/a.py", None)
    assert by_id["5"].line is None
    assert (by_id["11"].review, by_id["12"].review) == ("changes_requested", "approved")
    assert by_id["12"].created == "2026-11-30T10:12:00Z"
    assert by_id["14"].resolved


def test_trusts_who_may_write() -> None:
    """An association is not enough, a right without one neither; each author is asked for once."""
    whole = [
        said(1, "ada", "a"),
        said(2, "ada", "b"),
        said(3, "bob", "c"),
        said(4, "eve", "d", author_association="NONE"),
        said(5, "gone", "e"),
        said(6, "x", "f", user=None),
    ]
    more = {f"GET {REPO}/collaborators/eve/permission": permission("admin")}
    with client("github", table(whole=whole, more=more)) as (forge, server):
        found = forge.comments(5)
    assert [one.trusted for one in found] == [True, True, False, False, False, False]
    assert found[-1].author == "ghost"
    assert server.lines.count(f"GET {REPO}/collaborators/ada/permission") == 1
    assert f"GET {REPO}/collaborators/eve/permission" not in server.lines


def test_turns_the_pages_of_comments() -> None:
    """What does not fit one page is read as well."""

    def page(asked: Asked) -> Told:
        if "page" in asked.query:
            return Told(200, [said(2, "ada", "second")])
        link = f'<https://api.github.com{REPO}?per_page=100&page=2>; rel="next"'
        return Told(200, [said(1, "ada", "first")], {"Link": link})

    with client("github", table(more={f"GET {REPO}/issues/5/comments": page})) as (forge, _):
        assert [one.body for one in forge.comments(5)] == ["first", "second"]


def test_replies_on_a_line_once() -> None:
    """In the thread's first comment; asked again, the words that stand there are enough."""
    lines = [said(1, "ada", "leap years", line=3, path="a.py")]

    def post(asked: Asked) -> Told:
        lines.append(said(2, "fnopt-bot", asked.body["body"] + "\r\n", in_reply_to_id=1))
        return Told(502)

    path = f"POST {REPO}/pulls/5/comments/1/replies"
    with client("github", table(lines=lines, more={path: post})) as (forge, server):
        first = forge.comments(5)[0]
        forge.reply(5, first, "done")
        forge.reply(5, first, "done")
    assert server.lines.count(path) == 1


@pytest.mark.parametrize("kind", ["comment", "review"])
def test_replies_on_the_whole_once(kind: str) -> None:
    """With a link to what it answers and no mention; the answer is in the thread it answers."""
    whole: list[Any] = []
    reviews: list[Any] = []
    asks = said(1, "ada", "please", state="COMMENTED", submitted_at="2026-11-30T10:01:00Z")
    (whole if kind == "comment" else reviews).append(asks)

    def post(asked: Asked) -> Any:
        whole.append(said(2, "fnopt-bot", asked.body["body"]))
        return whole[-1]

    path = f"POST {REPO}/issues/5/comments"
    answers = table(whole=whole, reviews=reviews, more={path: post})
    with client("github", answers) as (forge, server):
        first = forge.comments(5)[0]
        forge.reply(5, first, "done")
        forge.reply(5, first, "done")
        both = forge.comments(5)
    assert server.lines.count(path) == 1
    anchor = "issuecomment" if kind == "comment" else "pullrequestreview"
    assert f"[ada]({server.url}/ada/tools/pull/5#{anchor}-1):\n\ndone\n" in both[1].body
    assert "@" not in both[1].body
    assert (both[1].thread, both[1].ours) == (both[0].thread, True)


def test_nobody_else_answers_in_our_name() -> None:
    """A hidden marker of somebody else puts no comment into another thread."""
    whole = [said(1, "ada", "please"), said(2, "bob", "done <!-- fnopt:in=comment-1 -->")]
    with client("github", table(whole=whole)) as (forge, _):
        assert [one.thread for one in forge.comments(5)] == ["comment-1", "comment-2"]


def test_names_a_thread_of_another_forge() -> None:
    """An identifier that GitHub never made is an error, not a request."""
    strange = Comment("1", "f00/../x", "ada", True, "?", "2026-11-30T10:00:00Z")
    with (
        client("github", table()) as (forge, server),
        pytest.raises(ForgeError, match="no thread"),
    ):
        forge.reply(5, strange, "done")
    assert server.asked == []


def test_knows_comments_of_another_shape() -> None:
    """An answer that is no comment is an error that says so."""
    with (
        client("github", table(whole=[{"id": 1}, "text"])) as (forge, _),
        pytest.raises(ForgeError, match="another shape"),
    ):
        forge.comments(5)
