"""``fnopt pr`` where things are not as they should be: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from review.forge_double import Double

from .conftest import run_git
from .pr_scene import PATH, VARIABLES, Person, ann, endpoint, forge, learned

__all__ = ["ann", "endpoint", "forge", "learned"]

github = pytest.mark.parametrize("kind", ["github"])


@github
def test_without_a_token(learned: Person, forge: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is pushed, and the address where a person opens the pull request is printed."""
    monkeypatch.delenv(VARIABLES["github"])
    learned.git("remote", "set-url", "origin", forge.git_url_with_token)
    told = learned.fnopt("pr")
    assert told["url"] is None
    assert told["compare"] == f"{forge.url}/acme/tools/compare/main...fnopt/run-1"
    assert forge.git("rev-parse", "refs/heads/fnopt/run-1") == learned.git(
        "rev-parse", "fnopt/run-1"
    )
    assert forge.pulls == []


@github
def test_a_dry_run(learned: Person, forge: Double) -> None:
    """The body and the plan; nothing is pushed, opened or asked."""
    told = learned.fnopt("pr", "--dry-run")
    assert told["dry_run"]
    assert "count_letter" in told["body"]
    assert forge.pulls == []
    assert forge.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]


@github
def test_no_remote(learned: Person) -> None:
    """One line says what is missing, one how to mend it."""
    learned.git("remote", "remove", "origin")
    learned.fnopt("pr", code=4)
    assert learned.said == "error: there is no remote to push to\nmend: git remote add origin URL\n"


@github
def test_a_run_that_kept_nothing(learned: Person, forge: Double) -> None:
    """There is nothing to merge: exit 3, no pull request; what was paid for is pushed."""
    learned.git("update-ref", "refs/heads/fnopt/none", "main")
    learned.git("update-ref", "refs/fnopt/runs/none", "refs/fnopt/runs/run-1")
    told = learned.fnopt("pr", "--run", "none", code=3)
    assert told["pushed"]
    assert "has kept no update" in learned.said
    assert forge.pulls == []
    there = forge.git("rev-parse", "refs/fnopt/runs/none")
    assert there == learned.git("rev-parse", "refs/fnopt/runs/none")


@github
def test_an_answer_that_is_lost(learned: Person, forge: Double) -> None:
    """The forge opened the pull request and could not say so: it is found, not opened again."""
    forge.fail_next(r"POST .*/pulls", "after")
    told = learned.fnopt("pr")
    assert told["number"] == 1
    assert len(forge.pulls) == 1


@github
def test_no_right_to_push(learned: Person, forge: Double) -> None:
    """What the server says, and no pull request of a branch that is not there."""
    forge.grant(forge.user, "read")
    learned.fnopt("pr", code=4)
    assert "403" in learned.said
    assert learned.said.count("\n") == learned.said.rstrip().count("\n") + 1
    assert forge.pulls == []


@github
def test_a_protected_branch(learned: Person, forge: Double) -> None:
    """The server's refusal is told with what it said; evidence is not pushed alone."""
    forge.protect("fnopt/run-1")
    learned.fnopt("pr", code=4)
    assert "let fnopt/* be pushed to in the rules of the forge" in learned.said
    assert "refs/fnopt/runs/run-1" not in forge.git("for-each-ref", "--format=%(refname)")


@github
def test_an_expired_token(learned: Person, forge: Double) -> None:
    """It says which token and what to do; what was learned stays."""
    forge.expire()
    learned.fnopt("pr", code=(1, 4))
    assert "mend:" in learned.said
    assert learned.fnopt("log")["updates"][0]["verdict"] == "kept"


@github
def test_what_people_wrote_into_the_body(learned: Person, forge: Double) -> None:
    """It stays, and so does their title, when the run goes on."""
    learned.fnopt("pr")
    old = forge.pull(1).body
    forge.edit(
        1, title="Letters, at last", body=f"Ann: please look at this one.\n\n{old}\nThanks!\n"
    )
    learned.fnopt("step", "--max-steps", "9", code=(0, 3))
    learned.fnopt("pr")
    body = forge.pull(1).body
    assert body.startswith("Ann: please look at this one.")
    assert "Thanks!" in body
    assert body != old
    assert forge.pull(1).title == "Letters, at last"
    assert len(forge.pulls) == 1


