"""``rollback`` on runs with real updates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fnopt.cli.main import SUMMARIES
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Fnopt, Git, publish


@pytest.fixture
def run(work: Path) -> Iterator[RunBranch]:
    """A run that has just begun."""
    with Repository(work) as repo:
        branch = RunBranch(repo, "r")
        branch.start(repo.resolve("main"))
        yield branch


def test_rollback_says_what_it_did(run: RunBranch, git: Git, fnopt: Fnopt) -> None:
    """The new commit alone on stdout; from a sub-folder, by an abbreviated commit."""
    update = publish(run, 1, "f1")
    told = fnopt("rollback", update[:8])
    assert (told.code, told.out.strip()) == (0, run.head())
    assert told.err == f"took back {update[:10]} (f1) on fnopt/r\n"
    assert git("diff", "--stat", "main", "fnopt/r") == ""
    assert "kept, taken back" in fnopt("log").out


def test_rollback_as_a_document(run: RunBranch, fnopt: Fnopt) -> None:
    """What was taken back, by which commit, on which branch."""
    update = publish(run, 1, "f1")
    found = fnopt("rollback", update, "--json").json
    assert found == {
        "schema": 1,
        "run": "r",
        "branch": "fnopt/r",
        "update": update,
        "commit": run.head(),
        "functions": ["f1"],
        "refused": None,
    }
    assert fnopt("log", "--json").json["updates"][0]["revert"] == run.head()


def test_a_refusal(run: RunBranch, fnopt: Fnopt) -> None:
    """Exit 3; the reason and its mend on stderr, the names in the document."""
    update = publish(run, 1, "f1")
    publish(run, 2, "f2", b"from functions.f1 import f1\n\n\ndef f2() -> int:\n    return f1()\n")
    told = fnopt("rollback", update, "--json")
    assert told.code == 3
    assert "refused: f2 still calls f1, which would go\nmend: " in told.err
    assert told.json["commit"] is None
    assert told.json["refused"]["functions"] == ["f2"]
    assert fnopt("rollback", update).out == ""


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("f1@HEAD", 2, "there was no function 'f1'"),
        ("f1@", 2, "no revision after the @"),
        ("gone@HEAD", 2, "there was no function 'gone'"),
        ("f1@nowhere", 4, "no commit is called"),
        ("HEAD@{0}", 2, "no update of a run"),
        ("main", 2, "no update of a run"),
        ("0123456789", 4, "no commit is called"),
        ("--all", 2, "No such option"),
    ],
)
def test_what_cannot_be_taken_back(
    run: RunBranch, fnopt: Fnopt, words: str, code: int, message: str
) -> None:
    """Says what is supported."""
    told = fnopt("rollback", words)
    assert (told.code, told.out) == (code, "")
    assert message in told.err


def test_rollback_help(fnopt: Fnopt) -> None:
    """Begins with the summary."""
    assert fnopt("rollback", "--help").out.splitlines()[2].strip() == SUMMARIES["rollback"]
