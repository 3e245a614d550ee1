"""A run and its evidence between clones: what comes, what is joined, what is refused."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fnopt.errors import GitStateError
from fnopt.history import openings
from fnopt.history.refusal import Refusal
from fnopt.history.remote import Moved, Pushed, Remote, choose_remote, push
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.scrub import is_scrubbed
from fnopt.history.travel import Joined, fetch, is_first_push, join, outgoing, runs_at
from fnopt.history.updates import updates
from fnopt.records import Evaluation, Score, Trial

from .conftest import run_git
from .test_evidence import LIBRARY, evaluation, trial
from .test_rollback import LAYOUT, add, defined


@dataclass
class Clone:
    """One clone with the run ``r`` in it."""

    folder: Path
    repo: Repository
    run: RunBranch
    remote: Remote

    def git(self, *words: str, **environment: str) -> str:
        return run_git(self.folder, *words, **environment)

    def step(self, number: int, name: str, *trials: Trial) -> str:
        """A judged update with its evidence."""
        document = {"step": number, "verdict": "kept", "why": name, "actions": [["add", name]]}
        said = {f"steps/{number:04}.json": document}
        self.run.evidence.write(said, [evaluation(*trials)] if trials else [], "step")
        return add(self.run, number, name)

    def push(self, *, scores: bool = False) -> Pushed | Moved:
        return push(self.repo, self.remote, outgoing(self.run, self.remote, scores=scores))

    def pull(self) -> Joined | Refusal:
        return join(self.run, fetch(self.repo, self.remote, self.run), LAYOUT)

    def person(self, path: str, data: bytes) -> str:
        """Somebody's commit on the branch, with nothing checked out; its commit."""
        head = self.run.head()
        tree = self.repo.write_tree(self.repo.tree(head), {path: data})
        commit = self.repo.commit(tree, [head], "fix: by hand\n")
        self.repo.move(self.run.branch, commit, head, "person")
        return commit

    def trials(self) -> dict[tuple[str, int], Trial]:
        blobs = self.run.evidence.trial_blobs().values()
        return {(t.task, t.number): t for blob in blobs for t in self.run.evidence.trials(blob)}


@pytest.fixture
def bare(tmp_path: Path, work: Path) -> Path:
    """A bare repository with main, which both clones come from."""
    folder = tmp_path / "origin.git"
    run_git(tmp_path, "clone", "-q", "--bare", str(work), str(folder))
    return folder


def clone(bare: Path, name: str) -> Clone:
    folder = bare.parent / name
    run_git(bare.parent, "clone", "-q", f"file://{bare}", str(folder))
    repo = Repository(folder)
    remote = choose_remote(repo, None, "main")
    assert remote is not None
    return Clone(folder, repo, RunBranch(repo, "r"), remote)


@pytest.fixture
def ada(bare: Path) -> Iterator[Clone]:
    """The clone that has the run, with one step."""
    found = clone(bare, "ada")
    base = found.repo.resolve("main")
    found.run.start(base)
    found.run.evidence.write({"run.json": {"run": "r", "base": base}}, [], "begin")
    found.step(1, "f1", trial("a"))
    yield found
    found.repo.close()


@pytest.fixture
def bob(bare: Path) -> Iterator[Clone]:
    """Another clone, which has only main."""
    found = clone(bare, "bob")
    yield found
    found.repo.close()


def same(one: Clone, other: Clone) -> bool:
    mine, theirs = one.run.references(), other.run.references()
    return mine == theirs and len(mine) == 2


def joined(outcome: Joined | Refusal) -> Joined:
    assert isinstance(outcome, Joined), outcome
    return outcome


