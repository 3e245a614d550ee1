"""A fresh clone has no store: what its run has measured is read out of git before it pays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import scripted_run
from scripted_server import ScriptedServer

from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.scrub import scrubbed
from fnopt.records import Evaluation, Trial
from fnopt.store import Store

from .conftest import Fnopt, run_git

REFS = ("+refs/heads/fnopt/*:refs/heads/fnopt/*", "+refs/fnopt/*:refs/fnopt/*")


def cloned(tools: Path) -> Path:
    """A clone with the runs and their evidence, and without a store."""
    clone = tools.with_name("clone")
    run_git(tools.parent, "clone", "-q", f"file://{tools}", str(clone))
    run_git(clone, "fetch", "-q", "origin", *REFS)
    return clone


@pytest.fixture
def clone(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A fresh clone, and the current folder, of a run of one kept step that was claimed."""
    assert fnopt("step").code == 0
    assert fnopt("claim").code == 0
    server.requests.clear()
    folder = cloned(tools)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
def test_a_fresh_clone_pays_for_no_trial_again(
    tools: Path,
    fnopt: Fnopt,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on where the run was: what it asks is a step's proposal and the candidate's trials,
    none of which was asked before."""
    assert fnopt("train", "--max-steps", "1", "--json").json["steps"][0]["verdict"] == "kept"
    before = [repr(request) for request in server.requests]
    monkeypatch.chdir(cloned(tools))
    told = fnopt("train", "--max-steps", "2", "--json")
    assert told.code in (0, 3)
    again = [one for one in server.requests[len(before) :] if not scripted_run.is_optimizer(one)]
    assert again
    assert [one for one in again if repr(one) in before] == []


@pytest.mark.parametrize(
    "words",
    [
        ("eval", "fnopt/run-1"),
        ("eval", "main"),
        ("eval", "main", "--split", "train"),
        ("claim",),
        ("credit", "fnopt/run-1"),
    ],
)
def test_what_is_in_the_evidence_costs_a_fresh_clone_nothing(
    clone: Path, fnopt: Fnopt, server: ScriptedServer, words: tuple[str, ...]
) -> None:
    """Whoever scores it: what the gate measured, and what a claim did."""
    told = fnopt(*words, "--json")
    assert (told.code, told.json["model_calls"]) == (0, 0)
    assert server.requests == []


def test_scores_alone_cost_a_fresh_clone_no_trial_of_val(
    tools: Path,
    clone: Path,
    fnopt: Fnopt,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their figures are those that were measured; what the optimizer reads is made again."""
    with Repository(clone) as repo:
        evidence = RunBranch(repo, "run-1").evidence
        repo.move(evidence.ref, scrubbed(evidence), evidence.commit, "as it is pushed")
    told = fnopt("eval", "fnopt/run-1", "--json").json
    assert (told["model_calls"], server.requests) == (0, [])
    again = fnopt("eval", "main", "--split", "train", "--dry-run", "--json").json
    assert again["missing"] > 0
    monkeypatch.chdir(tools)
    whole = fnopt("eval", "fnopt/run-1", "--json").json
    assert (told["score"], told["right"]) == (whole["score"], whole["right"])
    assert told["right"] > 0


def test_calibrate_pays_for_what_is_new_only(
    clone: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """The first trial of each task is the gate's; a second was never made."""
    assert fnopt("calibrate", "fnopt/run-1", "--json").code == 0
    again = len(server.requests)
    store_of(clone).unlink()
    for one in clone.glob(".git/fnopt/store.db-*"):
        one.unlink()
    assert fnopt("eval", "fnopt/run-1", "--dry-run", "--json").json["missing"] == 0
    assert 0 < again == len(server.requests)


def test_evidence_is_read_once(clone: Path, fnopt: Fnopt) -> None:
    """A store that has it knows that by a mark: no trial is taken a second time."""
    fnopt("eval", "fnopt/run-1")
    with sqlite3.connect(store_of(clone)) as db:
        db.execute("DELETE FROM trials")
    db.close()
    assert fnopt("eval", "fnopt/run-1", "--dry-run", "--json").json["missing"] == 8


def test_the_sealed_split_is_recalled_for_itself_only(
    clone: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Evidence of it, which another may have written, stays out of the store but for a test."""
    assert fnopt("test", "fnopt/run-1").code == 0
    with Repository(clone) as repo, closing(Store(store_of(clone))) as store:
        trials = [Trial.from_json(one) for one in store.recent_trials(3)]
        found = Evaluation("test", "d" * 64, tuple(trials))
        RunBranch(repo, "run-1").evidence.write({}, [found], "somebody's")
    for one in clone.glob(".git/fnopt/store.db*"):
        one.unlink()
    server.requests.clear()
    fnopt("eval", "fnopt/run-1")
    with closing(Store(store_of(clone))) as store:
        assert [store.trials(one.key) for one in trials] == [[], [], []]
    assert fnopt("test", "fnopt/run-1", "--json").json["model_calls"] == 0
    assert server.requests == []


def test_evidence_that_is_not_readable_is_passed_over(clone: Path, fnopt: Fnopt) -> None:
    """It is said, and the command pays."""
    with Repository(clone) as repo:
        base = repo.tree(RunBranch(repo, "run-1").evidence.commit or "")
        tree = repo.write_tree(base, {"trials/val/broken.jsonl": b"{oops"})
        repo.move("refs/fnopt/runs/other", repo.commit(tree, [], "other"), None, "other")
    told = fnopt("eval", "fnopt/run-1")
    assert told.code == 0
    assert "run other: what it has measured may be paid for again" in told.err


def test_a_spoilt_store_is_set_aside_and_said(clone: Path, fnopt: Fnopt) -> None:
    """The command goes on; what it says of it is one line on stderr."""
    fnopt("eval", "fnopt/run-1")
    with sqlite3.connect(store_of(clone)) as db:
        db.execute("DROP TABLE trials")
    db.close()
    told = fnopt("eval", "fnopt/run-1", "--json")
    assert (told.code, told.json["model_calls"]) == (0, 0)
    assert told.err.count("store.db.broken") == 1


def store_of(clone: Path) -> Path:
    return clone / ".git" / "fnopt" / "store.db"
