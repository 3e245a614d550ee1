"""The paper's rules and ablations as options, in its mode and in the default one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from scripted_server import calls

from fnopt.evaluate.gate import NoRollback, Paired, Paper
from fnopt.records import Evaluation, Score, Trial
from fnopt.train.loop import spent
from fnopt.train.run import Stops

from .paper_scene import Optimize, Scene, add, in_text, right, saying

ONE = {"mode": "paper", "max_actions": 1}


def letters(names: str) -> Optimize:
    """One add a step, then it terminates."""
    return saying(*(calls(add(name)) for name in names))


def verdicts(document: dict[str, Any]) -> str:
    """The first letters of the verdicts of the steps in a document."""
    return "".join(one["verdict"][0] for one in document["steps"])


@pytest.mark.parametrize(
    ("ties", "last", "functions"), [("accept", "k", "ad"), ("reject", "r", "a")]
)
def test_ties(scene: Scene, ties: str, last: str, functions: str) -> None:
    """As the released experiments have it, or as Algorithm 2 does."""
    scene.configure(optimizer=ONE, gate={"ties": ties}, stop={"max_steps": 2})
    scene.script(letters("ad"))
    assert verdicts(scene.fnopt("train")[1]) == f"k{last}"
    assert scene.functions() == functions


@pytest.mark.parametrize(("epochs", "expected"), [("always", "kr"), ("accepted", "krrk")])
def test_epochs_count_always_or_when_accepted(scene: Scene, epochs: str, expected: str) -> None:
    """Two epochs are as many steps, or as many as it takes to accept two."""
    scene.configure(optimizer=ONE, gate={"epochs": epochs}, stop={"max_steps": 2})
    scene.script(letters("abcde"))
    document = scene.fnopt("train")[1]
    assert (verdicts(document), document["stop"]["why"]) == (expected, "steps")


@pytest.mark.parametrize(
    ("stop", "expected", "why"),
    [({"patience": 2}, "krr", "patience"), ({"early_stop": False}, "krrr", "steps")],
)
def test_early_stop(scene: Scene, stop: dict[str, Any], expected: str, why: str) -> None:
    """After so many failures in a row, or never."""
    scene.configure(optimizer=ONE, stop={"max_steps": 4, **stop})
    scene.script(letters("abce"))
    document = scene.fnopt("train")[1]
    assert (verdicts(document), document["stop"]["why"]) == (expected, why)


def test_without_rollback_every_update_is_kept(scene: Scene) -> None:
    """Whatever it scores; the reason says what the rule would have made of it."""
    scene.configure(optimizer=ONE, gate={"rollback": False}, stop={"max_steps": 3})
    scene.script(letters("abc"))
    document = scene.fnopt("train")[1]
    assert [one["score"] for one in document["steps"]] == [0.8, 0.3, 0.0]
    assert verdicts(document) == "kkk"
    assert document["steps"][1]["reason"].startswith("without roll-back; -0.500")
    assert scene.functions() == "abc"
    assert scene.git("log", "--grep=This reverts commit", "fnopt/run-1") == ""
    assert not any("tried since and taken back" in prompt for prompt in scene.prompts())


def test_no_rollback_and_no_early_stop_in_the_default_mode(scene: Scene) -> None:
    """What loses is kept there too, and neither screened nor judged too small to go on."""
    scene.configure(gate={"rollback": False}, stop={"max_steps": 2, "early_stop": False})
    scene.script(saying(calls(add("a")), *[in_text("add", "c")] * 3))
    document = scene.fnopt("train")[1]
    assert (verdicts(document), document["stop"]["why"]) == ("kk", "steps")
    assert [one["score"] for one in document["steps"]] == [0.8, 0.4]
    assert scene.functions() == "ac"


def test_one_shot(scene: Scene) -> None:
    """All training failures in one prompt, all actions in one reply, and that is the run."""
    scene.configure(optimizer={"mode": "paper", "one_shot": True})
    scene.script(saying(calls(add("a"), add("d")), calls(add("e"))))
    exit_code, document = scene.fnopt("train")
    assert (exit_code, verdicts(document), document["stop"]["why"]) == (0, "k", "steps")
    assert document["steps"][0]["function"] == "a, d"
    [prompt] = scene.prompts()
    assert all(f"[train-{number}: 0]" in prompt for number in range(5, 10))
    assert not any(right(number) in prompt for number in range(5, 10))
    assert scene.fnopt("train")[1]["steps"] == []


def test_one_shot_in_the_default_mode(scene: Scene) -> None:
    """Expected answers are told, and the gate is fnopt's own, on val."""
    scene.configure(optimizer={"one_shot": True})
    scene.script(saying(calls(add("a"), add("d"))))
    document = scene.fnopt("train")[1]
    [step] = document["steps"]
    assert (step["function"], step["base"], step["score"]) == ("a, d", 0.5, 0.8)
    assert "p = 0.12" in step["reason"]
    [prompt] = scene.prompts()
    for number in range(10):
        assert f"[train-{number}: {int(number < 5)}; expected: {right(number)}]" in prompt
    assert not any(right(number) in prompt for number in range(10, 30))
    asked = [one["messages"][1]["content"] for one in scene.server.requests]
    assert any("number 13?" in question for question in asked)
    assert not any("number 23?" in question for question in asked)


