"""A run's branch: publication in order, working trees that follow, recovery, one holder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fnopt.errors import FnoptError, GitStateError, UsageError
from fnopt.history import message, runs
from fnopt.history.repo import Repository
from fnopt.history.runs import Candidate, RunBranch
from fnopt.library.layout import Layout

from .conftest import Git

LAYOUT = Layout.of("functions")
TRAILERS = [("Fnopt-Run", "r"), ("Fnopt-Step", "1"), ("Fnopt-Verdict", "kept")]
TEXT = message.compose("feat(functions): add new", "Why.", TRAILERS)


def pend(run: RunBranch, files: dict[str, bytes | None], step: int = 1) -> Candidate:
    """A candidate that changes files of the branch's head."""
    tree = run.repo.write_tree(run.repo.tree(run.head()), files)
    return run.pend(tree, step, TEXT)


def candidate(run: RunBranch) -> Candidate:
    """A candidate that adds one function."""
    return pend(run, {"functions/new.py": b"def new(): ...\n"})


def state(git: Git) -> str:
    """All references and what the working tree shows of changes."""
    return git("show-ref") + git("status", "--porcelain")


def test_a_kept_update_is_published(git: Git, run: RunBranch) -> None:
    """The branch gains the update with its final message, and nothing else moves."""
    before = state(git)
    made = candidate(run)
    update = run.publish(made, TEXT, LAYOUT, keep=True)
    assert run.head() == update
    (found,) = run.repo.log(update, f"^{made.base}")
    assert (found.tree, found.parents, found.message) == (made.tree, (made.base,), TEXT.strip())
    assert run.pending() is None
    assert state(git).replace(update, made.base) == before


def test_a_lost_update_stands_with_its_revert_right_behind(run: RunBranch) -> None:
    """Update and revert appear together; the tree is the base's again."""
    made = candidate(run)
    update = run.publish(made, TEXT, LAYOUT, keep=False)
    revert, found = run.repo.log(run.head(), f"^{made.base}")
    assert found.sha == update
    assert revert.parents == (update,)
    assert revert.tree == run.repo.tree(made.base)
    assert f"\n\nThis reverts commit {update}.\n\n" in revert.message
    assert message.trailers(revert.message) == {
        "Fnopt-Run": ("r",),
        "Fnopt-Step": ("1",),
        "Fnopt-Action": ("revert",),
    }


def test_publication_is_one_step_in_the_branchs_own_log(git: Git, run: RunBranch) -> None:
    """The reflog shows one move from the base past the revert."""
    run.publish(candidate(run), TEXT, LAYOUT, keep=False)
    moves = git("reflog", "--format=%gs", "refs/heads/fnopt/r").splitlines()
    assert moves == ["fnopt: step 1", "fnopt: start run r"]


def test_published_commits_are_signed_where_configured(git: Git, run: RunBranch) -> None:
    """A key that cannot sign leaves the branch as it was and the candidate pending."""
    made = candidate(run)
    git("config", "commit.gpgsign", "true")
    git("config", "gpg.program", "false")
    with pytest.raises(GitStateError, match="could not sign"):
        run.publish(made, TEXT, LAYOUT, keep=True)
    assert run.head() == made.base
    assert run.pending() == made


def test_nothing_is_published_over_somebodys_commit(git: Git, run: RunBranch) -> None:
    """Compare-and-swap: the person's commit stays and the stale candidate is dropped."""
    made = candidate(run)
    other = run.repo.commit(run.repo.tree(made.base), [made.base], "by a person")
    git("update-ref", run.branch, other)
    with pytest.raises(GitStateError, match="could not be moved"):
        run.publish(made, TEXT, LAYOUT, keep=True)
    assert run.head() == other
    assert run.pending() is None
    assert run.repo.refs("refs/fnopt/pending/") == {}


def test_a_pending_candidate_comes_back_whole(run: RunBranch) -> None:
    """What a crash left is the candidate that was pended."""
    made = candidate(run)
    assert RunBranch(run.repo, "r").pending() == made


