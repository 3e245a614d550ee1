"""Taking one update back, on real histories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnopt.errors import GitStateError, UsageError
from fnopt.history import message
from fnopt.history.refusal import Refusal, broken
from fnopt.history.repo import Repository
from fnopt.history.rollback import RolledBack, roll_back
from fnopt.history.runs import RunBranch
from fnopt.history.target import taken_back
from fnopt.history.updates import updates
from fnopt.library.function import read
from fnopt.library.layout import Layout

from .conftest import Git

LAYOUT = Layout.of("functions")


def defined(name: str, body: str = "return 1", above: str = "") -> bytes:
    """A module with one function."""
    return f'{above}def {name}() -> int:\n    """Give a number."""\n    {body}\n'.encode()


def publish(
    run: RunBranch, step: int, files: dict[str, bytes | None], *names: str, keep: bool = True
) -> str:
    """One judged update on the run's branch; its commit."""
    text = message.compose(
        message.subject([("add", name) for name in names]),
        "Why.",
        [
            ("Fnopt-Run", run.name),
            ("Fnopt-Step", str(step)),
            *(("Fnopt-Function", name) for name in names),
            ("Fnopt-Verdict", "kept; better" if keep else "reverted; worse"),
        ],
    )
    tree = run.repo.write_tree(run.repo.tree(run.head()), files)
    return run.publish(run.pend(tree, step, text), text, LAYOUT, keep=keep)


def add(run: RunBranch, step: int, name: str, body: str = "return 1", above: str = "") -> str:
    """An update that adds one function in a file of its own."""
    files: dict[str, bytes | None] = {f"functions/{name}.py": defined(name, body, above)}
    return publish(run, step, files, name)


def done(repo: Repository, rev: str) -> RolledBack:
    """The roll-back, which must succeed."""
    outcome = roll_back(repo, rev, LAYOUT)
    assert isinstance(outcome, RolledBack), outcome
    return outcome


def refused(repo: Repository, rev: str) -> Refusal:
    """The refusal, which must come, and leave every reference where it was."""
    before = repo.refs("refs/")
    outcome = roll_back(repo, rev, LAYOUT)
    assert isinstance(outcome, Refusal), outcome
    assert repo.refs("refs/") == before
    assert "\n" not in outcome.message + outcome.mend
    assert outcome.mend
    return outcome


def paths(repo: Repository, rev: str) -> list[str]:
    return sorted(repo.blobs(rev, *LAYOUT.roots))


def test_just_this_update_goes(repo: Repository, run: RunBranch) -> None:
    """Later updates stay; the branch gains one commit with the record of who did it."""
    first, second = add(run, 1, "f1"), add(run, 2, "f2")
    outcome = done(repo, first[:9])
    (commit,) = repo.log(run.branch, f"^{second}")
    assert outcome == RolledBack("r", run.branch, first, commit.sha, ("f1",))
    assert paths(repo, run.branch) == ["functions/f2.py", "functions/run.py", "functions/words.py"]
    assert commit.message.startswith(
        f'Revert "feat(functions): add f1"\n\nThis reverts commit {first}.\n\n'
    )
    assert message.trailers(commit.message) == {
        "Fnopt-Run": ("r",),
        "Fnopt-Action": ("rollback",),
        "Fnopt-Function": ("f1",),
        "Fnopt-Verdict": ("kept; rolled back by a person",),
    }


def test_the_log_shows_it(repo: Repository, run: RunBranch) -> None:
    """The update with the commit that took it back, and the roll-back itself."""
    first = add(run, 1, "f1")
    outcome = done(repo, first)
    found = updates(run)
    assert [(u.commit, u.revert, u.action) for u in found] == [
        (first, outcome.commit, ""),
        (outcome.commit, None, "rollback"),
    ]


def test_an_update_of_several_functions_goes_as_a_whole(repo: Repository, run: RunBranch) -> None:
    """All that the commit did is undone, and all its functions are named."""
    files: dict[str, bytes | None] = {
        "functions/a.py": defined("a"),
        "functions/b.py": defined("b", "return a()", "from functions.a import a\n\n\n"),
    }
    outcome = done(repo, publish(run, 1, files, "a", "b"))
    assert outcome.functions == ("a", "b")
    assert repo.tree(run.branch) == repo.tree("main")


