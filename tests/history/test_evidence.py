"""Evidence: what is written comes back equal, once, and travels with a push."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnopt.errors import GitStateError
from fnopt.history.evidence import Evidence
from fnopt.history.repo import Repository
from fnopt.records import Call, Evaluation, Score, Trial, Usage

from .conftest import Git, run_git

LIBRARY = "ab" * 32


def trial(task: str, number: int = 0, value: float | None = 1.0, answer: str = "é\u2028") -> Trial:
    """A trial with something in every field; no score and an error when ``value`` is None."""
    return Trial(
        task=task,
        number=number,
        key="k" * 64,
        answer=answer,
        score=None if value is None else Score(value, "note"),
        calls=(Call("count", '{"a": 1}', "1", None, "printed\n"),),
        closures={"count": "digest"},
        messages=({"role": "user", "content": "Frage\r\n\x00"},),
        usage=Usage(2, 30, 4, None),
        error="time-out" if value is None else None,
    )


def evaluation(*trials: Trial) -> Evaluation:
    return Evaluation("val", LIBRARY, trials)


def read(evidence: Evidence) -> dict[str, list[Trial]]:
    return {path: evidence.trials(blob) for path, blob in evidence.trial_blobs().items()}


def test_nothing_written_yet(repo: Repository) -> None:
    """A run without evidence has no documents, steps or trials."""
    evidence = Evidence(repo, "r")
    assert (evidence.commit, evidence.document("run.json")) == (None, None)
    assert (evidence.steps(), evidence.trial_blobs()) == ({}, {})


def test_what_is_written_comes_back_equal(git: Git, repo: Repository) -> None:
    """Documents and trials are equal after reading; branches and index know nothing of it."""
    before = git("status", "--porcelain"), git("branch", "--list")
    evidence = Evidence(repo, "r")
    document = {"base": "x", "text": "é\n\u2028\0", "nested": {"list": [1, 2.5, None, True]}}
    trials = [trial("b"), trial("a", 1), trial("a", 0, None), trial("c", 0, 0.25)]
    evidence.write({"run.json": document}, [evaluation(*trials)], "start")
    assert evidence.document("run.json") == document
    in_order = sorted(trials, key=lambda t: (t.task, t.number))
    assert read(evidence) == {f"trials/val/{LIBRARY[:40]}.jsonl": in_order}
    assert (git("status", "--porcelain"), git("branch", "--list")) == before


def test_half_a_surrogate_pair_survives(git: Git, repo: Repository) -> None:
    """What models write and UTF-8 cannot hold is escaped and comes back as it was."""
    evidence = Evidence(repo, "r")
    spoilt = trial("a", answer="\ud83d é")
    evidence.write({"steps/0001.json": {"step": 1, "why": "\udc00"}}, [evaluation(spoilt)], "one")
    assert read(evidence) == {f"trials/val/{LIBRARY[:40]}.jsonl": [spoilt]}
    assert evidence.steps() == {1: {"step": 1, "why": "\udc00"}}
    assert "\\udc00" in git("show", f"{evidence.ref}:steps/0001.json")


def test_the_same_again_is_no_new_commit(repo: Repository) -> None:
    """Writing is idempotent, so a resumed step leaves no trace."""
    evidence = Evidence(repo, "r")
    for _ in range(2):
        evidence.write({"run.json": {"b": 1, "a": 2}}, [evaluation(trial("a"))], "start")
    evidence.write({}, [], "nothing")
    evidence.write({"run.json": {"a": 2, "b": 1}}, [evaluation()], "again")
    assert evidence.commit is not None
    assert len(repo.log(evidence.commit)) == 1


def test_trials_merge_by_task_and_number(repo: Repository) -> None:
    """Later trials join the earlier ones; the same task and number is replaced."""
    evidence = Evidence(repo, "r")
    evidence.write({}, [evaluation(trial("a", 0, None), trial("b"))], "one")
    again = [evaluation(trial("a", 0, 1.0)), evaluation(trial("a", 1, 0.0))]
    evidence.write({}, again, "two")
    expected = [trial("a", 0, 1.0), trial("a", 1, 0.0), trial("b")]
    assert read(evidence) == {f"trials/val/{LIBRARY[:40]}.jsonl": expected}


def test_splits_and_libraries_have_files_of_their_own(repo: Repository) -> None:
    """What was measured on another split or library never mixes."""
    evidence = Evidence(repo, "r")
    others = [
        Evaluation("train", LIBRARY, (trial("a"),)),
        Evaluation("val", "c" * 64, (trial("a", 0, 0.0),)),
    ]
    evidence.write({}, [evaluation(trial("a")), *others], "one")
    assert sorted(evidence.trial_blobs()) == [
        f"trials/train/{LIBRARY[:40]}.jsonl",
        f"trials/val/{LIBRARY[:40]}.jsonl",
        f"trials/val/{'c' * 40}.jsonl",
    ]


def test_steps_come_in_order(repo: Repository) -> None:
    """By number, also where the file's name has outgrown four digits."""
    evidence = Evidence(repo, "r")
    steps = {f"steps/{n:04}.json": {"step": n} for n in (10000, 2, 9999, 1)}
    evidence.write(steps, [], "many")
    assert list(evidence.steps()) == [1, 2, 9999, 10000]


