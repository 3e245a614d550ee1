"""A run is brought up to date with the branch that it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnopt.errors import GitStateError
from fnopt.history.catch_up import CaughtUp, catch_up
from fnopt.history.refusal import Refusal
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.updates import updates

from .conftest import Git
from .test_rollback import LAYOUT, add, defined, paths, publish

TWO = defined("one") + b"\n\n" + defined("two")


def commit(git: Git, work: Path, files: dict[str, bytes]) -> str:
    """A person's commit on main."""
    for path, data in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(data)
    git("add", ".")
    git("commit", "-qm", "by hand")
    return git("rev-parse", "HEAD")


def done(run: RunBranch, rev: str = "main") -> CaughtUp:
    outcome = catch_up(run, rev, LAYOUT)
    assert isinstance(outcome, CaughtUp), outcome
    return outcome


def refused(run: RunBranch, rev: str = "main") -> Refusal:
    before = run.repo.refs("refs/")
    outcome = catch_up(run, rev, LAYOUT)
    assert isinstance(outcome, Refusal), outcome
    assert run.repo.refs("refs/") == before
    return outcome


def text(repo: Repository, path: str, rev: str = "fnopt/r") -> str:
    return repo.read(repo.blobs(rev, path)[path]).decode()


def test_the_merge(repo: Repository, run: RunBranch, git: Git, work: Path) -> None:
    """Both sides are there; the log of updates stays what it was; the working tree too."""
    add(run, 1, "f1")
    mine = run.head()
    theirs = commit(git, work, {"functions/by_hand.py": defined("by_hand"), "notes.txt": b"x\n"})
    outcome = done(run)
    assert outcome == CaughtUp("r", run.branch, theirs, run.head(), ("by_hand",))
    assert {"functions/f1.py", "functions/by_hand.py"} <= set(paths(repo, run.branch))
    (merge,) = repo.log(f"{run.head()}^!")
    assert merge.parents == (mine, theirs)
    assert [one.function for one in updates(run)] == ["f1"]
    assert git("status", "--porcelain") == ""


def test_nothing_new(repo: Repository, run: RunBranch) -> None:
    """What is there already makes no commit."""
    before = run.head()
    assert done(run) == CaughtUp("r", run.branch, repo.resolve("main"), None)
    assert run.head() == before


def test_a_merged_run_keeps_its_log(repo: Repository, run: RunBranch, git: Git, work: Path) -> None:
    """A merge commit even where git could only wind on: the updates stay on the first parents."""
    first = add(run, 1, "f1")
    git("merge", "-q", "--no-ff", "fnopt/r", "-m", "merge")
    commit(git, work, {"functions/more.py": defined("more")})
    done(run)
    assert [one.commit for one in updates(run)] == [first]
    assert repo.tree(run.branch) == repo.tree("main")


def test_two_functions_at_the_end_of_one_file(
    repo: Repository, run: RunBranch, git: Git, work: Path
) -> None:
    """To git it is a conflict; to us both are there, and every byte of what people wrote."""
    start = commit(git, work, {"functions/many.py": defined("first")})
    run = RunBranch(repo, "s")
    run.start(start)
    learned = defined("first") + b"\n\n" + defined("learned", "return 3")
    publish(run, 1, {"functions/many.py": learned}, "learned")
    by_hand = defined("first") + b"\n\n" + defined("by_hand", "return 2  # mine")
    commit(git, work, {"functions/many.py": by_hand})
    outcome = done(run)
    assert outcome.functions == ("by_hand",)
    found = text(repo, "functions/many.py", "fnopt/s")
    assert found == (defined("first") + b"\n\n" + defined("learned", "return 3")).decode() + (
        "\n\n" + defined("by_hand", "return 2  # mine").decode()
    )
    assert "<<<<" not in found


def test_both_changed_one_function(repo: Repository, run: RunBranch, git: Git, work: Path) -> None:
    """It is named, with its file; how to go on is said."""
    start = commit(git, work, {"functions/two.py": TWO})
    run = RunBranch(repo, "s")
    run.start(start)
    publish(run, 1, {"functions/two.py": TWO.replace(b"return 1", b"return 5", 1)}, "one")
    commit(git, work, {"functions/two.py": TWO.replace(b"return 1", b"return 6", 1)})
    outcome = refused(run)
    assert outcome.message == "both sides changed one (functions/two.py)"
    assert (outcome.functions, outcome.files) == (("one",), ("functions/two.py",))
    assert "git merge" in outcome.mend


def test_revised_here_and_removed_there(
    repo: Repository, run: RunBranch, git: Git, work: Path
) -> None:
    """A conflict as well: neither side's wish is dropped in silence."""
    start = commit(git, work, {"functions/two.py": TWO})
    run = RunBranch(repo, "s")
    run.start(start)
    publish(run, 1, {"functions/two.py": TWO.replace(b"return 1", b"return 5", 1)}, "one")
    commit(git, work, {"functions/two.py": defined("two")})
    assert refused(run).functions == ("one",)


def test_a_conflict_outside_the_library(
    repo: Repository, run: RunBranch, git: Git, work: Path
) -> None:
    """Such files are named, and left to people."""
    publish(run, 1, {"README": b"ours\n"}, "x")
    commit(git, work, {"README": b"theirs\n"})
    outcome = refused(run)
    assert (outcome.message, outcome.files) == ("both sides changed README", ("README",))


def test_what_would_not_work_together(
    repo: Repository, run: RunBranch, git: Git, work: Path
) -> None:
    """No line conflicts, and yet a call would find nothing."""
    start = commit(git, work, {"functions/base.py": defined("base")})
    run = RunBranch(repo, "s")
    run.start(start)
    add(run, 1, "f1", "return base()", "from functions.base import base\n\n\n")
    git("rm", "-q", "functions/base.py")
    git("commit", "-qm", "base goes")
    assert "base" in refused(run).message


def test_a_candidate_that_waits_comes_first(
    repo: Repository, run: RunBranch, git: Git, work: Path
) -> None:
    """It would be lost: its base is the head of today."""
    commit(git, work, {"functions/more.py": defined("more")})
    waits = run.pend(repo.tree("main"), 1, "feat: x\n\nFnopt-Step: 1\n")
    assert waits.commit[:10] in refused(run).message


def test_no_such_commit(run: RunBranch) -> None:
    """The mend is git's."""
    with pytest.raises(GitStateError, match="no commit is called 'nowhere'"):
        catch_up(run, "nowhere", LAYOUT)


def test_a_working_tree_that_shows_the_run(
    repo: Repository, run: RunBranch, git: Git, work: Path
) -> None:
    """It follows where it is clean, and is never overwritten."""
    commit(git, work, {"functions/more.py": defined("more")})
    git("switch", "-q", "fnopt/r")
    (work / "functions" / "words.py").write_text("changed\n")
    with pytest.raises(GitStateError):
        catch_up(run, "main", LAYOUT)
    git("restore", ".")
    done(run)
    assert (work / "functions" / "more.py").exists()
    assert git("status", "--porcelain") == ""