def test_the_branch_that_is_checked_out_comes_first(
    work: Path, git: Git, repo: Repository, run: RunBranch
) -> None:
    """After a merge the update goes from main, and the working tree follows."""
    first = add(run, 1, "f1")
    git("merge", "-q", "--no-ff", "-m", "merge", "fnopt/r")
    head = run.head()
    assert (work / "functions" / "f1.py").exists()
    outcome = done(repo, first)
    assert outcome.branch == "refs/heads/main"
    assert git("rev-parse", "main") == outcome.commit
    assert run.head() == head
    assert not (work / "functions" / "f1.py").exists()
    assert git("status", "--porcelain") == ""


def test_a_working_tree_with_changes_is_left_alone(
    work: Path, git: Git, repo: Repository, run: RunBranch
) -> None:
    """Refused as a state of git, nothing moved, nothing lost."""
    first = add(run, 1, "f1")
    git("checkout", "-q", "fnopt/r")
    (work / "functions" / "words.py").write_text("mine\n")
    head = run.head()
    with pytest.raises(GitStateError, match="not clean"):
        roll_back(repo, first, LAYOUT)
    assert run.head() == head
    assert (work / "functions" / "words.py").read_text() == "mine\n"


def test_a_roll_back_that_was_killed_is_completed(
    work: Path, git: Git, repo: Repository, run: RunBranch
) -> None:
    """The branch had moved and the working tree not yet: it follows before anything else."""
    first, second = add(run, 1, "f1"), add(run, 2, "f2")
    git("merge", "-q", "fnopt/r")
    old = git("rev-parse", "main")
    new = done(repo, first).commit
    git("reset", "-q", "--hard", old)
    git("update-ref", "refs/heads/main", new)
    (repo.folder / ".rollback.journal").write_text(json.dumps({"old": old, "new": new}))
    done(repo, second)
    assert git("status", "--porcelain") == ""
    assert not (work / "functions" / "f1.py").exists()


def test_what_later_updates_built_on_stays(repo: Repository, run: RunBranch) -> None:
    """Files, functions and the later updates are named."""
    first = add(run, 1, "f1")
    later = publish(run, 2, {"functions/f1.py": defined("f1", "return 2")}, "f1")
    outcome = refused(repo, first)
    assert outcome.files == ("functions/f1.py",)
    assert outcome.functions == ("f1",)
    assert outcome.commits == (later,)
    assert f"fnopt rollback {later[:10]}" in outcome.mend
    done(repo, later)
    done(repo, first)
    assert repo.tree(run.branch) == repo.tree("main")


def test_neighbours_of_the_same_file_come_apart(repo: Repository, run: RunBranch) -> None:
    """Where git sees one conflict of lines, the update's own function goes and the later stays."""
    base = defined("m")
    publish(run, 1, {"functions/m.py": base}, "m")
    one = base + b"\n\n" + defined("one")
    first = publish(run, 2, {"functions/m.py": one}, "one")
    two = base + b"\n\n" + defined("two")
    publish(run, 3, {"functions/m.py": one + b"\n\n" + defined("two")}, "two")
    assert repo.merge_revert(run.head(), first)[0] is None
    outcome = done(repo, first)
    assert repo.read(repo.blobs(outcome.commit)["functions/m.py"]) == two


def test_what_another_function_calls_stays(repo: Repository, run: RunBranch) -> None:
    """Callers are named, also those that call through a private helper."""
    above = "from functions.f1 import f1\n\n\ndef _help() -> int:\n    return f1()\n\n\n"
    first = add(run, 1, "f1")
    add(run, 2, "f2", "return _help()", above)
    outcome = refused(repo, first)
    assert outcome.functions == ("f2",)
    assert outcome.message == "f2 still calls f1, which would go"


def test_callers_in_the_same_module_count(repo: Repository, run: RunBranch) -> None:
    """A function that an update added to an existing file, used there by a later one."""
    gap = "\n\n# a comment that keeps the two apart\n# so that no lines conflict\n\n\n"
    base = {"functions/m.py": defined("m") + gap.encode() + defined("z")}
    publish(run, 1, dict(base), "m", "z")
    one = defined("one") + b"\n\n" + base["functions/m.py"]
    first = publish(run, 2, {"functions/m.py": one}, "one")
    publish(
        run, 3, {"functions/m.py": one.replace(b"z() -> int:\n", b"z() -> int:\n    one()\n")}, "z"
    )
    assert refused(repo, first).functions == ("z",)


def test_a_lost_update_is_taken_back_already(repo: Repository, run: RunBranch) -> None:
    """The revert that the gate wrote is named."""
    lost = publish(run, 1, {"functions/f1.py": defined("f1")}, "f1", keep=False)
    outcome = refused(repo, lost)
    assert outcome.commits == (run.head(),)
    assert "already taken back" in outcome.message