def test_two_runs_do_not_meet(repo: Repository) -> None:
    """Each run has its own chain."""
    one, two = Evidence(repo, "one"), Evidence(repo, "two")
    one.write({"run.json": {"base": "1"}}, [], "start")
    assert two.document("run.json") is None
    assert sorted(repo.refs("refs/fnopt/runs/")) == ["refs/fnopt/runs/one"]


def test_the_history_of_evidence_is_kept(repo: Repository) -> None:
    """Each write is a commit upon the one before; earlier documents stay."""
    evidence = Evidence(repo, "r")
    evidence.write({"steps/0001.json": {"step": 1}}, [], "first")
    evidence.write({"steps/0002.json": {"step": 2}}, [], "second")
    assert evidence.commit is not None
    assert [commit.message for commit in repo.log(evidence.commit)] == ["second", "first"]
    assert list(evidence.steps()) == [1, 2]


def test_it_survives_push_and_clone(work: Path, repo: Repository, tmp_path: Path) -> None:
    """With an explicit refspec it arrives in a fresh clone, equal."""
    Evidence(repo, "r").write({"run.json": {"base": "x"}}, [evaluation(trial("a"))], "start")
    run_git(tmp_path, "init", "-q", "--bare", "hub.git")
    hub, spec = str(tmp_path / "hub.git"), "refs/fnopt/runs/*:refs/fnopt/runs/*"
    run_git(work, "push", "-q", hub, "main", spec)
    run_git(tmp_path, "clone", "-q", "-b", "main", hub, "clone")
    run_git(tmp_path / "clone", "fetch", "-q", "origin", spec)
    with Repository(tmp_path / "clone") as clone:
        there = Evidence(clone, "r")
        assert there.document("run.json") == {"base": "x"}
        assert read(there) == read(Evidence(repo, "r"))


@pytest.mark.parametrize("text", ["{", "[1, 2]", "3", '{"task": "a"}', "\udcff"])
def test_spoilt_evidence_is_an_error(repo: Repository, text: str) -> None:
    """What somebody edited by hand is named, with a mend."""
    data = text.encode(errors="surrogateescape")
    tree = repo.write_tree(None, {"steps/0001.json": data, "trials/val/x.jsonl": data})
    repo.move("refs/fnopt/runs/r", repo.commit(tree, [], "by hand"), None, "test")
    evidence = Evidence(repo, "r")
    (blob,) = evidence.trial_blobs().values()
    with pytest.raises(GitStateError, match="not readable") as caught:
        evidence.trials(blob)
    assert caught.value.mend
    if text != '{"task": "a"}':
        with pytest.raises(GitStateError, match="not readable"):
            evidence.steps()