def test_a_candidate_never_takes_back_what_somebody_did_meanwhile(git: Git, run: RunBranch) -> None:
    """Its tree was made from the head of then: upon that of now it would undo their commit."""
    then = run.head()
    tree = run.repo.write_tree(run.repo.tree(then), {"functions/new.py": b"x = 1\n"})
    theirs = git("commit-tree", "main^{tree}", "-p", then, "-m", "Mine")
    git("update-ref", "refs/heads/fnopt/r", theirs)
    with pytest.raises(GitStateError, match="moved by somebody else"):
        run.pend(tree, 1, "feat: x\n\nFnopt-Step: 1\n", then)
    assert run.pending() is None
    assert run.pend(tree, 1, "feat: x\n\nFnopt-Step: 1\n", theirs).base == theirs


def test_a_candidate_that_is_already_published_is_dropped(git: Git, run: RunBranch) -> None:
    """A crash between the branch and the pending reference publishes nothing twice."""
    made = candidate(run)
    update = run.publish(made, TEXT, LAYOUT, keep=True)
    git("update-ref", "refs/fnopt/pending/r", made.commit)
    assert run.pending() is None
    assert run.head() == update
    assert run.repo.refs("refs/fnopt/pending/") == {}


@pytest.mark.parametrize("text", ["no trailers", "s\n\nFnopt-Step: many"])
def test_a_pending_reference_that_is_not_ours(git: Git, run: RunBranch, text: str) -> None:
    """A commit that is no candidate is dropped, not tripped over."""
    strange = run.repo.commit(run.repo.tree("HEAD"), [run.head()], text)
    git("update-ref", "refs/fnopt/pending/r", strange)
    assert run.pending() is None


def test_the_clean_working_tree_follows(work: Path, git: Git, run: RunBranch) -> None:
    """Where the branch is checked out, files and index follow; foreign files stay."""
    git("checkout", "-q", "fnopt/r")
    (work / "notes.txt").write_text("mine")
    os.utime(work / "functions" / "words.py", (1, 1))
    made = pend(run, {"functions/new.py": b"n\n", "functions/words.py": b"revised\n"})
    run.publish(made, TEXT, LAYOUT, keep=True)
    assert (work / "functions" / "words.py").read_bytes() == b"revised\n"
    assert (work / "functions" / "new.py").read_bytes() == b"n\n"
    assert git("status", "--porcelain") == "?? notes.txt"
    run.publish(pend(run, {"functions/new.py": None}), TEXT, LAYOUT, keep=True)
    assert not (work / "functions" / "new.py").exists()
    assert git("status", "--porcelain") == "?? notes.txt"


def test_a_linked_working_tree_follows(git: Git, run: RunBranch, tmp_path: Path) -> None:
    """The branch may be checked out elsewhere; here nothing changes."""
    git("worktree", "add", "-q", str(tmp_path / "linked"), "fnopt/r")
    run.publish(candidate(run), TEXT, LAYOUT, keep=True)
    assert (tmp_path / "linked" / "functions" / "new.py").is_file()
    assert git("-C", str(tmp_path / "linked"), "status", "--porcelain") == ""
    assert git("status", "--porcelain") == ""


def dirty_file(work: Path) -> None:
    (work / "functions" / "words.py").write_text("my work\n")


def dirty_index(work: Path) -> None:
    (work / "functions" / "run.py").write_text("my work\n")
    subprocess.run(["git", "add", "."], cwd=work, check=True)


def dirty_elsewhere(work: Path) -> None:
    (work / "functions" / "words.py").unlink()


def untracked_in_the_folder(work: Path) -> None:
    (work / "functions" / "mine.py").write_text("my work\n")


def untracked_in_the_way(work: Path) -> None:
    (work / "functions" / "new.py").write_text("my work\n")


def ignored_in_the_way(work: Path) -> None:
    (work / ".git" / "info" / "exclude").write_text("new.py\n")
    (work / "functions" / "new.py").write_text("my work\n")


