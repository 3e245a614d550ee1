"""The double opens, lists and changes pull requests as each forge does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from review.double_scene import FILE, Forges, began, client, opening, pulls, repo
from review.forge_double import Double

pytestmark = pytest.mark.slow  # the double's own: what stands on it is in the test line


def test_it_says_who_asks_and_what_the_repository_is(double: Double) -> None:
    """The token's owner and the default branch."""
    with client(double) as http:
        who = http.get("/user").json()
        assert who.get("login", who.get("username")) == "fnopt-bot"
        assert http.get(repo(double)).json()["default_branch"] == "main"


def test_a_pull_request_is_opened_listed_and_changed(double: Double) -> None:
    """Opened once, found by its branch, changed in title and words."""
    with client(double) as http:
        made = http.post(pulls(double), json=opening(double))
        assert made.status_code == 201
        number = made.json().get("number", made.json().get("iid"))
        [listed] = http.get(pulls(double)).json()
        assert listed["title"] == "T"
        change = http.put if double.kind == "gitlab" else http.patch
        words = {"title": "U", "description" if double.kind == "gitlab" else "body": "new"}
        assert change(f"{pulls(double)}/{number}", json=words).is_success
        assert (double.pull(1).title, double.pull(1).body) == ("U", "new")


def test_a_second_one_for_the_same_branches_is_refused(double: Double) -> None:
    """As each forge says it: 422 at GitHub, 409 at the others."""
    with client(double) as http:
        http.post(pulls(double), json=opening(double))
        again = http.post(pulls(double), json=opening(double))
        assert again.status_code == (422 if double.kind == "github" else 409)
        assert "already exists" in again.text
    assert len(double.pulls) == 1


def test_a_branch_that_is_not_there_is_refused(double: Double) -> None:
    """The double looks into the real repository."""
    with client(double) as http:
        answer = http.post(pulls(double), json=opening(double, "nowhere"))
        assert answer.status_code == {"github": 422, "gitlab": 400, "gitea": 404}[double.kind]


def test_nothing_to_merge_is_refused_by_github_alone(double: Double, git: Any) -> None:
    """A branch without commits of its own."""
    git("push", "-q", "origin", "origin/main:refs/heads/same")
    with client(double) as http:
        answer = http.post(pulls(double), json=opening(double, "same"))
        assert answer.status_code == (422 if double.kind == "github" else 201)
        assert double.kind != "github" or "No commits between main and same" in answer.text


def test_lists_come_in_pages(double: Double) -> None:
    """The size that was asked for, and a link to the next page until there is none."""
    for number in range(3):
        double.commit(f"work-{number}", {FILE: str(number)}, "feat: more")
        double.open("ada", f"work-{number}", f"number {number}")
    size = "limit" if double.kind == "gitea" else "per_page"
    with client(double) as http:
        first = http.get(pulls(double), params={size: 2})
        assert [one["title"] for one in first.json()] == ["number 2", "number 1"]
        second = http.get(first.links["next"]["url"])
        assert [one["title"] for one in second.json()] == ["number 0"]
        assert "next" not in second.links


def test_github_filters_by_owner_and_branch(forge_double: Forges) -> None:
    """``head=owner:branch``, in every state when asked."""
    double = forge_double("github")
    began(double).open("ada", "work", "T")
    double.close(1)
    with client(double) as http:
        ask: Callable[..., Any] = lambda **query: http.get(pulls(double), params=query).json()  # noqa: E731
        assert ask(head="acme:work") == []
        assert [one["number"] for one in ask(head="acme:work", state="all")] == [1]
        assert ask(head="acme:other", state="all") == []


def test_drafts_are_drafts(double: Double) -> None:
    """A field at GitHub, the title at the others."""
    title = {"github": "T", "gitlab": "Draft: T", "gitea": "WIP: T"}[double.kind]
    more = {"draft": True} if double.kind == "github" else {}
    with client(double) as http:
        made = http.post(pulls(double), json=opening(double, **{"title": title, **more}))
        assert made.json()["draft"] is True


def test_a_person_closes_reopens_and_edits(double: Double) -> None:
    """What people do shows in what the forge tells."""
    double.open("fnopt-bot", "work", "T")
    with client(double) as http:
        see: Callable[[], Any] = lambda: http.get(f"{pulls(double)}/1").json()  # noqa: E731
        double.close(1)
        assert see()["state"] == "closed"
        double.reopen(1)
        assert see()["state"].startswith("open")
        double.edit(1, title="Mine")
        assert see()["title"] == "Mine"
