"""What a run's log and evidence say, read without a model and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fnopt.errors import GitStateError
from fnopt.history.keep import keep
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.review.facts import Scope, facts
from fnopt.sandbox import Grant

from .body_scene import COUNT, LAYOUT, START, WIDE, begun, claimed, git, repository, step, trials


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBranch]:
    """A run that has just begun, on a library of one function."""
    with Repository(repository(tmp_path / "work")) as repo:
        yield begun(repo)


def add_count(run: RunBranch, number: int = 1, **other: object) -> str:
    """An update that adds ``count``."""
    files = {"functions/count.py": COUNT}
    return step(run, number, [("add", "count")], files, **other)  # type: ignore[arg-type]


def test_a_run_that_changed_nothing(run: RunBranch) -> None:
    """There is nothing to tell, and nothing fails."""
    found = facts(run, LAYOUT)
    assert (found.functions, found.claims, found.measured) == ((), (), None)
    assert found.selection == (None, None)
    assert (found.head, found.base, found.began) == (run.head(),) * 3
    assert (found.branch, found.remote) == ("fnopt/r", "origin")


def test_functions_with_signatures_reasons_and_commits(run: RunBranch) -> None:
    """Added, revised and removed, each with the updates that are why; what was taken back is no
    reason."""
    added = add_count(run, why="Diagnosis first.\n\nThen why.")
    revised = step(run, 2, [("revise", "count")], {"functions/count.py": WIDE})
    lost = step(run, 3, [("remove", "count")], {"functions/count.py": None}, keep=False)
    removed = step(run, 4, [("remove", "shout")], {"functions/words.py": None})
    found = facts(run, LAYOUT)
    count, shout = found.functions
    assert (count.name, count.kind, count.before) == ("count", "added", None)
    assert count.after == "count(word: str, of: str='') -> int"
    assert count.commits == (added, revised)
    assert (shout.kind, shout.after, shout.commits) == ("removed", None, (removed,))
    assert [one.update.commit for one in found.reasons] == [added, revised, removed]
    assert found.reasons[0].text == "Diagnosis first.\n\nThen why."
    kinds = [(one.commit, one.kind) for one in found.points]
    assert kinds == [(added, "kept"), (revised, "kept"), (lost, "reverted"), (removed, "kept")]
    assert found.points[0].figures == "0.250 → 0.500"
    assert [one.rule for one in found.breaks] == ["function-removed"]
    assert found.usage.tokens == 4_000
    assert dict(found.versions)["fnopt"].endswith("(begun by 0.0.9)")


def test_what_people_did_stands_in_the_lineage(run: RunBranch) -> None:
    """A commit of theirs, an update that they keep, one that they revert; a function that only they
    changed has no update."""
    lost = add_count(run, keep=False)
    keep(run.repo, lost, LAYOUT)
    git(run.repo.root, "checkout", "-q", "fnopt/r")
    (run.repo.root / "functions" / "words.py").write_bytes(WIDE.replace(b"count", b"whisper"))
    git(run.repo.root, "commit", "-qam", "by hand")
    kept = step(run, 2, [("add", "third")], {"functions/t.py": COUNT.replace(b"count", b"third")})
    git(run.repo.root, "revert", "--no-edit", kept)
    found = facts(run, LAYOUT)
    assert [one.kind for one in found.points] == [
        "kept",
        "people",
        "people",
        "taken back",
        "people",
    ]
    by_name = {one.name: one for one in found.functions}
    assert by_name["whisper"].commits == ()
    assert by_name["count"].commits == (lost,)
    assert "third" not in by_name
    assert [one.update.commit for one in found.reasons] == [lost]


def test_tasks_that_got_worse_and_credit_by_the_gates_trials(run: RunBranch) -> None:
    """Task by task, the worst first; counted on the library that is there now."""
    head = add_count(run)
    trials(run, run.repo.resolve("main"), {"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.5})
    trials(run, head, {"a": 0.5, "b": 1.0, "c": 0.0, "e": 1.0}, called="count")
    seen = facts(run, LAYOUT).measured
    assert seen is not None
    assert (seen.tasks, seen.better, seen.fresh, seen.current) == (3, 1, False, True)
    assert [(one.task, one.before, one.after) for one in seen.worse] == [
        ("c", 1.0, 0.0),
        ("a", 1.0, 0.5),
    ]
    (count,) = facts(run, LAYOUT).functions
    assert count.credit is not None
    assert (count.credit.calls, count.credit.tasks, count.credit.right) == (4, 4, 2)
    assert count.example == ('{"word": "tea"}', "3")
    assert facts(run, LAYOUT, Scope(texts=False)).functions[0].example is None


def test_a_claims_fresh_trials_come_first(run: RunBranch) -> None:
    """They chose nothing; those of the gate are left out then."""
    head = add_count(run)
    base = run.repo.resolve("main")
    trials(run, base, {"a": 1.0, "b": 1.0})
    trials(run, head, {"a": 0.0, "b": 0.0})
    for commit, score in ((base, 0.0), (head, 1.0)):
        trials(run, commit, {"a": score}, first=1_000)
    seen = facts(run, LAYOUT).measured
    assert seen is not None
    assert (seen.fresh, seen.tasks, seen.better, seen.worse) == (True, 1, 1, ())


def test_what_was_measured_last_where_the_head_was_not(run: RunBranch) -> None:
    """The newest library that the evidence knows, and that it is another one."""
    measured = add_count(run)
    trials(run, run.repo.resolve("main"), {"a": 0.0})
    trials(run, measured, {"a": 1.0}, called="count")
    step(run, 2, [("revise", "count")], {"functions/count.py": WIDE})
    found = facts(run, LAYOUT)
    assert found.measured is not None
    assert (found.measured.commit, found.measured.current) == (measured, False)
    assert found.functions[0].credit is not None


@pytest.mark.parametrize("keep", [True, False])
def test_a_claim_and_what_came_after_it(run: RunBranch, keep: bool) -> None:
    """It holds for the library that was measured: an update that lost changes nothing of that."""
    first = add_count(run)
    claimed(run, "val", first, libraries=2)
    assert facts(run, LAYOUT).claims[0].standing == "here"
    step(run, 2, [("revise", "count")], {"functions/count.py": WIDE}, keep=keep)
    (claim,) = facts(run, LAYOUT).claims
    assert (claim.standing, claim.behind) == (("moved", 1) if keep else ("here", 1))
    assert (claim.claim.score, claim.commit) == (0.75, first)


def test_which_claim_comes_first(run: RunBranch) -> None:
    """That on the sealed split, unless it is of another library and that on val is not."""
    first = add_count(run)
    claimed(run, "test", first)
    claimed(run, "val", first)
    assert [one.claim.split for one in facts(run, LAYOUT).claims] == ["test", "val"]
    second = step(run, 2, [("revise", "count")], {"functions/count.py": WIDE})
    claimed(run, "val", second)
    assert [one.claim.split for one in facts(run, LAYOUT).claims] == ["val", "test"]
    claimed(run, "val", "0" * 40)
    standings = [one.standing for one in facts(run, LAYOUT).claims]
    assert standings == ["moved", "gone"]


@pytest.mark.parametrize("broken", [{"gain": "much"}, {"split": "[x](y)"}, {"commit": None}])
def test_a_claim_that_is_none(run: RunBranch, broken: dict[str, object]) -> None:
    """Evidence that somebody edited is an error that says how to mend it."""
    claimed(run, "val", run.head(), **broken)
    with pytest.raises(GitStateError, match=r"claims/val\.json") as caught:
        facts(run, LAYOUT)
    assert caught.value.mend == "measure it again: fnopt claim --split val"


def test_without_the_evidence(run: RunBranch) -> None:
    """Where the run began is not known; the error says how to get it."""
    git(run.repo.root, "update-ref", "-d", run.evidence.ref)
    with pytest.raises(GitStateError, match="where run r began is not known") as caught:
        facts(run, LAYOUT)
    assert caught.value.mend == "git fetch ORIGIN refs/fnopt/runs/r:refs/fnopt/runs/r"


def test_tiers_grants_and_models(run: RunBranch) -> None:
    """Each once, as the commits say it; grants of the run's functions and of all."""
    add_count(
        run, Sandbox='process; count: { hosts = ["a.example"] }', Model="recorded:/home/x/d.jsonl"
    )
    step(run, 2, [("revise", "count")], {"functions/count.py": WIDE})
    given = {
        "count": Grant(hosts=("a.example",)),
        "other": Grant(env=("X",)),
        "*": Grant(read=("d",)),
    }
    found = facts(run, LAYOUT, Scope(grants=given, agent="agent-model"))
    assert found.sandbox == ('process; count: { hosts = ["a.example"] }', "confined")
    assert [name for name, _ in found.grants] == ["*", "count"]
    assert found.models == ("recorded:d.jsonl", "optimizer-model")
    assert found.agent == "agent-model"


