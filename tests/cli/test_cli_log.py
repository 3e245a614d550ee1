"""``log`` on runs with real updates."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnopt.cli.main import SUMMARIES
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Fnopt, Git, publish, refuse


@pytest.fixture
def history(work: Path) -> list[str]:
    """A run with a kept, a refused and a reverted update; the commits of its branch."""
    with Repository(work) as repo:
        run = RunBranch(repo, "first")
        run.start(repo.resolve("main"))
        run.evidence.write({"run.json": {"base": run.head()}}, [], "start")
        kept = publish(run, 1, "f1")
        refuse(run, 2, "f2")
        lost = publish(run, 3, "f3", keep=False)
        return [kept, lost, run.head()]


def test_log_as_a_document(history: list[str], fnopt: Fnopt) -> None:
    """Exactly the promised keys, oldest first, refused ones without a commit."""
    found = fnopt("log", "--json").json
    assert list(found) == ["schema", "run", "branch", "updates"]
    assert (found["run"], found["branch"]) == ("first", "fnopt/first")
    kept, lost, revert = history
    assert found["updates"][0] == {
        "commit": kept,
        "revert": None,
        "step": 1,
        "action": "add",
        "function": "f1",
        "base": 0.25,
        "score": 0.5,
        "verdict": "kept",
        "reason": "because",
        "tokens": 1200,
        "cost": 0.0312,
    }
    rest = [(u["commit"], u["revert"], u["verdict"]) for u in found["updates"][1:]]
    assert rest == [(None, None, "refused"), (lost, revert, "reverted")]


def test_log_as_a_table(history: list[str], fnopt: Fnopt) -> None:
    """One aligned line for each update, the reason last and uncut; the run on stderr."""
    told = fnopt("log")
    heading, *rows = told.out.splitlines()
    assert heading.split() == ["STEP", "VERDICT", "ACTION", "SCORE", "COST", "COMMIT", "REASON"]
    assert [row.split()[:4] for row in rows] == [
        ["1", "kept", "add", "f1"],
        ["2", "refused", "add", "f2"],
        ["3", "reverted", "add", "f3"],
    ]
    assert "0.250 → 0.500  1,200 tokens, $0.0312" in rows[0]
    assert rows[0].endswith(f"{history[0][:10]}  because")
    assert told.err == ("run first, branch fnopt/first: 3 updates, 1 kept, 1 refused, 1 reverted\n")


def test_log_of_one_function(history: list[str], fnopt: Fnopt) -> None:
    """Only its updates, and its commits on the run's branch; an unknown one is a usage error."""
    assert [u["step"] for u in fnopt("log", "f3", "--json").json["updates"]] == [3]
    kept, lost, revert = history
    found = fnopt("log", "f3", "--json").json["history"]
    assert [(one["commit"], one["kind"], one["verdict"]) for one in found] == [
        (revert, "removed", ""),
        (lost, "added", "reverted"),
    ]
    assert fnopt("log", "f1", "--json").json["history"][0]["commit"] == kept
    refused = fnopt("log", "f2", "--json").json
    assert (len(refused["updates"]), refused["history"]) == (1, [])
    told = fnopt("log", "f9")
    assert (told.code, told.out) == (2, "")
    assert "there never was a function 'f9' here" in told.err


def test_log_of_what_people_wrote(work: Path, fnopt: Fnopt, git: Git) -> None:
    """Through a rename and a move, without any run; also by the old name."""
    text = (work / "functions" / "words.py").read_text()
    (work / "functions" / "words.py").write_text(text.replace("shout", "loud"))
    git("commit", "-qam", "call it loud")
    git("mv", "functions/words.py", "functions/terms.py")
    git("commit", "-qm", "terms")
    found = fnopt("log", "loud", "--json").json
    assert (found["run"], found["updates"]) == (None, [])
    told = [(one["kind"], one["before"], one["name"], one["subject"]) for one in found["history"]]
    assert told == [
        ("moved", "loud", "loud", "terms"),
        ("renamed", "shout", "loud", "call it loud"),
        ("added", None, "shout", "start"),
    ]
    heading, *rows = fnopt("log", "loud").out.splitlines()
    assert heading.split() == ["DATE", "COMMIT", "WHAT", "BY", "SUBJECT"]
    assert "renamed from shout to loud" in rows[1]
    assert "Ada Author" in rows[1]
    assert [one["kind"] for one in fnopt("log", "shout", "--json").json["history"]] == [
        "renamed",
        "added",
    ]
    assert "was called shout at HEAD~2" in fnopt("show", "loud@HEAD~2").err


def test_log_of_another_run(work: Path, history: list[str], fnopt: Fnopt, git: Git) -> None:
    """The one that is named, not the current one; a name that is none lists those that are."""
    git("branch", "fnopt/other", "main")
    assert fnopt("log", "--run", "other", "--json").json["updates"] == []
    git("checkout", "-q", "fnopt/other")
    assert fnopt("log", "--json").json["run"] == "other"
    told = fnopt("log", "--run", "third")
    assert told.code == 2
    assert "mend: runs: first, other" in told.err


def test_log_without_a_run(work: Path, fnopt: Fnopt) -> None:
    """Says how to start one."""
    told = fnopt("log")
    assert (told.code, told.out) == (2, "")
    assert "mend: start one: fnopt train" in told.err


def test_what_a_model_said_cannot_drive_the_terminal(work: Path, fnopt: Fnopt) -> None:
    """Line ends and escape sequences in a reason stay data."""
    with Repository(work) as repo:
        run = RunBranch(repo, "r")
        run.start(repo.resolve("main"))
        refuse(run, 1, "f1", reason="one\n\x1b[2Jtwo\r3")
    told = fnopt("log")
    assert told.out.splitlines()[1].endswith("one  [2Jtwo 3".replace("  ", " "))
    assert "\x1b" not in told.out


def test_log_help(fnopt: Fnopt) -> None:
    """Begins with the summary."""
    assert fnopt("log", "--help").out.splitlines()[2].strip() == SUMMARIES["log"]