@pytest.mark.parametrize("mode", ["paper", "default"])
def test_pruning_at_test_time(scene: Scene, mode: str) -> None:
    """Of ``a``, which is called, and ``d``, which never is, only ``a`` is offered, in eval and
    test; to train, and without the option, both are."""
    gate = {"rollback": False, "split": "train"}
    scene.configure(optimizer={"mode": mode, "one_shot": True}, gate=gate)
    scene.script(saying(calls(add("a"), add("d"))))
    scene.fnopt("train")
    for words, prune, expected in (
        (("eval", "fnopt/run-1"), False, "ad"),
        (("eval", "fnopt/run-1"), True, "a"),
        (("test", "fnopt/run-1"), True, "a"),
        (("test", "fnopt/run-1"), False, "ad"),
    ):
        given = {"mode": mode, "one_shot": True, "prune_at_test": prune}
        scene.configure(optimizer=given, gate=gate)
        (scene.folder / ".git" / "fnopt" / "store.db").unlink()
        scene.server.requests.clear()
        exit_code, document = scene.fnopt(*words)
        assert (exit_code, document["score"]) == (0, 0.8)
        tools = [one.get("tools", []) for one in scene.server.requests]
        assert {"".join(t["function"]["name"] for t in offered) for offered in tools} == {expected}


def test_pruning_needs_an_evaluation(scene: Scene) -> None:
    """A library that no run has measured: a usage error that says what to do."""
    scene.configure(optimizer={"prune_at_test": True})
    exit_code, document = scene.fnopt("eval")
    assert exit_code == 2
    assert "no run has measured this library on val" in document["error"]
    assert "set optimizer.prune_at_test = false" in document["error"]


def test_no_patience_is_no_early_stop() -> None:
    """However long the log of failures is, only steps end it."""
    from .test_train_loop import log

    vain = log(*["reverted"] * 30)
    assert spent(Stops(31, None), vain) is None
    stop = spent(Stops(30, None), vain)
    assert stop is not None
    assert stop.why == "steps"


def evaluation(*values: float | None) -> Evaluation:
    """A trial for each value, None for one that infrastructure took."""
    trials = (
        Trial(str(n), 0, "k", score=None if value is None else Score(value))
        for n, value in enumerate(values)
    )
    return Evaluation("train", "d", tuple(trials))


@pytest.mark.parametrize("rule", [Paper("accept"), Paper("reject"), Paired()])
def test_no_rollback_keeps_what_any_rule_reverts(rule: Paper | Paired) -> None:
    """With the rule's figures; what is kept or undecided stays as the rule has it."""
    wrong, better = evaluation(*[0.0] * 9), evaluation(*[1.0] * 9)
    gate = NoRollback(rule)
    for base, candidate in itertools.product((wrong, better), repeat=2):
        said = rule.judge([(base, candidate)], 0, "add")
        verdict = gate.judge([(base, candidate)], 0, "add")
        assert verdict.outcome == "kept"
        assert (verdict.base, verdict.score, verdict.p) == (said.base, said.score, said.p)
        assert verdict.reason.endswith(said.reason)
    lost = evaluation(None, None, *[1.0] * 7)
    assert gate.judge([(wrong, lost)], 0, "add").outcome == "undecided"
    assert gate.can_show(0)