def index_locked(work: Path) -> None:
    (work / ".git" / "index.lock").touch()


@pytest.mark.parametrize(
    "spoil",
    [
        dirty_file,
        dirty_index,
        dirty_elsewhere,
        untracked_in_the_folder,
        untracked_in_the_way,
        ignored_in_the_way,
        index_locked,
    ],
)
def test_a_working_tree_that_cannot_follow_stops_everything(
    spoil: object, work: Path, git: Git, run: RunBranch
) -> None:
    """Changes, files in the way or a locked index: an error, and nothing has moved."""
    git("checkout", "-q", "fnopt/r")
    made = candidate(run)
    assert callable(spoil)
    spoil(work)
    files = {path: path.read_bytes() for path in (work / "functions").iterdir()}
    before = git("show-ref"), git("--no-optional-locks", "status", "--porcelain")
    with pytest.raises(GitStateError) as caught:
        run.publish(made, TEXT, LAYOUT, keep=True)
    assert caught.value.mend
    assert (git("show-ref"), git("--no-optional-locks", "status", "--porcelain")) == before
    assert {path: path.read_bytes() for path in (work / "functions").iterdir()} == files
    assert not list((work / ".git" / "fnopt").glob("*.journal"))


def test_a_file_in_the_way_outside_the_functions_folder(
    work: Path, git: Git, run: RunBranch
) -> None:
    """What an update brings elsewhere overwrites nothing there either."""
    git("checkout", "-q", "fnopt/r")
    (work / "notes.txt").write_text("mine")
    made = pend(run, {"notes.txt": b"theirs"})
    with pytest.raises(GitStateError, match=r"notes\.txt"):
        run.publish(made, TEXT, LAYOUT, keep=True)
    assert (work / "notes.txt").read_text() == "mine"
    assert run.head() == made.base


def crash(run: RunBranch, made: Candidate, files: int = 0) -> tuple[str, list[str]]:
    """As SIGKILL leaves it: branch moved, journal there, index old, some files already new."""
    update = run.repo.commit(made.tree, [made.base], TEXT)
    journal = run.repo.folder / "r.journal"
    journal.parent.mkdir(exist_ok=True)
    journal.write_text(json.dumps({"old": made.base, "new": update}))
    run.repo.git("update-ref", run.branch, update)
    paths = sorted(run.repo.blobs(update))
    for path in paths[:files]:
        (run.repo.root / path).write_bytes(run.repo.read(run.repo.blobs(update)[path]))
    return update, paths


@pytest.mark.parametrize("files", [0, 1, 2, 3])
def test_a_crash_before_the_working_tree_followed(
    files: int, work: Path, git: Git, run: RunBranch
) -> None:
    """The next holder of the run completes it, however far it had come."""
    git("checkout", "-q", "fnopt/r")
    changed = {"functions/new.py": b"n\n", "functions/run.py": b"r\n", "functions/words.py": b"w\n"}
    update, _ = crash(run, pend(run, changed), files)
    with run.lock():
        assert git("status", "--porcelain") == ""
    assert (work / "functions" / "new.py").read_bytes() == b"n\n"
    assert run.head() == update
    assert not (work / ".git" / "fnopt" / "r.journal").exists()


def test_a_crash_before_a_file_was_removed(work: Path, git: Git, run: RunBranch) -> None:
    """A function that the update took out goes from the working tree too."""
    git("checkout", "-q", "fnopt/r")
    crash(run, pend(run, {"functions/words.py": None}))
    with run.lock():
        assert git("status", "--porcelain") == ""
    assert not (work / "functions" / "words.py").exists()


def test_what_was_edited_since_the_crash_stays(work: Path, git: Git, run: RunBranch) -> None:
    """Recovery overwrites no file that is neither as before nor as it should be."""
    git("checkout", "-q", "fnopt/r")
    crash(run, pend(run, {"functions/words.py": b"revised\n", "functions/new.py": b"n\n"}))
    (work / "functions" / "words.py").write_text("my work\n")
    with run.lock():
        assert git("status", "--porcelain") == " M functions/words.py"
    assert (work / "functions" / "words.py").read_text() == "my work\n"


