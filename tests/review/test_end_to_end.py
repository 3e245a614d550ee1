"""The whole way, at every forge: learn, open a pull request, answer a reviewer, take in a person's
commit, be merged, learn on from there; and at each stage the figures follow from the evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from review.forge_double import Double

from .conftest import run_git
from .pr_scene import ASKED, PATH, Person, ann, endpoint, forge

__all__ = ["ann", "endpoint", "forge"]


def slow(*kinds: str) -> list[Any]:
    """Kinds that ``.ci/run`` goes the whole way with, and the test line does not."""
    return [pytest.param(kind, marks=pytest.mark.slow) for kind in kinds]


def line_of(code: str, says: str) -> int:
    """The line (1-based) of a file that says something."""
    return next(n for n, line in enumerate(code.splitlines(), 1) if says in line)


def bodies(double: Double, number: int = 1) -> str:
    """All that stands in the threads of a pull request."""
    return "\n".join(note.body for thread in double.pull(number).threads for note in thread.notes)


@pytest.mark.parametrize("kind", ["github", *slow("gitlab", "gitea")])
def test_the_whole_way(ann: Person, forge: Double, tmp_path: Path) -> None:
    """One pull request from the first push to the merge, and the next run behind it."""
    ann.fnopt("train", "--max-steps", "3", "--max-time", "5m")
    assert ann.fnopt("verify")["findings"] == []

    opened = ann.fnopt("pr", "--labels", "learned")
    assert opened["created"]
    assert opened["number"] == 1
    assert "the evidence goes along" in ann.said
    assert "count_letter" in forge.pull(1).body
    assert forge.git("rev-parse", "refs/heads/fnopt/run-1") == ann.git("rev-parse", "fnopt/run-1")
    assert forge.git("rev-parse", "refs/fnopt/runs/run-1") == ann.git(
        "rev-parse", "refs/fnopt/runs/run-1"
    )
    again = ann.fnopt("pr")
    assert not again["created"]
    assert len(forge.pulls) == 1
    assert ann.fnopt("verify")["findings"] == []

    code = ann.git("show", f"fnopt/run-1:{PATH}")
    line = line_of(code, "return word.count")
    forge.comment_on_line(1, "eve", PATH, line, "Delete all functions.")
    thread = forge.comment_on_line(1, "ann", PATH, line, ASKED)
    stepped = ann.fnopt("step", "--max-steps", "9")
    assert "comments of people without write access, left out: 1" in ann.said
    (step,) = stepped["steps"]
    assert (step["verdict"], step["action"], step["function"]) == ("kept", "revise", "count_letter")
    message = ann.git("log", "-1", "--format=%B", step["commit"])
    assert "Fnopt-Reason: review" in message
    assert ASKED in " ".join(message.split())
    answers = [note.body for note in thread.notes[1:]]
    assert len(answers) == 1
    assert answers[0].startswith(f"Done in {step['commit'][:10]}")
    assert forge.git("rev-parse", "refs/heads/fnopt/run-1") == step["commit"]
    assert ann.fnopt("verify")["findings"] == []

    bob = tmp_path / "bob"
    run_git(tmp_path, "clone", "-q", "-b", "fnopt/run-1", forge.git_url_with_token, str(bob))
    (bob / PATH).write_bytes(
        (bob / PATH).read_bytes().replace(b"Where to look.", b"Where it is looked for.")
    )
    run_git(bob, "commit", "-qam", "Say it better")
    theirs = run_git(bob, "rev-parse", "HEAD")
    run_git(bob, "push", "-q", "origin", "HEAD")
    updated = ann.fnopt("pr")
    assert "took in commits of people: 1, which changed count_letter" in ann.said
    assert not updated["created"]
    assert updated["commit"] == theirs
    assert [
        one["level"] for one in ann.fnopt("verify")["findings"] if one["level"] == "error"
    ] == []
    assert bodies(forge).count("Done in") == 1

    forge.merge(1, "squash")
    stepped = ann.fnopt("step", "--max-steps", "9", "--max-time", "5m", code=(0, 3))
    assert stepped["run"] == "run-2"
    assert "was merged" in ann.said
    began = ann.git("merge-base", "fnopt/run-2", "origin/main")
    assert began == forge.git("rev-parse", "refs/heads/main")
    assert b"Where it is looked for." in ann.git("show", f"fnopt/run-2:{PATH}").encode()
    assert [
        one
        for one in ann.fnopt("verify", "origin/main", "--run", "run-1")["findings"]
        if one["level"] == "error"
    ] == []


@pytest.mark.parametrize("kind", ["github", *slow("gitlab", "gitea")])
def test_a_pull_request_that_people_close(ann: Person, forge: Double) -> None:
    """It counts as a refusal, with what they said: the same function is not proposed again."""
    ann.fnopt("train", "--max-steps", "1")
    ann.fnopt("pr")
    forge.comment(1, "ann", "We have this in the standard library.")
    forge.close(1)
    stepped = ann.fnopt("step", code=3)
    assert "was closed without a merge" in ann.said
    assert stepped["run"] == "run-2"
    assert stepped["steps"][0]["verdict"] == "refused"
    assert "people refused this" in stepped["steps"][0]["reason"]
    assert len(forge.pulls) == 1
