"""What became of a run on the branch that it was for, by what its functions say."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnopt.history import lifecycle, runs
from fnopt.history.fate import landing, seen_in
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Git
from .test_catch_up import commit
from .test_lifecycle import begin, states
from .test_rollback import LAYOUT, add, defined, publish

MERGES = {
    "merge": ["merge", "--no-ff", "--no-edit", "fnopt/r"],
    "fast-forward": ["merge", "--ff-only", "fnopt/r"],
    "squash": ["merge", "--squash", "fnopt/r"],
    "rebase": ["cherry-pick", "main..fnopt/r"],
}


@pytest.fixture
def learned(run: RunBranch) -> RunBranch:
    """A run that added f1 and f2, and in between an update that was taken back."""
    begin(run)
    add(run, 1, "f1")
    publish(run, 2, {"functions/lost.py": defined("lost")}, "lost", keep=False)
    add(run, 3, "f2")
    return run


def onto(git: Git, how: str) -> str:
    """Merge the run into main in one of a forge's ways; main's head."""
    git(*MERGES[how])
    if how == "squash":
        git("commit", "-qm", "Learned functions (#1)")
    return git("rev-parse", "main")


@pytest.mark.parametrize("how", MERGES)
def test_every_kind_of_merge_is_seen(learned: RunBranch, git: Git, how: str) -> None:
    """By the text of the functions, whatever became of the commits."""
    found = landing(learned, onto(git, how), LAYOUT)
    assert found.landed
    assert found.functions == {"f1": "merged", "f2": "merged"}


@pytest.mark.parametrize("how", MERGES)
def test_what_people_make_of_it_later(learned: RunBranch, git: Git, work: Path, how: str) -> None:
    """A function that was changed or taken out since has come in all the same."""
    onto(git, how)
    (work / "functions" / "f2.py").unlink()
    head = commit(git, work, {"functions/f1.py": defined("f1", "return 2")})
    found = landing(learned, head, LAYOUT)
    assert found.landed
    assert found.functions == {"f1": "changed", "f2": "dropped"}


def test_a_run_that_nobody_merged(learned: RunBranch, git: Git, work: Path) -> None:
    """Other work on the branch, also in the same folder, is no merge."""
    head = commit(git, work, {"functions/f3.py": defined("f3")})
    found = landing(learned, head, LAYOUT)
    assert not found.landed
    assert found.functions == {"f1": "absent", "f2": "absent"}


def test_a_part_of_a_run(learned: RunBranch, git: Git, work: Path) -> None:
    """One function that was taken over by hand does not end the run."""
    head = commit(git, work, {"functions/f1.py": defined("f1")})
    found = landing(learned, head, LAYOUT)
    assert not found.landed
    assert found.functions == {"f1": "merged", "f2": "absent"}


def test_what_was_changed_in_the_squash_itself(learned: RunBranch, git: Git, work: Path) -> None:
    """Only a forge knows that it was merged; then what differs was changed by people."""
    files = {"functions/f1.py": defined("f1", "return 5")}
    head = commit(git, work, files)
    assert landing(learned, head, LAYOUT).functions == {"f1": "absent", "f2": "absent"}
    found = landing(learned, head, LAYOUT, merged=True)
    assert found.landed
    assert found.functions == {"f1": "changed", "f2": "dropped"}


def test_a_removal_lands_too(run: RunBranch, git: Git) -> None:
    """A function that the run removed and the branch has no more."""
    git("checkout", "-q", "main")
    begin(run)
    publish(run, 1, {"functions/words.py": None}, "count")
    assert landing(run, run.repo.resolve("main"), LAYOUT).functions == {"count": "absent"}
    assert landing(run, onto(git, "squash"), LAYOUT).functions == {"count": "merged"}


def test_a_run_without_a_gain_never_lands(run: RunBranch, git: Git) -> None:
    """There is nothing that could come in."""
    begin(run)
    publish(run, 1, {"functions/lost.py": defined("lost")}, "lost", keep=False)
    assert not landing(run, run.repo.resolve("main"), LAYOUT).landed


def test_a_run_that_is_over_is_not_gone_on_with(repo: Repository, learned: RunBranch) -> None:
    """Merged or declined: the current run is another; named, it is taken up again."""
    assert runs.current(repo) == "r"
    lifecycle.land(learned, "main", repo.resolve("main"))
    assert runs.current(repo) is None
    assert states(repo) == {"r": "merged"}
    lifecycle.take_up(learned)
    assert runs.current(repo) == "r"
    lifecycle.decline(learned, "https://forge.example/pull/1", ["not this way"])
    assert runs.current(repo) is None
    assert states(repo) == {"r": "declined"}


def came_from(run: RunBranch, branch: str) -> None:
    start = run.evidence.document("run.json") or {}
    run.evidence.write({"run.json": {**start, "from": branch}}, (), "came from")


@pytest.mark.parametrize("how", MERGES)
def test_it_is_seen_where_it_came_from(learned: RunBranch, git: Git, how: str) -> None:
    """In the branch as it is here; before the merge there is nothing to see."""
    assert seen_in(learned, LAYOUT) is None  # nobody says where it came from
    came_from(learned, "main")
    assert seen_in(learned, LAYOUT) is None
    head = onto(git, how)
    where, found = seen_in(learned, LAYOUT) or ("", None)
    assert where == "main"
    assert found is not None
    assert found.commit == head


def test_a_run_that_came_from_its_own_branch(learned: RunBranch, git: Git) -> None:
    """It is in that branch by itself, which is no merge."""
    came_from(learned, "fnopt/r")
    assert seen_in(learned, LAYOUT) is None


def test_it_is_seen_at_a_remote(learned: RunBranch, git: Git, work: Path, tmp_path: Path) -> None:
    """As it was fetched last: nobody has to pull first."""
    came_from(learned, "main")
    git("clone", "-q", str(work), str(tmp_path / "other"))
    other = tmp_path / "other"
    git("-C", str(other), "merge", "-q", "--squash", "origin/fnopt/r")
    git("-C", str(other), "commit", "-qm", "Learned functions (#1)")
    git("remote", "add", "up", str(other))
    git("fetch", "-q", "up")
    where, _ = seen_in(learned, LAYOUT) or ("", None)
    assert where == "up/main"