def test_recovery_is_done_once_only(work: Path, git: Git, run: RunBranch) -> None:
    """A crash after the working tree followed leaves a journal that does nothing."""
    git("checkout", "-q", "fnopt/r")
    made = candidate(run)
    update = run.publish(made, TEXT, LAYOUT, keep=True)
    journal = work / ".git" / "fnopt" / "r.journal"
    journal.write_text(json.dumps({"old": made.base, "new": update}))
    (work / "functions" / "new.py").write_text("my work\n")
    with run.lock():
        assert git("status", "--porcelain") == " M functions/new.py"
    assert not journal.exists()


def test_a_journal_before_anything_moved(work: Path, git: Git, run: RunBranch) -> None:
    """Killed between the journal and the branch, or in the journal itself: nothing happens."""
    git("checkout", "-q", "fnopt/r")
    made = candidate(run)
    journal = work / ".git" / "fnopt" / "r.journal"
    journal.parent.mkdir(exist_ok=True)
    for text in (json.dumps({"old": made.base, "new": made.commit}), '{"old": "12'):
        journal.write_text(text)
        with run.lock():
            assert git("status", "--porcelain") == ""
            assert run.pending() == made
        assert not journal.exists()


def test_recovery_waits_for_an_index_that_is_locked(work: Path, git: Git, run: RunBranch) -> None:
    """A younger index.lock may be an open editor's: an error; the journal stays for next time."""
    git("checkout", "-q", "fnopt/r")
    crash(run, candidate(run))
    then = time.time() - 60
    os.utime(work / ".git" / "fnopt" / "r.journal", (then, then))
    lock = work / ".git" / "index.lock"
    lock.touch()
    with pytest.raises(GitStateError, match=r"index\.lock"), run.lock():
        pass
    lock.unlink()
    with run.lock():
        assert git("status", "--porcelain") == ""


def test_stale_locks_of_the_runs_own_references_go(work: Path, run: RunBranch) -> None:
    """What a killed git left under fnopt/ is removed; a neighbour's lock is not."""
    made = candidate(run)
    folder = work / ".git" / "refs"
    ours = [folder / name for name in ("heads/fnopt/r.lock", "fnopt/pending/r.lock")]
    theirs = [folder / name for name in ("heads/main.lock", "heads/fnopt/other.lock")]
    for lock in [*ours, *theirs]:
        lock.touch()
    with pytest.raises(GitStateError):
        run.publish(made, TEXT, LAYOUT, keep=True)
    with run.lock():
        run.publish(made, TEXT, LAYOUT, keep=True)
    assert not any(lock.exists() for lock in ours)
    assert all(lock.exists() for lock in theirs)


def leave(work: Path, journal: str | None, lock: str) -> Path:
    """A lock of git's, with a journal of ours beside it or without one."""
    left = work / ".git" / lock
    left.touch()
    if journal is not None:
        (work / ".git" / "fnopt").mkdir(exist_ok=True)
        (work / ".git" / "fnopt" / "r.journal").write_text(journal)
    return left


def test_packed_refs_lock_with_our_journal_goes(work: Path, git: Git, run: RunBranch) -> None:
    """Our killed deletion left it: after a short wait it is removed and the run goes on."""
    made = candidate(run)
    git("update-ref", run.branch, run.repo.commit(made.tree, [made.base], TEXT))
    left = leave(work, '{"deleting": "x"}', "packed-refs.lock")
    with run.lock():
        assert not left.exists()
        assert run.pending() is None


@pytest.mark.parametrize("age", [None, 3600])
def test_packed_refs_lock_of_somebody_else_stays(
    age: int | None, work: Path, run: RunBranch
) -> None:
    """Without our journal, or long after it was written, the lock is a living git's."""
    left = leave(work, None if age is None else '{"deleting": "x"}', "packed-refs.lock")
    if age is not None:
        then = time.time() - age
        os.utime(work / ".git" / "fnopt" / "r.journal", (then, then))
    began = time.monotonic()
    with run.lock():
        assert left.exists()
    assert time.monotonic() - began < runs.PATIENCE_WITH_GIT