def test_a_fresh_clone_gets_everything(ada: Clone, bob: Clone) -> None:
    """Branch, evidence and openings come; nothing that is checked out changes."""
    with openings.opening(ada.repo, [ada.run.head()], "confined", lambda: True) as record:
        record([Evaluation("test", LIBRARY, (trial("x"),))])
    assert is_first_push(ada.repo, ada.remote, ada.run)
    assert isinstance(ada.push(), Pushed)
    assert not is_first_push(ada.repo, ada.remote, ada.run)
    assert runs_at(bob.repo, bob.remote) == ("r",)
    assert bob.pull() == Joined("r", "followed", "followed")
    assert same(ada, bob)
    assert openings.read(bob.repo) == openings.read(ada.repo)
    assert [one.function for one in updates(bob.run)] == ["f1"]
    assert bob.git("status", "--porcelain", "--branch") == "## main...origin/main"
    assert not is_first_push(bob.repo, bob.remote, bob.run)
    assert bob.pull() == Joined("r", "same", "same")


def test_nothing_there_yet(ada: Clone) -> None:
    """The remote has never met the run: nothing happens."""
    before = ada.run.references()
    assert ada.pull() == Joined("r", "none", "none")
    assert ada.run.references() == before


def test_to_and_fro(ada: Clone, bob: Clone) -> None:
    """Each goes on where the other stopped, and each push goes forward."""
    ada.push()
    bob.pull()
    bob.step(2, "f2", trial("b"))
    assert joined(bob.pull()) == Joined("r", "ahead", "ahead")
    assert isinstance(bob.push(), Pushed)
    assert ada.pull() == Joined("r", "followed", "followed", functions=("f2",))
    assert same(ada, bob)
    ada.step(3, "f3")
    assert isinstance(ada.push(), Pushed)


def test_a_persons_commit_becomes_the_incumbent(ada: Clone, bob: Clone) -> None:
    """It is on the branch as it was, by whom it was; a clean working tree follows."""
    ada.push()
    bob.pull()
    bob.git("checkout", "-q", "fnopt/r")
    theirs = ada.person("functions/f1.py", defined("f1", "return 2"))
    ada.push()
    assert bob.pull() == Joined("r", "same", "followed", (theirs,), ("f1",))
    assert bob.run.head() == theirs
    assert b"return 2" in (bob.folder / "functions/f1.py").read_bytes()
    assert bob.git("status", "--porcelain") == ""


def test_a_working_tree_that_is_not_clean(ada: Clone, bob: Clone) -> None:
    """Nothing moves, the evidence neither."""
    ada.push()
    bob.pull()
    bob.git("checkout", "-q", "fnopt/r")
    (bob.folder / "functions/f1.py").write_text("x = 1\n")
    ada.step(2, "f2")
    ada.push()
    before = bob.run.references()
    with pytest.raises(GitStateError, match="not clean"):
        bob.pull()
    assert bob.run.references() == before


@pytest.mark.parametrize("steps_here", [True, False])
def test_both_went_on(ada: Clone, bob: Clone, steps_here: bool) -> None:
    """A person's commit there and a step here, or the other way: both stay, the log shows all."""
    ada.push()
    bob.pull()
    stepper, person = (bob, ada) if steps_here else (ada, bob)
    theirs = person.person("functions/words.py", b"def count(): ...\n\n\ndef by_hand(): ...\n")
    stepper.step(2, "f2", trial("b"))
    ada.push()
    assert joined(bob.pull()).branch == "merged"
    assert bob.repo.is_ancestor(theirs, bob.run.head())
    assert [one.function for one in updates(bob.run)] == ["f1", "f2"]
    assert isinstance(bob.push(), Pushed)
    joined(ada.pull())
    assert same(ada, bob)


def test_both_changed_one_function(ada: Clone, bob: Clone) -> None:
    """Nothing moves, and the mend is git's."""
    ada.push()
    bob.pull()
    ada.person("functions/f1.py", defined("f1", "return 2"))
    ada.push()
    bob.person("functions/f1.py", defined("f1", "return 3"))
    before = bob.run.references()
    outcome = bob.pull()
    assert isinstance(outcome, Refusal)
    assert outcome.functions == ("f1",)
    assert "git merge" in outcome.mend
    assert bob.run.references() == before


