"""How AutoGen's AgentOptimizer takes functions back, and fnopt: defects 2, 3 and 10."""

from __future__ import annotations

import pytest
from rivals.scene import AGENT, DOUBLE, IDLE, TERMINATE, Stage, add, function, offered, remove
from rivals.sides import AutoGen, Fnopt
from scripted_server import calls

pytestmark = [pytest.mark.rivals, pytest.mark.timeout(600)]

BRANCH = "fnopt/run-1"
QUESTION = "What is the double of 7?"
HALF = function("half", "number // 2")
WRONG = function("double", "number * 3")


def test_02_what_was_taken_back_is_not_offered(
    stage: Stage, autogen: AutoGen, fnopt: Fnopt
) -> None:
    """After a removal and a roll-back AutoGen's agents still have both functions; ours neither."""
    script = [
        calls(add("double", DOUBLE), add("idle", IDLE)),
        calls(remove("idle")),
        calls(add("half", HALF)),
        TERMINATE,
    ]
    stage.begin(*script)
    told = autogen.run("agents", scores=[0.0, 0.5, 0.5, 0.2], question=QUESTION)
    assert told["errors"] == [None] * 4
    libraries = [["double", "idle"], ["double"], ["double", "half"], ["double"]]
    assert told["libraries"] == libraries
    assert told["executes"] == ["double", "half", "idle"]
    (asked,) = stage.asked(AGENT)
    assert offered(asked) == ["double", "half", "idle"]

    fnopt.configure("max_actions = 3")
    steps = []
    for reply in script[:3]:
        stage.begin(reply)
        steps.append(fnopt.step())
    assert [step["verdict"] for step in steps] == ["kept", "kept", "reverted"]
    stage.begin(TERMINATE)
    fnopt("test", BRANCH)
    assert {tuple(offered(request)) for request in stage.asked(AGENT)} == {("double",)}


def test_03_back_to_an_empty_library(stage: Stage, autogen: AutoGen, fnopt: Fnopt) -> None:
    """A roll-back to no function at all is a TypeError for AutoGen's agents; ours go on without."""
    script = [calls(add("half", HALF)), TERMINATE]
    stage.begin(*script)
    told = autogen.run("agents", scores=[0.5, 0.2], question=QUESTION)
    assert told["libraries"] == [["half"], []]
    assert told["errors"][0] is None
    assert told["errors"][1].startswith("TypeError: ")
    assert told["executes"] == ["half"]

    stage.begin(script[0])
    step = fnopt.step()
    assert (step["verdict"], fnopt.library()) == ("reverted", [])
    stage.begin(TERMINATE)
    code, after = fnopt("step")
    assert (code, after["stop"]["why"]) == (0, "finished")
    code, tested = fnopt("test", BRANCH)
    assert (code, tested["trials"], tested["score"]) == (0, 2, 0.0)
    assert {tuple(offered(request)) for request in stage.asked(AGENT)} == {()}


def test_10_the_last_edit_is_judged_too(stage: Stage, autogen: AutoGen, fnopt: Fnopt) -> None:
    """One step with an edit that does harm, then the end: AutoGen hands it over without a single
    trial; ours is tried, loses, and is not in what one gets."""
    reply = calls(add("double", WRONG))
    stage.begin(reply)
    told = autogen.run("steps", scores=[0.5])
    (last,) = told["steps"]
    assert (last["registered"], last["functions"]) == (["double"], ["double"])
    assert (last["recorded"], last["best"]) == (0, 0.5)  # that is the empty library's score
    assert stage.asked(AGENT) == []

    stage.begin(reply)
    (step,) = fnopt.steps("train", "--max-steps", "1")
    assert (step["verdict"], step["function"]) == ("reverted", "double")
    tried = [request for request in stage.asked(AGENT) if offered(request) == ["double"]]
    assert len(tried) >= 3  # the training tasks that it is for
    assert fnopt.library() == []