@pytest.mark.parametrize("name", ["HEAD.lock", "index.lock"])
def test_locks_of_our_killed_move_go(name: str, work: Path, git: Git, run: RunBranch) -> None:
    """Moving the branch that is checked out locks HEAD and index; killed there, they are ours."""
    git("checkout", "-q", "fnopt/r")
    made = candidate(run)
    left = leave(work, json.dumps({"old": made.base, "new": made.commit}), name)
    with run.lock():
        assert not left.exists()
        run.publish(made, TEXT, LAYOUT, keep=True)


HOLDER = """
import sys, time
from pathlib import Path
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
with Repository(Path(sys.argv[1])) as repo, RunBranch(repo, "r").lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_told_who_holds_the_run(work: Path, run: RunBranch) -> None:
    """The error names the process and since when; killed, it frees the run at once."""
    words = [sys.executable, "-c", HOLDER, str(work)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=env, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with (
                pytest.raises(GitStateError, match=rf"process {holder.pid} since \d{{4}}-\d\d-"),
                run.lock(),
            ):
                pass
            with RunBranch(run.repo, "other").lock():
                pass
        finally:
            holder.send_signal(signal.SIGKILL)
    with run.lock():
        pass


def test_the_lock_is_not_taken_twice_in_one_process(run: RunBranch) -> None:
    """Two threads of one program are two holders; after an error it is free again."""
    with run.lock():
        with pytest.raises(GitStateError, match="is held by process"), run.lock():
            pass
        with pytest.raises(GitStateError), RunBranch(run.repo, "r").lock():
            pass
    with pytest.raises(FnoptError, match="inside"), run.lock():
        raise FnoptError("inside")
    with run.lock():
        pass


def test_starting_a_run(repo: Repository) -> None:
    """A run begins where it is told, once; a branch called fnopt is in the way."""
    run = RunBranch(repo, "r")
    assert not run.exists
    with pytest.raises(GitStateError, match="has no branch"):
        run.head()
    run.start(repo.resolve("main"))
    assert run.exists
    assert run.head() == repo.resolve("main")
    with pytest.raises(GitStateError, match="exists already"):
        run.start(repo.resolve("main"))


def test_a_branch_called_fnopt_is_in_the_way(git: Git, repo: Repository) -> None:
    """git cannot have both; the mend is to rename it."""
    git("branch", "fnopt")
    with pytest.raises(GitStateError, match="in the way") as caught:
        RunBranch(repo, "r").start(repo.resolve("main"))
    assert "git branch -m fnopt" in caught.value.mend


@pytest.mark.parametrize(
    "name", ["", "a/b", "../x", "-x", "x.lock", "a..b", "x.", "a b", "a\n", "é", "x~1", "@{", ".x"]
)
def test_names_that_no_branch_can_have(repo: Repository, name: str) -> None:
    """A run's name is a branch's and a file's name."""
    with pytest.raises(UsageError, match="cannot name a run"):
        RunBranch(repo, name)


def test_runs_are_listed_and_named(git: Git, repo: Repository) -> None:
    """Fresh names are free; the current run is the one checked out, else the newest."""
    assert (runs.names(repo), runs.current(repo), runs.fresh_name(repo)) == ([], None, "run-1")
    for name in ("run-1", "run-2"):
        run = RunBranch(repo, name)
        run.start(repo.resolve("main"))
    git("branch", "fnopt/by/hand")
    run.evidence.write({"run.json": {"base": run.head()}}, [], "start")
    assert runs.names(repo) == ["run-2", "run-1"]
    assert runs.current(repo) == "run-2"
    assert runs.fresh_name(repo) == "run-3"
    git("checkout", "-q", "fnopt/run-1")
    assert runs.current(repo) == "run-1"