def test_two_jobs_at_once(ada: Clone, bob: Clone) -> None:
    """The slower one finds the reference moved, and then the same step made in another way."""
    ada.push()
    bob.pull()
    ada.step(2, "f2")
    bob.step(2, "g2")
    ada.push()
    assert isinstance(bob.push(), Moved)
    before = bob.run.references()
    outcome = bob.pull()
    assert isinstance(outcome, Refusal)
    assert outcome.message.startswith("two jobs worked on run r at once: step 2 is another one")
    assert bob.run.references() == before


def test_a_step_that_was_never_published(ada: Clone, bob: Clone) -> None:
    """Where one branch alone has the step, its record counts."""
    ada.push()
    bob.pull()
    ada.step(2, "f2")
    ada.push()
    bob.run.evidence.write({"steps/0002.json": {"step": 2, "why": "killed"}}, [], "step 2")
    assert joined(bob.pull()).evidence == "merged"
    assert bob.run.evidence.steps()[2]["why"] == "f2"
    assert isinstance(bob.push(), Pushed)


def test_trials_of_both_sides(ada: Clone, bob: Clone) -> None:
    """All are there; of one that both made, the scored one, else the one that was pushed first."""
    ada.push()
    bob.pull()
    here = (trial("mine"), trial("both", 0, 0.0, "mine"), trial("failed", 0, None))
    bob.run.evidence.write({}, [evaluation(*here)], "more")
    there = (trial("theirs"), trial("both", 0, 1.0, "theirs"), trial("failed", 0, 1.0))
    ada.run.evidence.write({}, [evaluation(*there)], "more")
    ada.push()
    assert joined(bob.pull()) == Joined("r", "merged", "same")
    found = bob.trials()
    assert {task for task, _ in found} == {"a", "mine", "theirs", "both", "failed"}
    assert (found["both", 0].answer, found["failed", 0].score) == ("theirs", Score(1.0, "note"))
    assert isinstance(bob.push(), Pushed)
    ada.pull()
    assert ada.trials() == found


def test_trials_that_figures_rest_on(ada: Clone, bob: Clone) -> None:
    """Those of the side that alone has a step count, though the others were pushed first."""
    ada.push()
    bob.pull()
    ada.run.evidence.write({}, [evaluation(trial("both", 0, 1.0, "theirs"))], "more")
    ada.push()
    bob.step(2, "f2", trial("both", 0, 0.0, "mine"))
    joined(bob.pull())
    assert bob.trials()["both", 0].answer == "mine"


def test_openings_of_both_sides(ada: Clone, bob: Clone) -> None:
    """No opening of the seal is lost, and what was pushed is not rewritten."""
    with openings.opening(ada.repo, [ada.repo.resolve("main")], "isolated", lambda: True):
        pass
    with openings.opening(bob.repo, [bob.repo.resolve("main")], "confined", lambda: True):
        pass
    with openings.opening(bob.repo, [bob.repo.resolve("main")], "process", lambda: True):
        pass
    ada.push()
    bob.pull()
    assert len(openings.read(bob.repo)) == 3
    assert bob.repo.is_ancestor(str(ada.repo.ref(openings.REF)), openings.REF)
    assert isinstance(bob.push(), Pushed)


# figures alone


def test_scores_alone_and_back(ada: Clone, bob: Clone) -> None:
    """What comes has no texts; what is here keeps them, and takes in what was made elsewhere."""
    ada.push(scores=True)
    bob.pull()
    assert is_scrubbed(bob.repo, str(bob.run.evidence.commit))
    assert bob.trials()["a", 0].scrubbed
    bob.step(2, "f2", trial("b"))
    assert isinstance(bob.push(scores=True), Pushed)
    assert joined(ada.pull()).evidence == "merged"
    assert ada.trials()["a", 0] == trial("a")
    assert ada.trials()["b", 0].scrubbed
    assert set(ada.run.evidence.steps()) == {1, 2}
    ada.step(3, "f3", trial("c"))
    assert isinstance(ada.push(scores=True), Pushed)
    assert joined(bob.pull()).evidence == "merged"
    assert not bob.trials()["b", 0].scrubbed
    assert bob.trials()["a", 0].scrubbed


