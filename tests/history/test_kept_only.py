"""The kept updates alone, as a clean chain of commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnopt.errors import GitStateError
from fnopt.history.catch_up import CaughtUp, catch_up
from fnopt.history.keep import KeptByPerson, keep
from fnopt.history.kept_only import kept_only, lost
from fnopt.history.refusal import Refusal
from fnopt.history.repo import Commit, Repository
from fnopt.history.rollback import RolledBack, roll_back
from fnopt.history.runs import RunBranch
from fnopt.history.updates import Update, updates

from .conftest import Git
from .test_catch_up import commit as on_main
from .test_rollback import LAYOUT, add, defined, publish

FORM = "--format=%an <%ae> %ad%n%cn <%ce> %cd%n%B"


@pytest.fixture
def run(repo: Repository) -> RunBranch:
    """A run named ``r`` that has begun at main, and knows it."""
    branch = RunBranch(repo, "r")
    base = repo.resolve("main")
    branch.start(base)
    branch.evidence.write({"run.json": {"run": "r", "base": base}}, [], "begin r")
    return branch


def done(run: RunBranch, onto: str | None = None) -> str:
    before = run.repo.refs("refs/")
    outcome = kept_only(run, LAYOUT, onto)
    assert isinstance(outcome, str), outcome
    assert run.repo.refs("refs/") == before
    return outcome


def chain(repo: Repository, head: str, begin: str = "main") -> list[Commit]:
    """The commits of a chain, oldest first."""
    return repo.log(head, f"^{begin}")[::-1]


def lose(run: RunBranch, step: int, name: str) -> str:
    return publish(run, step, {f"functions/{name}.py": defined(name)}, name, keep=False)


def person(run: RunBranch, path: str, data: bytes, author: str = "Pat Person") -> str:
    """Somebody's commit on the branch, by another author than the run's."""
    repo, head = run.repo, run.head()
    tree = repo.write_tree(repo.tree(head), {path: data})
    words = ("commit-tree", tree, "-p", head, "-m", "fix: by hand")
    who = {"GIT_AUTHOR_NAME": author, "GIT_AUTHOR_DATE": "2026-03-04T05:06:07+0200"}
    commit = repo.git(*words, env=who).text
    repo.move(run.branch, commit, head, "person")
    return commit


def test_nothing_lost(run: RunBranch) -> None:
    """The branch itself is the chain."""
    add(run, 1, "f1")
    add(run, 2, "f2")
    assert done(run) == run.head()


def test_losers_and_their_reverts_go(repo: Repository, run: RunBranch, git: Git) -> None:
    """What stays has its message, author, dates and tree; the libraries are those measured."""
    lose(run, 1, "bad")
    first = add(run, 2, "f1")
    lose(run, 3, "worse")
    second = add(run, 4, "f2")
    found = chain(repo, done(run))
    kept = [repo.log(f"{sha}^!")[0] for sha in (first, second)]
    assert [one.tree for one in found] == [one.tree for one in kept]
    assert [git("log", "-1", FORM, one.sha) for one in found] == [
        git("log", "-1", FORM, one.sha) for one in kept
    ]
    assert found[0].parents == (repo.resolve("main"),)
    assert found[-1].parents == (found[0].sha,)
    git("fsck", "--strict", "--no-dangling")


def test_the_same_run_gives_the_same_commits(
    run: RunBranch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes them and whenever; more updates come behind those."""
    lose(run, 1, "bad")
    add(run, 2, "f1")
    first = done(run)
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Somebody Else")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2027-01-01T00:00:00+0000")
    assert done(run) == first
    add(run, 3, "f2")
    assert run.repo.log(done(run))[0].parents == (first,)


def test_what_a_person_took_back_goes(repo: Repository, run: RunBranch) -> None:
    """The update and the roll-back, from the middle; what came after it stays."""
    first = add(run, 1, "f1")
    add(run, 2, "f2")
    assert isinstance(roll_back(repo, first, LAYOUT), RolledBack)
    add(run, 3, "f3")
    head = done(run)
    assert [one.function for one in _log(repo, head)] == ["f2", "f3"]
    assert repo.tree(head) == repo.tree(run.head())


def test_what_a_person_brought_back_stays(repo: Repository, run: RunBranch) -> None:
    """Where that was done, and said to be by a person."""
    bad = lose(run, 1, "f1")
    add(run, 2, "f2")
    assert isinstance(keep(repo, bad, LAYOUT), KeptByPerson)
    head = done(run)
    assert [(one.function, one.verdict) for one in _log(repo, head)] == [
        ("f2", "kept"),
        ("f1", "kept"),
    ]
    assert repo.tree(head) == repo.tree(run.head())


def test_a_persons_commit_is_in_it_as_it_is(repo: Repository, run: RunBranch, git: Git) -> None:
    """With its author, whatever became of the updates around it."""
    lose(run, 1, "bad")
    theirs = person(run, "notes.txt", b"hello\n")
    lose(run, 2, "worse")
    (found,) = chain(repo, done(run))
    assert git("log", "-1", FORM, found.sha) == git("log", "-1", FORM, theirs)
    assert "Pat Person" in git("log", "-1", FORM, found.sha)
    assert found.tree == repo.tree(theirs)


