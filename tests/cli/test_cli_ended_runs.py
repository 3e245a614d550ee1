"""What comes after a merge: the next run begins at what was merged and what people changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import scripted_run
from scripted_server import ScriptedServer

from .conftest import Fnopt, run_git

WAYS = {
    "merge": ["merge", "--no-ff", "--no-edit", "fnopt/run-1"],
    "squash": ["merge", "--squash", "fnopt/run-1"],
    "rebase": ["cherry-pick", "main..fnopt/run-1"],
}


def steps(fnopt: Fnopt, count: int = 1, *words: str) -> list[str]:
    """The runs that so many steps belong to."""
    return [fnopt("step", "--json", *words).json["run"] for _ in range(count)]


def merge(folder: Path, way: str) -> None:
    run_git(folder, *WAYS[way])
    if way == "squash":
        run_git(folder, "commit", "-qm", "Learned (#1)")


@pytest.mark.parametrize("way", WAYS)
def test_the_next_run_begins_at_what_was_merged(tools: Path, fnopt: Fnopt, way: str) -> None:
    """Whatever way it was merged in; what people changed since then is in it, too."""
    assert steps(fnopt) == ["run-1"]
    merge(tools, way)
    path = tools / "functions" / "count_letter.py"
    path.write_text(scripted_run.COUNT_ALL)
    run_git(tools, "commit", "-qam", "count both cases")
    told = fnopt("step", "--json")
    assert told.json["run"] == "run-2"
    assert (
        "run run-1 is merged into main: nothing as it was; changed since then: count_letter"
        in told.err
    )
    began = run_git(tools, "merge-base", "main", "fnopt/run-2")
    assert began == run_git(tools, "rev-parse", "main")
    assert steps(fnopt) == ["run-2"]
    (first, *_) = [one for one in fnopt("runs", "--json").json["runs"] if one["run"] == "run-1"]
    assert (first["state"], first["detail"]) == ("merged", "into main")


def test_it_begins_at_the_remote_where_that_is_ahead(
    tools: Path, fnopt: Fnopt, tmp_path: Path
) -> None:
    """Nobody has to pull: what a remote was seen to have merged is where it goes on."""
    steps(fnopt)
    other = tmp_path / "other"
    run_git(tools, "clone", "-q", str(tools), str(other))
    run_git(other, "merge", "-q", "--no-ff", "--no-edit", "origin/fnopt/run-1")
    run_git(tools, "remote", "add", "origin", str(other))
    run_git(tools, "fetch", "-q", "origin")
    assert steps(fnopt) == ["run-2"]
    assert run_git(tools, "merge-base", "fnopt/run-2", "origin/main") == run_git(
        tools, "rev-parse", "origin/main"
    )


def test_the_branch_of_a_merged_run_is_checked_out(tools: Path, fnopt: Fnopt) -> None:
    """The new run begins at main, and not at the run that is over."""
    steps(fnopt)
    merge(tools, "squash")
    run_git(tools, "switch", "-q", "fnopt/run-1")
    assert steps(fnopt) == ["run-2"]
    main = run_git(tools, "rev-parse", "main")
    assert run_git(tools, "merge-base", "main", "fnopt/run-2") == main


def test_a_merged_run_is_taken_up_by_name(tools: Path, fnopt: Fnopt) -> None:
    """A person may go on with it all the same."""
    steps(fnopt)
    merge(tools, "squash")
    assert steps(fnopt) == ["run-2"]
    assert steps(fnopt, 1, "--run", "run-1") == ["run-1"]


def test_a_run_is_not_over_before_it_is_merged(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Other work on main leaves it as it is."""
    steps(fnopt)
    (tools / "notes.txt").write_text("x\n")
    run_git(tools, "add", "notes.txt")
    run_git(tools, "commit", "-qm", f"notes by {os.getpid()}")
    assert steps(fnopt) == ["run-1"]
