"""The double serves real git, and merges for real."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from review.double_scene import FILE, WORDS, Forges, began, client, opening, pulls, went_on
from review.forge_double import Double
from review.forge_double.values import Refused

pytestmark = pytest.mark.slow  # the double's own: what stands on it is in the test line


def test_an_expired_token_is_one_no_longer(double: Double, git: Any) -> None:
    """401 from then on, for git too."""
    double.expire()
    with client(double) as http:
        assert http.get("/user").status_code == 401
    with pytest.raises(subprocess.CalledProcessError):
        git("push", "-q", "origin", "HEAD:more")


def test_who_may_only_read_neither_opens_nor_pushes(double: Double, git: Any) -> None:
    """403 both ways; reading goes on."""
    double.grant("fnopt-bot", "read")
    with client(double) as http:
        assert http.post(pulls(double), json=opening(double)).status_code == 403
        assert http.get(pulls(double)).status_code == 200
    git("fetch", "-q")
    with pytest.raises(subprocess.CalledProcessError) as error:
        git("push", "-q", "origin", "HEAD:more")
    assert b"403" in error.value.stderr


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_merges_are_real(double: Double, how: Any) -> None:
    """The base branch has the change afterwards, in the forge's words; the head stays."""
    went_on(double)
    pull = double.open("fnopt-bot", "work", "Learn", "What was learned.")
    double.merge(1, how)
    assert "def d()" in double.git("show", "main:functions/words.py")
    count = int(double.git("rev-list", "--count", "main"))
    assert count == {"merge": 4, "squash": 3 if double.kind == "gitlab" else 2, "rebase": 3}[how]
    assert double.git("rev-parse", "main") == pull.merged_as != pull.head_sha
    message = double.git("log", "--format=%B", "main")
    words = {
        ("github", "merge"): "Merge pull request #1 from acme/work\n\nLearn",
        ("github", "squash"): "Learn (#1)\n\n* feat: c\n\nWhy.",
        ("gitlab", "merge"): "Merge branch 'work' into 'main'\n\nLearn\n\nSee merge request",
        ("gitlab", "squash"): "Learn\n",
        ("gitea", "merge"): "Merge pull request 'Learn' (#1) from work",
        ("gitea", "squash"): "Learn (#1)\n\nWhat was learned.",
    }
    assert words.get((double.kind, how), "feat: d") in message
    with client(double) as http:
        told = http.get(f"{pulls(double)}/1").json()
        assert told["state"] == ("merged" if double.kind == "gitlab" else "closed")
        assert told["merged_at"]


def test_a_squash_gathers_the_messages_as_github_does(forge_double: Forges) -> None:
    """Several commits are a list; authors that are not the pull request's get credit."""
    double = forge_double("github")
    began(double)
    went_on(double)
    double.open("fnopt-bot", "work", "Learn")
    double.merge(1, "squash")
    items = "* feat: c\n\nWhy.\n\n* feat: d\n\nWhy."
    credit = "Co-authored-by: ada <ada@example.org>"
    assert double.git("log", "-1", "--format=%B", "main").strip() == (
        f"Learn (#1)\n\n{items}\n\n---------\n\n{credit}"
    )
    assert double.git("log", "-1", "--format=%cn", "main") == "GitHub"


def test_a_conflict_is_not_merged(double: Double) -> None:
    """Both sides changed the same line."""
    double.open("ada", "work", "T")
    double.commit("main", {FILE: WORDS + "def other(): ...\n"}, "feat: other")
    with pytest.raises(Refused):
        double.merge(1)
    assert double.pull(1).state == "open"


def test_a_push_moves_the_head_and_a_deleted_branch_ends_it(double: Double, git: Any) -> None:
    """GitLab alone leaves it open without its branch."""
    double.open("ada", "work", "T")
    git("checkout", "-q", "work")
    git("commit", "-q", "--allow-empty", "-m", "more")
    git("push", "-q", "origin", "work")
    assert double.pull(1).head_sha == git("rev-parse", "work")
    double.delete_branch("work")
    assert double.pull(1).state == ("open" if double.kind == "gitlab" else "closed")


def test_what_is_pushed_to_the_base_by_hand_counts_as_merged(double: Double, git: Any) -> None:
    """GitHub and GitLab see it, Gitea does not unless it is told to look."""
    double.open("ada", "work", "T")
    git("push", "-q", "origin", "origin/work:refs/heads/main")
    assert double.pull(1).state == ("open" if double.kind == "gitea" else "merged")


def test_a_protected_branch_takes_no_push_but_merges(double: Double, git: Any) -> None:
    """A hook refuses it; at GitHub other references of the same push go through."""
    double.protect("main")
    double.open("ada", "work", "T")
    with pytest.raises(subprocess.CalledProcessError) as error:
        git("push", "origin", "origin/work:refs/heads/main", "HEAD:refs/fnopt/runs/r")
    assert b"rotected branch" in error.value.stderr
    there = double.git("for-each-ref", "refs/fnopt/runs/r")
    assert bool(there) == (double.kind == "github")
    double.merge(1)
    assert double.pull(1).state == "merged"


def test_a_big_push_goes_through(double: Double, git: Any) -> None:
    """More than git sends in one piece."""
    folder = git("rev-parse", "--show-toplevel")
    (Path(folder) / "noise").write_bytes(random.Random(1).randbytes(2_000_000))
    git("add", "noise")
    git("commit", "-qm", "big")
    git("push", "-q", "origin", "HEAD:big")
    assert double.git("rev-parse", "big") == git("rev-parse", "HEAD")