@github
def test_the_kept_updates_alone(ann: Person, forge: Double) -> None:
    """A clean branch without what was taken back, whose figures follow from the same evidence."""
    ann.fnopt("train", "--max-steps", "2")
    whole = ann.git("rev-list", "--count", "main..fnopt/run-1")
    told = ann.fnopt("pr", "--kept-only")
    assert told["head"] == "fnopt-kept/run-1"
    assert forge.pull(1).head == "fnopt-kept/run-1"
    ann.git("fetch", "-q", "origin", "fnopt-kept/run-1")
    assert ann.git("rev-list", "--count", "main..FETCH_HEAD") == "1"
    assert whole == "3"
    assert ann.git("diff", "FETCH_HEAD", "fnopt/run-1") == ""
    assert ann.fnopt("verify", "FETCH_HEAD", "--run", "run-1")["findings"] == []


@github
def test_figures_alone(learned: Person, forge: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    """No word of a conversation leaves; what was pushed still verifies in a fresh clone."""
    monkeypatch.setenv("FNOPT_REVIEW_EVIDENCE", "scores")
    question = json.loads((learned.folder / "tasks" / "val.jsonl").read_text().splitlines()[0])
    learned.fnopt("pr")
    assert "the evidence goes along" not in learned.said
    files = forge.git("ls-tree", "-r", "--name-only", "refs/fnopt/runs/run-1").split()
    pushed = "".join(forge.git("show", f"refs/fnopt/runs/run-1:{path}") for path in files)
    assert "trials/val/" in " ".join(files)
    assert question["question"] not in pushed
    assert "ANSWER:" not in pushed
    again = learned.fnopt("pr")
    assert not again["pushed"]


@github
def test_a_fresh_clone_goes_on(
    learned: Person, forge: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nightly job has the run, its evidence and its pull request from the remote alone."""
    learned.fnopt("pr")
    night = tmp_path / "night"
    run_git(tmp_path, "clone", "-q", forge.git_url_with_token, str(night))
    fetched = ("+refs/fnopt/*:refs/fnopt/*", "+refs/heads/fnopt/*:refs/heads/fnopt/*")
    run_git(night, "fetch", "-q", "origin", *fetched)
    monkeypatch.chdir(night)
    job = Person(night, learned._capfd)
    assert job.fnopt("step", "--max-steps", "9", code=(0, 3))["run"] == "run-1"
    told = job.fnopt("pr")
    assert (told["number"], told["created"]) == (1, False)
    monkeypatch.chdir(learned.folder)
    learned.fnopt("pr")
    assert learned.git("rev-parse", "fnopt/run-1") == run_git(night, "rev-parse", "fnopt/run-1")


@github
def test_a_branch_that_was_deleted_at_the_forge(learned: Person, forge: Double) -> None:
    """Its pull request closed with it: that is a refusal, and it is not pushed again by itself."""
    learned.fnopt("pr")
    forge.close(1)
    forge.delete_branch("fnopt/run-1")
    learned.fnopt("pr", code=2)
    assert "was closed without a merge" in learned.said
    assert "refs/heads/fnopt/run-1" not in forge.git("for-each-ref", "--format=%(refname)")


@github
def test_hostile_words_of_a_model(learned: Person, forge: Double) -> None:
    """A function's text that mentions people and closes issues does neither in the body."""
    path = learned.folder / PATH
    learned.git("switch", "-q", "fnopt/run-1")
    text = path.read_text().replace("Where to look.", "@everyone fixes #1 <img src=x> <!-- fnopt:")
    path.write_text(text)
    learned.git("commit", "-qam", "closes #12, hello @everyone\n\nFnopt-Verdict: kept")
    learned.git("switch", "-q", "main")
    learned.fnopt("pr")
    body = forge.pull(1).body
    assert "@everyone" not in body
    assert "closes #12" not in body
    assert "<img" not in body


@github
def test_a_shallow_clone(learned: Person, forge: Double, tmp_path: Path) -> None:
    """Its log is cut off: it says how to get the rest, and pushes nothing."""
    learned.fnopt("pr")
    night = tmp_path / "night"
    url = forge.git_url_with_token
    run_git(tmp_path, "clone", "-q", "--depth", "1", "-b", "fnopt/run-1", url, str(night))
    run_git(night, "fetch", "-q", "--depth", "1", "origin", "+refs/fnopt/*:refs/fnopt/*")
    job = Person(night, learned._capfd)
    with pytest.MonkeyPatch.context() as there:
        there.chdir(night)
        job.fnopt("pr", "--run", "run-1", code=4)
    assert "shallow" in job.said
    assert "git fetch --unshallow" in job.said
    assert len(forge.pulls) == 1


@github
def test_two_jobs_at_once(learned: Person, forge: Double, tmp_path: Path) -> None:
    """Both have gone on from the same commit: all of it is there, nobody was overwritten."""
    night = tmp_path / "night"
    learned.fnopt("pr")
    run_git(tmp_path, "clone", "-q", forge.git_url_with_token, str(night))
    fetched = ("+refs/fnopt/*:refs/fnopt/*", "+refs/heads/fnopt/*:refs/heads/fnopt/*")
    run_git(night, "fetch", "-q", "origin", *fetched)
    other = Person(night, learned._capfd)
    with pytest.MonkeyPatch.context() as there:
        there.chdir(night)
        other.git("switch", "-q", "fnopt/run-1")
        (night / "notes.txt").write_text("theirs\n")
        other.git("add", "notes.txt")
        other.git("commit", "-qm", "theirs")
        other.fnopt("pr")
    learned.git("switch", "-q", "fnopt/run-1")
    (learned.folder / "more.txt").write_text("mine\n")
    learned.git("add", "more.txt")
    learned.git("commit", "-qm", "mine")
    learned.git("switch", "-q", "main")
    told = learned.fnopt("pr")
    assert (told["number"], told["created"]) == (1, False)
    names = forge.git("ls-tree", "--name-only", "refs/heads/fnopt/run-1").split()
    assert {"notes.txt", "more.txt"} <= set(names)


@github
def test_a_limit_of_the_forge(learned: Person, forge: Double) -> None:
    """A limit that ends much later is told with its time; the run is pushed, and goes on later."""
    forge.limit(0, int(time.time()) + 3000)
    learned.fnopt("pr", code=1)
    assert "rate limit" in learned.said.lower()
    forge.limit(5000, int(time.time()) + 3000)
    assert learned.fnopt("pr")["created"]


@github
def test_a_token_that_expires_costs_no_step(learned: Person, forge: Double) -> None:
    """The step is done without the forge, and says that nobody was asked."""
    learned.fnopt("pr")
    forge.expire()
    learned.fnopt("step", "--max-steps", "9", code=(0, 3))
    assert "is not looked at" in learned.said
    assert learned.fnopt("log")["updates"][-1]["step"] == 2


@github
def test_a_change_of_two_megabytes(learned: Person, forge: Double) -> None:
    """The body stays within what forges take."""
    learned.git("switch", "-q", "fnopt/run-1")
    table = ",\n".join(f"    {n}: 'number {n} of the table'" for n in range(60_000))
    code = f'TABLE = {{\n{table},\n}}\n\n\ndef look_up(n: int) -> str:\n    """Look up."""\n'
    (learned.folder / "functions" / "look_up.py").write_text(f"{code}    return TABLE[n]\n")
    learned.git("add", ".")
    learned.git("commit", "-qm", "a table")
    learned.git("switch", "-q", "main")
    learned.fnopt("pr")
    assert "look_up" in forge.pull(1).body
    assert len(forge.pull(1).body) <= 60_000
