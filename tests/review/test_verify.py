"""What follows from trials: the gate once more, in the order in which it met the tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.evaluate.gate import Gate, NoRollback, Paired, Paper
from fnopt.evaluate.pairs import Block
from fnopt.evaluate.settled import gate_of, settled
from fnopt.history.message import Trailers
from fnopt.history.updates import format_figure
from fnopt.library.function import Library, read
from fnopt.records import Call, Evaluation, Score, Trial, Verdict
from fnopt.review.proof.figures import Step, findings
from fnopt.review.proof.measured import Missing, Rests, follows, rests_of
from fnopt.review.proof.sound import findings as unsound
from fnopt.train.rests import on_the_gate, on_the_screen
from fnopt.train.run import Judging

BASE, AFTER = "b" * 64, "a" * 64
LIBRARY = read({"functions/f.py": b'def f() -> int:\n    """Give one."""\n    return 1\n'})
GATES = [Paired(), Paired(0.9, 0.05, ("t1",)), Paper("reject"), NoRollback(Paired(0.7))]


def trial(task: str, score: float | None, number: int = 0, called: str = "") -> Trial:
    """One trial; without a score infrastructure failed it."""
    given_score = None if score is None else Score(score)
    calls = (Call(called, "{}", "1"),) if called else ()
    error = None if score is not None else "gone"
    return Trial(task, number, "k", "", given_score, calls, error=error)


def side(library: str, split: str, scores: Mapping[str, float | None]) -> Evaluation:
    """An evaluation with a trial a task."""
    return Evaluation(split, library, tuple(trial(task, one) for task, one in scores.items()))


def evidence(*evaluations: Evaluation, more: Sequence[Trial] = ()) -> Any:
    """Trials by split and library; ``more`` are the candidate's that nothing rests on."""
    found: dict[tuple[str, str], list[Trial]] = {}
    for one in evaluations:
        found.setdefault((one.split, one.library), []).extend(one.trials)
    found.setdefault(("val", AFTER), []).extend(more)
    return lambda split, library: found.get((split, library))


def judged(
    gate: Gate, before: Sequence[float | None], after: Sequence[float | None], action: str = "add"
) -> tuple[Verdict, list[Block], dict[str, Any]]:
    """A verdict of a gate on tasks in blocks, what it met, and what it rests on."""
    names = [f"t{number}" for number in range(len(before))]
    looks = gate.looks(len(names))
    met: list[Block] = []

    def blocks() -> Any:
        for part in range(looks):
            cut = slice(len(names) * part // looks, len(names) * (part + 1) // looks)
            pair = (dict(zip(names[cut], one[cut], strict=True)) for one in (before, after))
            sides = [side(lib, "val", one) for lib, one in zip((BASE, AFTER), pair, strict=True)]
            met.append((sides[0], sides[1]))
            yield met[-1]

    verdict = gate.judge(blocks(), len(names), action)
    tasks = [object()] * len(names)
    return verdict, met, on_the_gate(Judging(gate, "val", tasks), met, action)  # type: ignore[arg-type]


def step(
    rests: dict[str, Any], trials: Any, verdict: Verdict, marks: Trailers, **more: Any
) -> Step:
    """A step as a commit tells it: the trailers of the verdict, but for those given."""
    told: dict[str, tuple[str, ...]] = {
        "Fnopt-Step": ("1",),
        "Fnopt-Action": ("add",),
        "Fnopt-Function": ("f",),
        "Fnopt-Base": (format_figure(verdict.base, verdict.tasks, verdict.of),),
        "Fnopt-Score": (format_figure(verdict.score, verdict.tasks, verdict.of),),
        "Fnopt-Verdict": (f"{verdict.outcome}; {verdict.reason}",),
        "Fnopt-Cost": ("7 tokens, unknown price",),
        **marks,
    }
    document = {
        "actions": [["add", "f"]],
        "tasks": list(told.get("Fnopt-Task", ())),
        "tokens": 7,
        "cost": None,
        "verdict": verdict.outcome,
        "reason": verdict.reason,
        "base": verdict.base,
        "score": verdict.score,
        "figures": vars(verdict),
        **more,
    }
    library: Library = LIBRARY
    return Step("c" * 40, 1, told, document, rests_of(rests), trials, lambda: library)


def kinds(one: Step) -> list[str]:
    """What does not follow."""
    return [found.kind for found in findings(one)]


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_comes_back_from_its_document(gate: Gate) -> None:
    """What is written down is all that it goes by."""
    assert gate_of(settled(gate)) == gate


@given(
    st.sampled_from(GATES),
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=90),
    st.randoms(use_true_random=False),
)
def test_what_the_gate_said_follows_from_its_trials(
    gate: Gate, before: list[float], random: Any
) -> None:
    """Whatever the order of the evidence, and though it holds trials that nothing rests on."""
    after = [random.choice([0.0, 1.0, 1.0]) for _ in before]
    verdict, met, rests = judged(gate, before, after)
    sides = [one for block in met for one in block]
    random.shuffle(sides)
    more = [trial("other", 1.0), trial("t0", 1.0, number=1000)]
    found = follows(rests_of(rests), evidence(*sides, more=more))
    assert found == verdict
    if verdict.outcome != "undecided":
        assert kinds(step(rests, evidence(*sides, more=more), verdict, {})) == []


