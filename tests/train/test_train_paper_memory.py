"""What the paper's optimizer remembers, when it is asked at all, and what is told of it later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted_server import Answer, Fail, Json, calls

from fnopt.cli import build, clients
from fnopt.cli.session import Session
from fnopt.history.runs import RunBranch
from fnopt.train.outcome import Kept, Refused, Reverted
from fnopt.train.step import step

from .paper_scene import Scene, add, answer, saying

ONE = {"mode": "paper", "max_actions": 1}
LATER = {"Retry-After": "1000"}  # longer than retries may wait: the request fails at once


def failed(prompt: str) -> list[str]:
    """The failed libraries that a prompt shows, as they stand there."""
    return [line for line in prompt.splitlines() if line.startswith("0.") and " with the " in line]


def test_failures_stand_in_ascending_order_of_scores(scene: Scene) -> None:
    """Whatever order they came in."""
    scene.configure(optimizer=ONE, stop={"max_steps": 5})
    scene.script(saying(*(calls(add(name)) for name in "acbe")))
    scene.fnopt("train")
    assert [failed(prompt) for prompt in scene.prompts()[3:]] == [
        ["0.300 with the functions a, b", "0.400 with the functions a, c"],
        [
            "0.000 with the functions a, e",
            "0.300 with the functions a, b",
            "0.400 with the functions a, c",
        ],
    ]


def test_a_roll_back_by_people_is_no_step(scene: Scene) -> None:
    """It is neither an accept, which would forget what failed, nor a failure."""
    scene.configure(optimizer=ONE)
    scene.script(saying(*(calls(add(name)) for name in "abe")))
    for _ in range(2):
        scene.fnopt("step")
    kept = scene.fnopt("log")[1]["updates"][0]["commit"]
    exit_code, _ = scene.fnopt("rollback", kept)
    assert exit_code == 0
    assert scene.functions() == ""
    scene.fnopt("step")
    assert failed(scene.prompts()[2]) == ["0.300 with the functions a, b"]


@pytest.mark.parametrize(("first", "outcome"), [("b", Reverted), ("(", Refused), ("a", Kept)])
def test_asks_a_warmer_model_after_a_step_in_vain(
    scene: Scene, first: str, outcome: type[object]
) -> None:
    """Reverted or refused: a cold one would go on saying the same."""
    scene.configure(optimizer=ONE)
    bad: Answer = "no action"
    scene.script(saying(*([bad] * 3 if first == "(" else [calls(add(first))]), calls(add("d"))))
    with Session() as session:
        branch = RunBranch(session.repo, "run-1")
        run = build.run(session, branch, session.purse(branch.name), clients.Watcher())
        cold = replace(run.optimizer.voice, temperature=0.0, retry_temperature=0.6)
        run.optimizer._voice = cold
        run.begin(session.repo.resolve("HEAD"))
        assert isinstance(step(run), outcome)
        step(run)
    heat = [one["temperature"] for one in scene.asked() if len(one["messages"]) == 2]
    assert heat == [0.0, 0.0 if outcome is Kept else 0.6]


def test_asks_for_nothing_when_infrastructure_fails(scene: Scene) -> None:
    """Two of ten training questions without an answer: undecided; another day it goes on."""

    def ill(request: Json) -> Answer:
        question = request["messages"][1]["content"]
        return (
            Fail(500, LATER)
            if "number 3?" in question or "number 4?" in question
            else well(request)
        )

    scene.configure(optimizer=ONE)
    scene.script(saying(calls(add("a"))))
    well = scene.server.respond
    scene.server.respond = ill
    exit_code, document = scene.fnopt("step")
    assert (exit_code, document["stop"]["why"], document["steps"]) == (5, "undecided", [])
    assert scene.asked() == []
    scene.server.respond = well
    assert scene.fnopt("step")[1]["steps"][0]["verdict"] == "kept"


def test_pruning_leaves_out_what_failed_whenever_it_was_called(scene: Scene) -> None:
    """A call that raised is no success."""
    gate = {"rollback": False}
    scene.configure(optimizer=ONE, gate=gate, stop={"max_steps": 2})
    scene.script(saying(calls(add("a", "number // (number - number)")), calls(add("d"))))
    scene.fnopt("train")
    scene.configure(optimizer={**ONE, "prune_at_test": True}, gate=gate)
    scene.server.requests.clear()
    scene.server.respond = answer
    exit_code, document = scene.fnopt("eval", "fnopt/run-1", "--split", "val")
    assert (exit_code, document["score"]) == (0, 0.5)
    assert not any(request.get("tools") for request in scene.server.requests)
