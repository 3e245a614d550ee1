"""A person overrules the gate."""

from __future__ import annotations

import pytest

from fnopt.errors import UsageError
from fnopt.history import message
from fnopt.history.keep import KeptByPerson, keep
from fnopt.history.refusal import Refusal
from fnopt.history.repo import Repository
from fnopt.history.rollback import RolledBack, roll_back
from fnopt.history.runs import RunBranch
from fnopt.history.updates import updates

from .conftest import Git
from .test_rollback import LAYOUT, add, defined, paths, publish


def lost(run: RunBranch, step: int, name: str) -> str:
    """An update that lost, with its revert behind it."""
    return publish(run, step, {f"functions/{name}.py": defined(name)}, name, keep=False)


def kept(repo: Repository, rev: str) -> KeptByPerson:
    outcome = keep(repo, rev, LAYOUT)
    assert isinstance(outcome, KeptByPerson), outcome
    return outcome


def refused(repo: Repository, rev: str) -> Refusal:
    """The refusal, which must leave every reference where it was."""
    before = repo.refs("refs/")
    outcome = keep(repo, rev, LAYOUT)
    assert isinstance(outcome, Refusal), outcome
    assert repo.refs("refs/") == before
    return outcome


def test_an_update_that_lost_comes_back(repo: Repository, run: RunBranch) -> None:
    """Later updates stay; the commit says who decided, and undoes the revert as git would say."""
    first = lost(run, 1, "f1")
    revert = run.head()
    add(run, 2, "f2")
    outcome = kept(repo, first[:9])
    assert outcome == KeptByPerson("r", run.branch, first, run.head(), ("f1",))
    assert {"functions/f1.py", "functions/f2.py"} <= set(paths(repo, run.branch))
    (commit,) = repo.log(f"{run.head()}^!")
    assert commit.message.startswith('Reapply "feat(functions): add f1"\n')
    assert message.reverted(commit.message) == revert
    assert message.trailers(commit.message) == {
        "Fnopt-Run": ("r",),
        "Fnopt-Action": ("keep",),
        "Fnopt-Function": ("f1",),
        "Fnopt-Verdict": ("kept; by a person",),
    }


def test_the_log_tells_that_it_was_overruled(repo: Repository, run: RunBranch) -> None:
    """The gate's verdict stands; that it holds no more is known."""
    first = lost(run, 1, "f1")
    assert not updates(run)[0].overruled
    kept(repo, first)
    update, by_person = updates(run)
    assert (update.verdict, update.overruled) == ("reverted", True)
    assert (by_person.action, by_person.verdict) == ("keep", "kept")


def test_kept_taken_back_and_kept_again(repo: Repository, run: RunBranch) -> None:
    """People may change their minds as often as they like."""
    first = lost(run, 1, "f1")
    kept(repo, first)
    assert isinstance(roll_back(repo, first, LAYOUT), RolledBack)
    assert "functions/f1.py" not in paths(repo, run.branch)
    kept(repo, first)
    assert "functions/f1.py" in paths(repo, run.branch)
    assert refused(repo, first).message == f"{first[:10]} is kept already"


def test_a_roll_back_is_overruled_too(repo: Repository, run: RunBranch) -> None:
    """What a person took back another may keep."""
    first = add(run, 1, "f1")
    roll_back(repo, first, LAYOUT)
    kept(repo, first)
    assert "functions/f1.py" in paths(repo, run.branch)


def test_what_waits_is_published_as_it_is(repo: Repository, run: RunBranch) -> None:
    """An undecided candidate becomes an update with a person's verdict; nothing waits any more."""
    text = message.compose(
        "feat(functions): add f1", "Why.", [("Fnopt-Run", "r"), ("Fnopt-Step", "1")]
    )
    text = text.rstrip() + "\nFnopt-Action: add\nFnopt-Function: f1\n"
    tree = repo.write_tree(repo.tree(run.head()), {"functions/f1.py": defined("f1")})
    waits = run.pend(tree, 1, text)
    outcome = kept(repo, waits.commit[:10])
    assert outcome.commit == run.head()
    assert run.pending() is None
    (update,) = updates(run)
    assert (update.verdict, update.reason, update.function) == ("kept", "by a person", "f1")


def test_what_was_changed_since_is_refused(repo: Repository, run: RunBranch) -> None:
    """Another function of that name came meanwhile."""
    first = lost(run, 1, "f1")
    add(run, 2, "f1", "return 2")
    outcome = refused(repo, first)
    assert "functions/f1.py was changed since" in outcome.message
    assert outcome.functions == ("f1",)
    assert outcome.mend == f"bring it back by hand: git cherry-pick {first[:10]}"


def test_what_would_not_work_any_more_is_refused(repo: Repository, run: RunBranch) -> None:
    """It calls a function that has gone."""
    base = add(run, 1, "base")
    calls = defined("f1", "return base()", "from functions.base import base\n\n\n")
    first = publish(run, 2, {"functions/f1.py": calls}, "f1", keep=False)
    roll_back(repo, base, LAYOUT)
    assert "base" in refused(repo, first).message


def test_what_was_never_lost_or_is_no_update(repo: Repository, run: RunBranch) -> None:
    """Each is told for what it is."""
    first = add(run, 1, "f1")
    assert "kept already" in refused(repo, first).message
    with pytest.raises(UsageError, match="no update of a run"):
        keep(repo, "main", LAYOUT)
    second = lost(run, 2, "f2")
    by_person = kept(repo, second).commit
    with pytest.raises(UsageError, match="a person's keep itself"):
        keep(repo, by_person, LAYOUT)


def test_the_branch_that_is_checked_out_comes_first(
    repo: Repository, run: RunBranch, git: Git
) -> None:
    """After a merge it comes back on main, and the working tree follows."""
    first = lost(run, 1, "f1")
    git("merge", "-q", "--no-ff", "fnopt/r", "-m", "merge")
    outcome = kept(repo, first)
    assert outcome.branch == "refs/heads/main"
    assert git("status", "--porcelain") == ""
    assert (repo.root / "functions" / "f1.py").exists()