def test_a_test_that_stopped_early_follows_in_its_order_alone() -> None:
    """With the same tasks in another order, or with another rule, something else follows."""
    before, after = [0.0] * 80, [1.0] * 20 + [0.0] * 60
    verdict, met, rests = judged(Paired(), before, after)
    assert verdict.tasks < verdict.of
    trials = evidence(*[one for block in met for one in block])
    assert kinds(step(rests, trials, verdict, {})) == []
    whole = Paired().judge([(met[0][0], met[0][1])], len(met[0][0].trials), "add")
    assert kinds(step({**rests, "of": whole.of}, trials, verdict, {})) != []
    strict = {**rests, "gate": settled(Paired(0.9999999))}
    assert "verdict" in kinds(step(strict, trials, verdict, {}))


def test_a_trial_that_is_not_there_is_missing() -> None:
    """Of either library; nothing follows without it."""
    verdict, met, rests = judged(Paired(), [0.0] * 4, [1.0] * 4)
    one, other = met[0]
    short = replace(other, trials=other.trials[1:])
    assert follows(rests_of(rests), evidence(one, short)) == Missing("val", AFTER, 1)
    assert kinds(step(rests, evidence(one, short), verdict, {})) == ["trials-missing"]
    assert kinds(step(rests, evidence(other), verdict, {})) == ["trials-missing"]


def test_what_infrastructure_took_has_no_pair() -> None:
    """As the gate counted it: neither right nor wrong."""
    verdict, met, rests = judged(Paired(), [0.0] * 11, [None, *[1.0] * 10])
    assert verdict.outcome == "kept"
    assert kinds(step(rests, evidence(*met[0]), verdict, {})) == []


def test_an_update_that_was_screened_out() -> None:
    """How many of its tasks became right is counted again; it may not have helped."""
    before = side(BASE, "train", {"t1": 0.0, "t2": 0.0, "kin": 0.0})
    after = side(AFTER, "train", {"t1": 0.0, "t2": 0.0, "kin": 0.0})
    said = "screened: 0 of 2 failing training tasks it is for became right; f was never called"
    verdict, rests = Verdict("reverted", said), on_the_screen((before, after), "add")
    marks = {"Fnopt-Task": ("t1", "t2")}
    assert kinds(step(rests, evidence(before, after), verdict, marks)) == []
    other = replace(verdict, reason=said.replace("0 of 2", "1 of 2"))
    assert kinds(step(rests, evidence(before, after), other, marks)) == ["figures"]
    kept = replace(verdict, outcome="kept")
    assert kinds(step(rests, evidence(before, after), kept, marks)) == ["verdict"]
    scored = {**marks, "Fnopt-Score": ("1.0000",)}
    assert kinds(step(rests, evidence(before, after), verdict, scored)) == ["score"]
    helped = side(AFTER, "train", {"t1": 0.0, "t2": 0.0, "kin": 1.0})
    assert kinds(step(rests, evidence(before, helped), verdict, marks)) == ["verdict"]
    assert kinds(step(rests, evidence(before), verdict, marks)) == ["trials-missing"]


def test_a_function_of_a_single_use() -> None:
    """It may be refused though the gate would keep it, but only where it helped with one task."""
    verdict, met, rests = judged(Paired(), [0.0] * 4, [1.0] * 4)
    refused = replace(
        verdict,
        outcome="reverted",
        reason=f"single use: f helped with at most one of 4 val tasks; {verdict.reason}",
    )
    refuses = {**rests, "single_use": "refuse"}
    assert kinds(step(refuses, evidence(*met[0]), refused, {})) == []
    assert kinds(step(rests, evidence(*met[0]), refused, {})) == ["verdict"]
    uses = tuple(trial(one.task, 1.0, called="f") for one in met[0][1].trials)
    used = evidence(met[0][0], replace(met[0][1], trials=uses))
    assert kinds(step(refuses, used, refused, {})) == ["verdict"]


@pytest.mark.parametrize("action", ["remove", "review"])
def test_what_needs_no_gain_must_be_what_it_is(action: str) -> None:
    """An edit that adds may not have been judged as one that takes away; one that answers a person
    says so in its trailers."""
    verdict, met, rests = judged(Paired(), [0.0, 1.0], [1.0, 1.0], action)
    assert "edit" in kinds(step(rests, evidence(*met[0]), verdict, {}))
    answers = {"Fnopt-Answers": ("7",)}
    right = kinds(step(rests, evidence(*met[0]), verdict, answers))
    assert right == ([] if action == "review" else ["edit"])


def test_what_a_step_rests_on_may_be_of_no_known_gate() -> None:
    """Then its figures are not checked, and that is said."""
    verdict, met, rests = judged(Paired(), [0.0] * 4, [1.0] * 4)
    (one,) = findings(step({**rests, "gate": {}}, evidence(*met[0]), verdict, {}))
    assert (one.kind, one.level) == ("not-verifiable", "warning")
    known: Rests = rests_of(rests)
    assert known.gate == Paired()
    for shape in ({}, {"libraries": ["x"]}, {**rests, "gate": {"rule": "mine"}}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            rests_of(shape)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), True, "1"])
def test_a_score_that_is_none(value: Any) -> None:
    """Scores are numbers from 0 to 1."""
    path = f"trials/val/{'0' * 40}.jsonl"
    assert [one.kind for one in unsound(path, [trial("t", value)])] == ["trials-score"]
    fine = [trial("t", 0.0), trial("t", 1.0, number=1), trial("u", None)]
    assert list(unsound(path, fine)) == []
    both = replace(trial("t", None), error=None)
    assert [one.kind for one in unsound(path, [both])] == ["trials-score"]
