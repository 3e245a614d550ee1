"""``doctor``'s line on the forge: where runs go, whose token there is, and what it may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import Loopback, Routes, Told

from .conftest import Fnopt, Git

REPO = "/api/v1/repos/ada/tools"


@pytest.fixture
def tea() -> Iterator[Loopback]:
    """A Gitea with ada's tools, where the token may push."""
    answers = {
        "GET /api/v1/version": {"version": "1.24.0"},
        "GET /api/v1/user": {"login": "fnopt-bot"},
        f"GET {REPO}": {"default_branch": "main", "permissions": {"push": True}},
    }
    with Loopback(Routes(answers)) as server:
        yield server


@pytest.fixture
def at_tea(work: Path, git: Git, tea: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """A repository whose origin is there, and a token."""
    git("remote", "add", "origin", f"{tea.url}/ada/tools.git")
    monkeypatch.setenv("GITEA_TOKEN", "s3cret")
    return tea


def line(fnopt: Fnopt, *options: str) -> dict[str, Any]:
    """What doctor says of the forge; no model is asked that the repository does not name."""
    told = fnopt("doctor", "--json", *options)
    assert "s3cret" not in told.out + told.err
    return next(one for one in told.json["checks"] if one["name"] == "forge")


def test_without_a_remote(work: Path, fnopt: Fnopt) -> None:
    """It is advice, not a failure."""
    found = line(fnopt)
    assert found["ok"]
    assert found["mend"] == "git remote add origin URL"


def test_a_folder_has_no_forge(work: Path, fnopt: Fnopt, git: Git, tmp_path: Path) -> None:
    """A run is pushed there, and that is said."""
    git("remote", "add", "origin", str(tmp_path / "bare.git"))
    found = line(fnopt)
    assert found["ok"]
    assert "without a pull request" in found["message"]


def test_says_who_may_push(at_tea: Loopback, fnopt: Fnopt) -> None:
    """The forge, the repository, the token's owner and where it was found."""
    found = line(fnopt)
    message = f"gitea: {at_tea.url}/ada/tools as fnopt-bot (GITEA_TOKEN), who may push"
    assert (found["ok"], found["message"], found["mend"]) == (True, message, "")


def test_without_a_token(at_tea: Loopback, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is advice that names the variable."""
    monkeypatch.delenv("GITEA_TOKEN")
    found = line(fnopt)
    assert found["ok"]
    assert found["mend"] == "export GITEA_TOKEN or FORGEJO_TOKEN"


def test_offline_nobody_is_asked(at_tea: Loopback, fnopt: Fnopt) -> None:
    """The remote is named, the forge hears nothing."""
    found = line(fnopt, "--offline")
    assert found["ok"]
    assert found["message"].endswith("not asked")
    assert at_tea.asked == []


REFUSALS = [
    ({"GET /api/v1/user": Told(401, {"message": "token expired"})}, "token expired"),
    ({f"GET {REPO}": {"permissions": {"push": False}}}, "may not push"),
    ({f"GET {REPO}": Told(404, {"message": "not found"})}, "404 not found"),
    ({"GET /api/v1/version": Told(404, {})}, "not known what forge"),
]


@pytest.mark.parametrize(("answers", "said"), REFUSALS)
def test_a_forge_that_refuses(
    at_tea: Loopback, fnopt: Fnopt, answers: dict[str, Any], said: str
) -> None:
    """An expired token, no right, no such repository, and an unknown host are failures."""
    assert isinstance(at_tea.respond, Routes)
    at_tea.respond.table.update(answers)
    found = line(fnopt)
    assert not found["ok"]
    assert said in found["message"]
    assert found["mend"]