def test_scores_add_nothing_the_second_time(ada: Clone) -> None:
    """Richer evidence here is ahead of, or the same as, its own figures there."""
    ada.push(scores=True)
    before = ada.run.references()
    assert joined(ada.pull()).evidence == "ahead"
    assert ada.run.references() == before
    done = ada.push(scores=True)
    assert isinstance(done, Pushed)
    assert {one.state for one in done.refs} == {"unchanged"}


# what must not be


def test_a_shallow_clone(ada: Clone, bare: Path) -> None:
    """It says how to mend it, before anything is fetched."""
    ada.push()
    run_git(bare.parent, "clone", "-q", "--depth=1", f"file://{bare}", "shallow")
    with Repository(bare.parent / "shallow") as repo:
        with pytest.raises(GitStateError, match="shallow") as caught:
            fetch(repo, ada.remote, RunBranch(repo, "r"))
        assert "fetch-depth: 0" in caught.value.mend
        assert "git fetch --unshallow" in caught.value.mend
        run_git(repo.root, "fetch", "-q", "--unshallow")
        found = fetch(repo, ada.remote, RunBranch(repo, "r"))
        assert joined(join(RunBranch(repo, "r"), found, LAYOUT)).branch == "followed"


def test_evidence_that_is_no_evidence(ada: Clone, bob: Clone) -> None:
    """What somebody pushed there is data: unreadable, it is refused, and nothing moves."""
    ada.push()
    bob.pull()
    tree = ada.repo.write_tree(
        ada.repo.tree(ada.run.evidence.ref), {f"trials/val/{LIBRARY[:40]}.jsonl": b"[1]\n"}
    )
    new = ada.repo.commit(tree, [ada.run.evidence.ref], "odd")
    ada.repo.move(ada.run.evidence.ref, new, ada.run.evidence.commit, "odd")
    ada.push()
    bob.run.evidence.write({}, [evaluation(trial("b"))], "more")
    before = bob.run.references()
    with pytest.raises(GitStateError, match="not readable"):
        bob.pull()
    assert bob.run.references() == before


def test_what_went_at_the_remote_is_not_remembered(ada: Clone, bob: Clone, bare: Path) -> None:
    """A branch that was deleted there: none is seen there, and the one here stays."""
    ada.push()
    bob.pull()
    run_git(bare, "update-ref", "-d", ada.run.branch)
    assert fetch(bob.repo, bob.remote, bob.run).branch is None
    assert joined(bob.pull()).branch == "none"
    assert bob.run.exists


JOINER = """
import sys
from pathlib import Path
from fnopt.history.remote import choose_remote
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.travel import fetch, join
from fnopt.library.layout import Layout

with Repository(Path(sys.argv[1])) as repo:
    run = RunBranch(repo, "r")
    remote = choose_remote(repo, None, "main")
    print("ready", flush=True)
    join(run, fetch(repo, remote, run), Layout.of("functions"))
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups here")
def test_no_kill_leaves_anything_half(ada: Clone, bob: Clone) -> None:
    """Killed anywhere between the fetch and the join: the next one completes it."""
    ada.push()
    bob.pull()
    bob.git("checkout", "-q", "fnopt/r")
    seed = random.Random(5)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    words = [sys.executable, "-c", JOINER, str(bob.folder)]
    for number in range(2, 7):
        ada.step(number, f"f{number}", trial(f"t{number}"))
        ada.push()
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, env=env, text=True, start_new_session=True
        ) as joiner:
            assert joiner.stdout is not None
            assert joiner.stdout.readline() == "ready\n"
            time.sleep(0.02 + seed.random() * 0.2)
            os.killpg(joiner.pid, signal.SIGKILL)
        states = {ref: bob.repo.ref(ref) for ref in bob.run.references()}
        assert all(sha and ada.repo.is_ancestor(sha, ref) for ref, sha in states.items())
    joined(bob.pull())
    assert same(ada, bob)
    assert bob.git("status", "--porcelain") == ""
    bob.git("fsck", "--strict", "--no-dangling")
