"""How runs stand, giving one up, and sweeping it away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fnopt.errors import GitStateError, UsageError
from fnopt.history import runs
from fnopt.history.lifecycle import abandon, standing, standings, sweep, sweepable, take_up
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Git
from .test_rollback import add


def begin(run: RunBranch) -> None:
    """The evidence of a run that began where it stands."""
    run.evidence.write({"run.json": {"run": run.name, "base": run.head()}}, (), "begin")


def states(repo: Repository) -> dict[str, str]:
    return {one.run: one.state for one in standings(repo)}


def test_a_repository_without_runs(repo: Repository) -> None:
    """Nothing to list, nothing to sweep."""
    assert standings(repo) == []
    assert sweepable(repo, merged=True) == []


def test_a_run_in_figures(repo: Repository, run: RunBranch) -> None:
    """Steps, what was kept, and when; a revert is no step."""
    begin(run)
    add(run, 1, "f1")
    found = standing(run)
    assert (found.run, found.branch, found.state) == ("r", "fnopt/r", "open")
    assert (found.steps, found.kept, found.head) == (1, 1, run.head())
    assert found.last[:4].isdigit()


def test_every_state_is_told(repo: Repository, run: RunBranch, git: Git) -> None:
    """Waiting, held, merged, abandoned and gone."""
    begin(run)
    assert states(repo) == {"r": "open"}
    waits = run.pend(repo.tree("main"), 1, "feat: x\n\nFnopt-Step: 1\n")
    assert standing(run).detail == f"{waits.commit[:10]} has no verdict yet"
    assert states(repo) == {"r": "waiting"}
    with run.lock():
        assert states(repo) == {"r": "held"}
        assert "process" in standing(run).detail
    run.drop()
    add(run, 1, "f1")
    git("merge", "-q", "--no-ff", "fnopt/r", "-m", "merge")
    assert states(repo) == {"r": "merged"}
    assert abandon(run) is None
    assert states(repo) == {"r": "abandoned"}
    take_up(run)
    git("branch", "-qD", "fnopt/r")
    assert states(repo) == {"r": "gone"}


def test_a_run_that_has_not_moved_is_not_merged(repo: Repository, run: RunBranch) -> None:
    """Where it began it is in what is checked out, of course."""
    begin(run)
    assert states(repo) == {"r": "open"}


def test_the_current_run_comes_first(repo: Repository, run: RunBranch, git: Git) -> None:
    """As the commands would choose it."""
    begin(run)
    other = RunBranch(repo, "s")
    other.start(repo.resolve("main"))
    git("switch", "-q", "fnopt/s")
    assert [one.run for one in standings(repo)] == ["s", "r"]


def test_abandon_drops_what_waits_and_is_not_chosen_again(repo: Repository, run: RunBranch) -> None:
    """Branch and evidence stay; by name it can be taken up."""
    begin(run)
    waits = run.pend(repo.tree("main"), 1, "feat: x\n\nFnopt-Step: 1\n")
    assert runs.current(repo) == "r"
    assert abandon(run) == waits.commit
    assert runs.current(repo) is None
    assert run.exists
    assert run.pending() is None
    with pytest.raises(UsageError, match="abandoned already"):
        abandon(run)
    take_up(run)
    assert runs.current(repo) == "r"


def test_what_cannot_be_abandoned(repo: Repository, run: RunBranch, work: Path) -> None:
    """A run that is not there, and one that another process holds."""
    with pytest.raises(UsageError, match="no run 'x'"):
        abandon(RunBranch(repo, "x"))
    hold = (
        "import sys, time; from pathlib import Path\n"
        "from fnopt.history.repo import Repository; from fnopt.history.runs import RunBranch\n"
        "with Repository(Path(sys.argv[1])) as repo, RunBranch(repo, 'r').lock():\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    words = [sys.executable, "-c", hold, str(work)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert standing(run).detail.startswith(f"by process {holder.pid} since")
        with pytest.raises(GitStateError, match=f"held by process {holder.pid}"):
            abandon(run)
        holder.kill()
    assert standing(run).state == "open"


def test_sweeping_takes_every_trace(repo: Repository, run: RunBranch, git: Git) -> None:
    """References and files; what stood there is told, and git still has it."""
    begin(run)
    head = add(run, 1, "f1")
    abandon(run)
    other = RunBranch(repo, "s")
    other.start(repo.resolve("main"))
    assert [one.run for one in sweepable(repo, merged=False)] == ["r"]
    gone = sweep(repo, "r")
    assert gone.refs["refs/heads/fnopt/r"] == head
    assert set(repo.refs("refs/")) == {"refs/heads/main", "refs/heads/fnopt/s"}
    assert list(repo.folder.iterdir()) == []
    git("branch", "fnopt/r", head)
    assert RunBranch(repo, "r").exists


def test_merged_runs_go_only_when_asked_for(repo: Repository, run: RunBranch, git: Git) -> None:
    """A branch that was merged is no use, and yet nobody gave it up."""
    begin(run)
    add(run, 1, "f1")
    git("merge", "-q", "--no-ff", "fnopt/r", "-m", "merge")
    assert sweepable(repo, merged=False) == []
    assert [one.run for one in sweepable(repo, merged=True)] == ["r"]


def test_a_branch_that_is_checked_out_stays(repo: Repository, run: RunBranch, git: Git) -> None:
    """Nothing goes, and the mend says what to do."""
    begin(run)
    abandon(run)
    git("switch", "-q", "fnopt/r")
    with pytest.raises(GitStateError, match="is checked out in") as caught:
        sweep(repo, "r")
    assert "switch" in caught.value.mend
    assert run.exists