def test_upon_the_head_of_the_base_branch(
    repo: Repository, run: RunBranch, git: Git, work: Path
) -> None:
    """By function, where lines conflict: both had added to the end of one file."""
    lose(run, 1, "bad")
    words = b"def count(): ...\n"
    publish(run, 2, {"functions/words.py": words + b"\n\n" + defined("mine")}, "mine")
    onto = on_main(git, work, {"functions/words.py": words + b"\n\n" + defined("theirs")})
    head = done(run, "main")
    (found,) = chain(repo, head)
    assert found.parents == (onto,)
    text = repo.read(repo.blobs(head, "functions")["functions/words.py"])
    assert b"def mine" in text
    assert b"def theirs" in text


def test_what_the_base_branch_has_already_is_left_out(
    repo: Repository, run: RunBranch, git: Git, work: Path
) -> None:
    """No empty commit for an update that was merged by a squash."""
    add(run, 1, "f1")
    on_main(git, work, {"functions/f1.py": defined("f1")})
    add(run, 2, "f2")
    assert [one.function for one in _log(repo, done(run, "main"))] == ["f2"]


def test_merges_of_the_base_branch(repo: Repository, run: RunBranch, git: Git, work: Path) -> None:
    """They stay merges of it, twice too; upon a head that has it they are not needed."""
    lose(run, 1, "bad")
    add(run, 2, "f1")
    theirs = []
    for number in (1, 2):
        theirs.append(on_main(git, work, {f"functions/main{number}.py": defined(f"m{number}")}))
        assert isinstance(catch_up(run, "main", LAYOUT), CaughtUp)
    add(run, 3, "f2")
    base = run.repo.resolve(f"{theirs[0]}^")
    head = done(run)
    merges = [one for one in repo.log(head, f"^{base}") if len(one.parents) > 1]
    assert [one.parents[1] for one in merges] == theirs[::-1]
    assert repo.tree(head) == repo.tree(run.head())
    plain = done(run, "main")
    assert [len(one.parents) for one in chain(repo, plain)] == [1, 1]
    assert repo.tree(plain) == repo.tree(run.head())


def test_a_merge_of_the_runs_own_branch_dissolves(repo: Repository, run: RunBranch) -> None:
    """What a person did beside a step is a commit of its own; the losers stay out of history."""
    lost_one = lose(run, 1, "bad")
    fork = run.head()
    theirs = person(run, "notes.txt", b"hello\n")
    repo.move(run.branch, fork, theirs, "back")
    add(run, 2, "f1")
    assert isinstance(catch_up(run, theirs, LAYOUT), CaughtUp)
    head = done(run)
    assert [len(one.parents) for one in chain(repo, head)] == [1, 1]
    assert not repo.is_ancestor(lost_one, head)
    assert repo.tree(head) == repo.tree(run.head())


def test_what_cannot_be_had_alone(repo: Repository, run: RunBranch, git: Git, work: Path) -> None:
    """Both changed one function: the commit and the function are named, nothing is made up."""
    publish(run, 1, {"functions/words.py": defined("count", "return 5")}, "count")
    on_main(git, work, {"functions/words.py": defined("count", "return 6")})
    before = repo.refs("refs/")
    outcome = kept_only(run, LAYOUT, "main")
    assert isinstance(outcome, Refusal)
    assert outcome.functions == ("count",)
    assert "add count" in outcome.message
    assert repo.refs("refs/") == before


def test_nobody_knows_where_it_began(repo: Repository) -> None:
    """Without evidence there is no chain."""
    branch = RunBranch(repo, "x")
    branch.start(repo.resolve("main"))
    with pytest.raises(GitStateError, match="is not known here"):
        kept_only(branch, LAYOUT)


def test_a_signature_that_still_holds_stays(repo: Repository, run: RunBranch) -> None:
    """A commit that need not be made again is the very same; of one that is, no signature stays."""
    add(run, 1, "f1")
    raw = repo.read(run.head())
    head, _, text = raw.partition(b"\n\n")
    signed = repo.write_commit(head + b"\ngpgsig -----BEGIN X-----\n line\n\n" + text)
    repo.move(run.branch, signed, run.head(), "sign")
    assert done(run) == signed
    onto = repo.commit(repo.write_tree(repo.tree("main"), {"new.txt": b"x"}), ["main"], "chore: x")
    assert b"gpgsig" not in repo.read(done(run, onto))


@pytest.mark.parametrize(
    ("commits", "gone"),
    [
        ([], ""),
        (["a", "b"], ""),
        (["a", "-a"], "a -a"),
        (["a", "b", "-a"], "a -a"),
        (["a", "-a", "--a"], "a -a"),
        (["a", "-a", "--a", "---a"], "a -a --a ---a"),
        (["a", "-a", "--a", "-a'"], "a -a --a -a'"),
        (["-x", "a"], ""),
    ],
)
def test_what_is_lost(commits: list[str], gone: str) -> None:
    """``-a`` takes ``a`` back, ``--a`` that again; what is not the run's is nobody's loss."""
    names = {one: f"{number:x}" * 40 for number, one in enumerate(["x", *commits], 1)}
    told = []
    for one in commits:
        bad = names.get(one[1:].rstrip("'")) if one.startswith("-") else None
        told.append((names[one], f"s\n\nThis reverts commit {bad}.\n" if bad else "s\n"))
    assert lost(told[::-1]) == {names[one] for one in gone.split()}


def _log(repo: Repository, head: str) -> list[Update]:
    """The updates of a chain, read as those of a run's branch."""
    other = RunBranch(repo, f"c{head[:8]}")
    other.start(head)
    base = repo.git("merge-base", head, "main").text
    other.evidence.write({"run.json": {"base": base}}, [], "test")
    return updates(other)
