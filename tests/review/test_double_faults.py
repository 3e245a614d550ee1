"""Limits, failures on purpose, wrong tokens, and what no description knows."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import httpx2
import pytest
from review.double_scene import KINDS, Forges, client, opening, pulls, repo
from review.forge_double import Double

pytestmark = pytest.mark.slow  # the double's own: what stands on it is in the test line


@pytest.mark.parametrize("token", ["wrong", None])
def test_without_a_good_token_nothing_is_written(double: Double, token: Any) -> None:
    """401, and a wrong token is not overlooked where none would do."""
    with client(double, token) as http:
        assert http.post(pulls(double), json=opening(double)).status_code == 401
        assert http.get(repo(double)).status_code == (401 if token else 200)


def test_a_private_repository_is_not_there_for_strangers(forge_double: Forges) -> None:
    """404 instead of 403."""
    for kind in KINDS:
        double = forge_double(kind, private=True)
        double.token_of("stranger", "other")
        with client(double, "other") as http:
            assert http.get(repo(double)).status_code == 404


def test_limits_are_told_and_held(double: Double) -> None:
    """At the end of the budget no request is carried out until the reset."""
    double.limit(1, int(time.time()) + 60)
    with client(double) as http:
        assert http.get("/user").status_code == 200
        over = http.get("/user")
        assert over.status_code == (403 if double.kind == "github" else 429)
        name = {"github": "x-ratelimit-remaining", "gitlab": "ratelimit-remaining"}
        assert over.headers.get(name.get(double.kind, ""), "0") == "0"
        double.limit(0, int(time.time()) - 1)
        assert http.get("/user").status_code == 200


def test_a_status_on_purpose_does_nothing(double: Double) -> None:
    """The next request alone fails."""
    double.fail_next("/(pulls|merge_requests)$", 503, method="POST")
    with client(double) as http:
        assert http.post(pulls(double), json=opening(double)).status_code == 503
        assert double.pulls == []
        assert http.post(pulls(double), json=opening(double)).status_code == 201


@pytest.mark.parametrize(("what", "count"), [("drop", 0), ("after", 1)])
def test_a_connection_is_dropped(double: Double, what: Any, count: int) -> None:
    """Before or after the request was carried out."""
    double.fail_next("/(pulls|merge_requests)$", what)
    with client(double) as http, pytest.raises(httpx2.TransportError):
        http.post(pulls(double), json=opening(double))
    assert len(double.pulls) == count
    assert double.requests[-1].status == 0


def test_a_502_after_it_was_done(double: Double) -> None:
    """The answer is lost, the pull request is there."""
    double.fail_next("/(pulls|merge_requests)$", "after", status=502)
    with client(double) as http:
        assert http.post(pulls(double), json=opening(double)).status_code == 502
    assert len(double.pulls) == 1


def test_a_push_whose_answer_is_lost_has_arrived(double: Double, git: Any) -> None:
    """git fails, the branch is there."""
    double.fail_next("/git-receive-pack$", "after")
    with pytest.raises(subprocess.CalledProcessError):
        git("push", "-q", "origin", "HEAD:more")
    assert "more" in double.git("branch", "--list", "more")


def test_words_that_no_description_knows_are_violations(double: Double) -> None:
    """A field, a parameter of a query, a path: each is noted, and the forge says no."""
    with client(double) as http:
        assert http.post(pulls(double), json=opening(double, colour="red")).status_code >= 400
        assert http.get(pulls(double), params={"colour": "red"}).status_code >= 400
        assert http.get("/colours").status_code == 404
    assert len(double.violations) == 3
    assert all("colour" in fault for fault in double.violations)
    double.violations.clear()
