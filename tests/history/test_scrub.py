"""Evidence without texts: figures stay, nothing that was said does, and the same is the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from fnopt.history.evidence import Evidence
from fnopt.history.repo import Repository
from fnopt.history.scrub import Texts, describes, is_scrubbed, scrubbed
from fnopt.records import NOT_KEPT, Evaluation, Score, Trial

from .conftest import Git
from .test_evidence import LIBRARY, trial

SAID = "TELLTALE"


def spoken(task: str, number: int = 0, value: float | None = 1.0) -> Trial:
    """A trial with the word in every text."""
    one = trial(task, number, value, answer=SAID)
    call = replace(one.calls[0], arguments=SAID, result=SAID, stdout=SAID)
    calls = (call, replace(call, error=SAID), replace(call, function=f"{SAID} calls"))
    messages = ({"role": "user", "content": SAID},)
    score = Score(value, SAID) if value is not None else None
    error = SAID if value is None else None
    return replace(one, calls=calls, messages=messages, score=score, error=error)


def step(number: int, verdict: str) -> dict[str, object]:
    """A step's document as it is written; only what is the commit's own is not the word."""
    mine = SAID if verdict == "refused" else "in the commit"
    return {
        "step": number, "base": 0.5, "score": 0.75, "verdict": verdict, "reason": mine,
        "tokens": 7, "cost": None, "tasks": ["t1"], "share": 1.0, "actions": [["add", "f"]],
        "why": mine, "code": mine, "figures": {"p": 0.1, "better": 2}, "broke": {"val": ["b"]},
        "faults": [{"rule": "syntax", "message": SAID, "mend": SAID, "level": "error"}],
        "observed": [{"task": "t1", "calls": [f"count({SAID}) -> {SAID}"], "answer": SAID}],
        "later": SAID,
    }  # fmt: skip


def written(repo: Repository) -> Evidence:
    """Evidence of three commits with texts wherever there may be some."""
    evidence = Evidence(repo, "r")
    declined = {"url": "https://example.org/1", "said": [SAID]}
    start = {"run": "r", "base": "a" * 40, "declined": declined, "other": SAID}
    profiles = {"profiles.json": {"k": {"native": True}}, "odd.json": {"x": SAID}}
    evidence.write({"run.json": start, **profiles}, [], "begin r")
    trials = (spoken("a"), spoken("b", 1, 0.0), spoken("c", 0, None))
    judged = {"steps/0001.json": step(1, "kept"), "claims/val.json": {"gain": 0.5}}
    evidence.write(judged, [Evaluation("val", LIBRARY, trials)], "step 1: kept")
    evidence.write({"steps/0002.json": step(2, "refused")}, [], "step 2: refused")
    return evidence


def texts(repo: Repository, commit: str) -> str:
    """Every byte of every commit of a chain."""
    shas = repo.git("rev-list", commit).text.split()
    files = [repo.read(blob) for sha in shas for blob in repo.blobs(sha).values()]
    return b"".join([*files, *(repo.read(sha) for sha in shas)]).decode()


def adopted(repo: Repository, commit: str, name: str = "x") -> Evidence:
    """The commit as the evidence of another run."""
    found = Evidence(repo, name)
    repo.move(found.ref, commit, found.commit, "test")
    return found


def test_nothing_that_was_said_comes_along(repo: Repository) -> None:
    """In no commit of the chain; the evidence here is what it was."""
    evidence = written(repo)
    before = evidence.commit
    assert SAID in texts(repo, evidence.ref)
    commit = scrubbed(evidence)
    assert SAID not in texts(repo, commit)
    assert evidence.commit == before
    assert is_scrubbed(repo, commit)
    assert not is_scrubbed(repo, str(before))


def test_the_figures_stay(repo: Repository) -> None:
    """Enough to count everything again: scores by task and trial, digests, usage, verdicts."""
    evidence = written(repo)
    found = adopted(repo, scrubbed(evidence))
    ((path, blob),) = found.trial_blobs().items()
    assert path == f"trials/val/{LIBRARY[:40]}.jsonl"
    for old, new in zip(
        evidence.trials(evidence.trial_blobs()[path]), found.trials(blob), strict=True
    ):
        assert (new.task, new.number, new.key) == (old.task, old.number, old.key)
        assert (new.closures, new.usage, new.right) == (old.closures, old.usage, old.right)
        assert (new.score and new.score.value) == (old.score and old.score.value)
        assert (new.error is None) == (old.error is None)
        assert [(c.function, c.error is None) for c in new.calls] == [
            ("count", True), ("count", False), ("", True),
        ]  # fmt: skip
        assert new.scrubbed == (old.score is not None)
    steps = found.steps()
    assert (steps[1]["figures"], steps[1]["broke"]) == ({"p": 0.1, "better": 2}, {"val": ["b"]})
    assert (steps[1]["reason"], steps[1]["code"]) == ("in the commit", "in the commit")
    assert (steps[2]["reason"], steps[2]["code"]) == ("syntax", "")
    assert steps[2]["faults"] == [{"rule": "syntax", "level": "error"}]
    assert steps[1]["observed"] == [{"task": "t1", "calls": ["count()"], "answer": ""}]
    assert found.document("claims/val.json") == {"gain": 0.5}
    assert found.document("profiles.json") == {"k": {"native": True}}
    assert found.document("odd.json") is None
    assert found.document("run.json") == {
        "run": "r", "base": "a" * 40, "declined": {"url": "https://example.org/1", "said": []},
    }  # fmt: skip


def test_the_same_again_is_the_same(repo: Repository) -> None:
    """And more evidence is more commits upon those: a push goes forward."""
    evidence = written(repo)
    first = scrubbed(evidence)
    assert scrubbed(evidence) == first
    evidence.write({"steps/0003.json": step(3, "reverted")}, [], "step 3: reverted")
    second = scrubbed(evidence)
    assert repo.log(second, f"^{first}")[0].parents == (first,)
    assert len(repo.log(second)) == len(repo.log(evidence.ref))


def test_what_is_scrubbed_is_its_own_scrub(repo: Repository) -> None:
    """A clone that has nothing else goes on from it; what it adds loses its texts, alone."""
    first = scrubbed(written(repo))
    clone = adopted(repo, first)
    assert scrubbed(clone) == first
    clone.write({}, [Evaluation("train", LIBRARY, (spoken("d"),))], "more")
    assert not is_scrubbed(repo, str(clone.commit))
    second = scrubbed(clone)
    assert SAID not in texts(repo, second)
    assert repo.log(second, f"^{first}")[0].parents == (first,)


def test_what_is_public_already_stays(repo: Repository) -> None:
    """Turned to scores later, the push still goes forward, and its newest files have no texts."""
    evidence = written(repo)
    public = str(evidence.commit)
    evidence.write({"steps/0003.json": step(3, "refused")}, [], "step 3: refused")
    commit = scrubbed(evidence, public)
    assert repo.log(commit)[0].parents == (public,)
    assert SAID not in json.dumps(adopted(repo, commit).steps())
    assert scrubbed(evidence, commit) == commit


def test_a_file_that_is_not_readable(repo: Repository) -> None:
    """Nobody knows what it holds: it does not come along."""
    evidence = written(repo)
    tree = repo.write_tree(repo.tree(evidence.ref), {"steps/0009.json": b"TELLTALE"})
    evidence = adopted(repo, repo.commit(tree, [evidence.ref], "odd"), "y")
    assert SAID not in texts(repo, scrubbed(evidence))


def test_what_would_leave(repo: Repository) -> None:
    """Counts for who is about to push: trials, those with their conversation, steps, bytes."""
    assert describes(Evidence(repo, "none")) == Texts(0, 0, 0, 0)
    evidence = written(repo)
    found = describes(evidence)
    size = sum(len(repo.read(blob)) for blob in repo.blobs(evidence.ref).values())
    assert found == Texts(3, 3, 2, size)
    less = describes(adopted(repo, scrubbed(evidence)))
    assert (less.trials, less.conversations) == (3, 0)


def test_nobody_signs_for_it(repo: Repository, git: Git, work: Path) -> None:
    """Author and dates are the original's, so that it is the same from whoever makes it."""
    evidence = written(repo)
    git("config", "user.name", "Somebody Else")
    form = "--format=%an %ae %ad %cn %ce %cd"
    assert git("log", form, scrubbed(evidence)) == git("log", form, evidence.ref)
    assert NOT_KEPT in texts(repo, scrubbed(evidence))
