"""``runs``, ``abandon``, ``clean``, ``update`` and ``keep`` from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fnopt.cli.main import SUMMARIES
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Fnopt, Git, publish, refuse, write


@pytest.fixture
def run(work: Path) -> Iterator[RunBranch]:
    """A run that has just begun."""
    with Repository(work) as repo:
        branch = RunBranch(repo, "r")
        branch.start(repo.resolve("main"))
        start = {"run": "r", "base": branch.head(), "from": "main"}
        branch.evidence.write({"run.json": start}, (), "begin r")
        yield branch


def test_runs_as_a_table(run: RunBranch, fnopt: Fnopt) -> None:
    """One line a run; figures where there are any."""
    publish(run, 1, "f1")
    publish(run, 2, "f2", keep=False)
    refuse(run, 3, "f3")
    headings, line = fnopt("runs").out.splitlines()
    assert headings.split() == ["RUN", "STATE", "STEPS", "KEPT", "SCORE", "COST", "LAST"]
    assert line.startswith("r    open   3      1     0.250 → 0.250")
    assert "price unknown" in line


def test_runs_as_a_document(run: RunBranch, fnopt: Fnopt) -> None:
    """Every field by name."""
    (found,) = fnopt("runs", "--json").json["runs"]
    assert found == {
        "run": "r",
        "branch": "fnopt/r",
        "state": "open",
        "detail": "",
        "head": run.head(),
        "steps": 0,
        "kept": 0,
        "base": None,
        "score": None,
        "tokens": 0,
        "cost": 0,
        "last": found["last"],
    }


def test_no_runs(work: Path, fnopt: Fnopt) -> None:
    """How to start one; an empty list as a document."""
    assert fnopt("runs").err == "there is no run here yet; start one: fnopt train\n"
    assert fnopt("runs", "--json").json["runs"] == []


def test_abandon_and_clean(run: RunBranch, fnopt: Fnopt, git: Git) -> None:
    """First it is given up, then it is swept away; what goes is told, and told before."""
    head = publish(run, 1, "f1")
    assert "nothing to clean" in fnopt("clean").err
    told = fnopt("abandon", "r")
    assert (told.code, told.err) == (
        0,
        "abandoned r; to go on with it after all: fnopt train --run r\n",
    )
    assert "abandoned" in fnopt("runs").out
    assert "there is no run here yet" in fnopt("log").err
    would = fnopt("clean", "--dry-run")
    assert would.err == "would delete run r\n"
    assert f"refs/heads/fnopt/r {head}" in would.out
    swept = fnopt("clean", "--json").json
    assert swept["dry_run"] is False
    assert swept["runs"][0]["refs"]["refs/heads/fnopt/r"] == head
    assert git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_what_cannot_be_abandoned(run: RunBranch, fnopt: Fnopt) -> None:
    """Exit 2, and the runs that there are."""
    told = fnopt("abandon", "other")
    assert (told.code, told.err) == (2, "error: there is no run 'other'\nmend: runs: r\n")
    fnopt("abandon", "r")
    assert fnopt("abandon", "r").code == 2
    assert fnopt("abandon", "../r").code == 2


def test_update(run: RunBranch, fnopt: Fnopt, git: Git, work: Path) -> None:
    """The branch that the run came from, by itself; then there is nothing new."""
    publish(run, 1, "f1")
    write(work, {"functions/more.py": b'def more() -> int:\n    """Give one."""\n    return 1\n'})
    git("add", ".")
    git("commit", "-qm", "more")
    theirs = git("rev-parse", "HEAD")
    told = fnopt("update")
    assert (told.code, told.out.strip()) == (0, run.head())
    assert told.err == f"merged {theirs[:10]} into fnopt/r; changed by it: more\n"
    again = fnopt("update", "r", "--from", "main")
    assert (again.code, again.err) == (0, f"fnopt/r has {theirs[:10]} already\n")
    assert fnopt("update", "--json").json["commit"] is None
    assert [one["function"] for one in fnopt("log", "--json").json["updates"]] == ["f1"]


def test_update_refused(run: RunBranch, fnopt: Fnopt, git: Git, work: Path) -> None:
    """Exit 3 with the function that both sides made."""
    publish(run, 1, "f1")
    write(work, {"functions/f1.py": b'def f1() -> int:\n    """Give two."""\n    return 2\n'})
    git("add", ".")
    git("commit", "-qm", "mine")
    told = fnopt("update", "--json")
    assert told.code == 3
    assert told.json["refused"]["functions"] == ["f1"]
    assert "refused: both sides changed f1 (functions/f1.py)\nmend: merge by hand" in told.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("update", "other"), 2, "there is no run 'other'"),
        (("update", "--from", "nowhere"), 4, "no commit is called 'nowhere'"),
        (("keep", "main"), 2, "no update of a run"),
        (("keep", "0123456789"), 4, "no commit is called"),
        (("keep",), 2, "Missing argument 'UPDATE'"),
    ],
)
def test_usage(
    run: RunBranch, fnopt: Fnopt, words: tuple[str, ...], code: int, message: str
) -> None:
    """Each with its exit code."""
    told = fnopt(*words)
    assert told.code == code
    assert message in told.err


def test_keep(run: RunBranch, fnopt: Fnopt, git: Git) -> None:
    """What lost is back, and the log says who wanted it."""
    update = publish(run, 1, "f1", keep=False)
    told = fnopt("keep", update[:8])
    assert (told.code, told.out.strip()) == (0, run.head())
    assert told.err == f"kept {update[:10]} (f1) on fnopt/r\n"
    assert "f1.py" in git("ls-tree", "-r", "--name-only", "fnopt/r")
    log = fnopt("log").out
    assert "reverted, kept by a person" in log
    refused = fnopt("keep", update, "--json")
    assert refused.code == 3
    assert refused.json["refused"]["message"] == f"{update[:10]} is kept already"


@pytest.mark.parametrize("command", ["runs", "abandon", "clean", "update", "keep"])
def test_help_begins_as_the_list_of_commands_says(fnopt: Fnopt, command: str) -> None:
    """One sentence, in both places."""
    lines = " ".join(line.strip() for line in fnopt(command, "--help").out.splitlines()[2:5])
    assert lines.startswith(SUMMARIES[command].rstrip("."))