def test_no_update_is_taken_back_twice(git: Git, repo: Repository, run: RunBranch) -> None:
    """Unless the roll-back was itself reverted."""
    first = add(run, 1, "f1")
    once = done(repo, first).commit
    assert refused(repo, first).commits == (once,)
    git("checkout", "-q", "fnopt/r")
    git("revert", "--no-edit", once)
    done(repo, first)
    assert repo.tree(run.branch) == repo.tree("main")


def test_an_update_undone_by_hand(git: Git, repo: Repository, run: RunBranch) -> None:
    """Nothing is left to take back, though no commit says so."""
    first = add(run, 1, "f1")
    git("checkout", "-q", "fnopt/r")
    git("rm", "-q", "functions/f1.py")
    git("commit", "-qm", "away with it")
    assert "nothing of" in refused(repo, first).message


@pytest.mark.parametrize("rev", ["main", "fnopt/r"])
def test_only_updates_of_a_run(repo: Repository, run: RunBranch, rev: str) -> None:
    """A person's commit is none; neither is a roll-back."""
    first = add(run, 1, "f1")
    done(repo, first)
    with pytest.raises(UsageError, match=r"no update of a run|roll-back itself"):
        roll_back(repo, rev, LAYOUT)


def test_a_squash_of_updates(git: Git, repo: Repository, run: RunBranch) -> None:
    """Several updates in one commit cannot be told apart."""
    add(run, 1, "f1"), add(run, 2, "f2")
    git("merge", "-q", "--squash", "fnopt/r")
    git("commit", "-qF", ".git/SQUASH_MSG")
    with pytest.raises(UsageError, match="squashed"):
        roll_back(repo, "main", LAYOUT)


def test_an_update_on_no_branch_of_ours(git: Git, repo: Repository, run: RunBranch) -> None:
    """Neither checked out nor on its run's branch: nothing may be written."""
    first = add(run, 1, "f1")
    git("branch", "keep", "fnopt/r")
    git("branch", "-qD", "fnopt/r")
    with pytest.raises(GitStateError, match="neither on the branch"):
        roll_back(repo, first, LAYOUT)


def test_a_held_run(work: Path, repo: Repository, run: RunBranch) -> None:
    """A run in work is not changed under its feet."""
    first = add(run, 1, "f1")
    held = pytest.raises(GitStateError, match="held")
    with Repository(work) as other, RunBranch(other, "r").lock(), held:
        roll_back(repo, first, LAYOUT)


BASE = {"f/a.py": b"def a() -> int:\n    return 1\n"}
USED = {"f/b.py": b"from f.a import a\n\n\ndef b() -> int:\n    return a()\n"}


@pytest.mark.parametrize(
    ("before", "after", "functions"),
    [
        (BASE | USED, BASE | USED, None),
        (BASE | USED, BASE, None),
        (BASE | USED, USED, ("b",)),
        (BASE | USED, USED | {"f/a.py": b"X = 1\n"}, ("b",)),
        (BASE | USED, {"f/b.py": b"def b() -> int:\n    return 1\n"}, None),
        (BASE, {"f/a.py": b"def a() -> int:\n    return _x()\n"}, ("a",)),
        (BASE, {"f/a.py": b"def a(:\n"}, ()),
    ],
)
def test_every_name_must_still_resolve(
    before: dict[str, bytes], after: dict[str, bytes], functions: tuple[str, ...] | None
) -> None:
    """The functions that would be left with a call into nothing, or None when all is well."""
    found = broken(read(before), read(after), read(BASE))
    assert (found.functions if found else None) == functions


def test_what_never_resolved_is_no_loss() -> None:
    """The library before the update was broken in the same way: it may come back."""
    old = {"f/a.py": b"def a() -> int:\n    return _x()\n"}
    assert broken(read(BASE), read(old), read(old)) is None


def test_reverts_of_reverts_alternate() -> None:
    """Newest first: what takes back a taking back brings the first back."""
    update, one, two, three = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
    says = [
        (sha, f"s\n\nThis reverts commit {bad[:12]}.")
        for sha, bad in ((three, two), (two, one), (one, update))
    ]
    assert taken_back(update, says[2:]) == one
    assert taken_back(update, says[1:]) is None
    assert taken_back(update, says) == one
    assert taken_back("e" * 40, says) is None