def test_compared_with_what_it_is_to_be_merged_into(run: RunBranch) -> None:
    """What came in from there is not the run's, nor what happened there since."""
    add_count(run)
    work = run.repo.root
    (work / "functions" / "theirs.py").write_bytes(COUNT.replace(b"count", b"theirs"))
    git(work, "add", ".")
    git(work, "commit", "-qm", "theirs")
    git(work, "checkout", "-q", "fnopt/r")
    git(work, "merge", "-q", "--no-edit", "main")
    main = run.repo.resolve("main")
    assert {one.name for one in facts(run, LAYOUT).functions} == {"count", "theirs"}
    found = facts(run, LAYOUT, Scope(onto=main, branch="clean", head="a" * 40))
    assert [one.name for one in found.functions] == ["count"]
    assert (found.base, found.branch, found.head) == (main, "clean", "a" * 40)
    assert facts(run, LAYOUT, Scope(onto="b" * 40)).base == found.began


def test_faults_are_those_that_are_new(run: RunBranch) -> None:
    """What people's functions were guilty of before is not told."""
    bad = b'def count(word: str) -> int:\n    """Count."""\n    import os\n    return eval(word)\n'
    step(run, 1, [("add", "count")], {"functions/count.py": bad})
    found = facts(run, LAYOUT)
    assert found.faults
    assert {one.function for one in found.faults} == {"count"}
    assert found.rules > 20
    assert replace(found, faults=()).faults == ()
    assert "functions/words.py" in START
