"""What AutoGen's AgentOptimizer makes of replies, and fnopt: defects 5 to 8."""

from __future__ import annotations

import pytest
from rivals.scene import (
    AGENT,
    DOUBLE,
    OPTIMIZER,
    TERMINATE,
    TRAIN,
    TRIPLE,
    Stage,
    add,
    function,
    is_about,
    offered,
    question_of,
)
from rivals.sides import AutoGen, Fnopt
from scripted_server import calls

pytestmark = [pytest.mark.rivals, pytest.mark.timeout(600)]

BRANCH = "fnopt/run-1"
EIGHT = tuple(f"times_{number}" for number in range(2, 10))


def test_05_a_reply_with_more_edits_than_allowed(
    stage: Stage, autogen: AutoGen, fnopt: Fnopt
) -> None:
    """Eight adds in one reply, three allowed: AutoGen takes all; ours refuses, and says so."""
    named = [add(name, function(name, f"number * {name[-1]}")) for name in EIGHT]
    reply = calls(*named)
    stage.begin(reply, TERMINATE)
    told = autogen.run("steps", scores=[0.5], actions=3)
    assert told["steps"][0]["functions"] == list(EIGHT)

    stage.begin(reply)
    fnopt.configure("max_actions = 3")
    step = fnopt.step()
    assert step["verdict"] == "refused"
    assert "8 actions" in step["reason"]
    assert "at most 3" in step["reason"]
    assert fnopt.library() == []


def test_06_a_bad_reply_is_asked_for_again(stage: Stage, autogen: AutoGen, fnopt: Fnopt) -> None:
    """First a reply that does not parse, then a good one: AutoGen reads the bad one from its cache
    at every retry, in the next process too; ours tells the fault and gets the good one."""
    name, fields = add("double", DOUBLE)
    script = [calls((name, '{"name": "double", "code": ')), calls((name, fields))]
    stage.begin(*script)
    told = autogen.run("steps", scores=[0.5])
    assert told["steps"][0]["printed"].count("JSON is invalid") >= 3
    assert told["steps"][0]["functions"] == []
    assert len(stage.asked(OPTIMIZER)) == 1
    told = autogen.run("steps", scores=[0.5])
    assert told["steps"][0]["functions"] == []
    assert len(stage.asked(OPTIMIZER)) == 1

    stage.begin(*script)
    step = fnopt.step()
    assert (step["verdict"], step["function"]) == ("kept", "double")
    first, second = stage.prompts()[:2]
    assert second.startswith(first)
    assert "not JSON" in second[len(first) :]


def test_07_a_missing_field_loses_no_evaluation(
    stage: Stage, autogen: AutoGen, fnopt: Fnopt
) -> None:
    """A revision without a name or arguments: AutoGen's step crashes with the trials thrown away,
    and the next divides by zero; ours is refused, and the next step pays for no trial again."""
    nameless = calls(("revise_function", {"code": DOUBLE, "why": "It helps."}))
    good = calls(add("double", DOUBLE))
    stage.begin(nameless, good)
    trained = autogen.run("crash", score=0.5)
    assert trained["first"].startswith("AttributeError: ")
    assert trained["second"].startswith("ZeroDivisionError: ")
    assert trained["recorded"] == 0

    stage.begin(nameless)
    step = fnopt.step()
    assert step["verdict"] == "refused"
    assert "lacks name" in step["reason"]
    assert len(stage.asked(AGENT)) == len(TRAIN)
    stage.begin(good)
    assert fnopt.step()["verdict"] == "kept"
    paid = [question_of(one) for one in stage.asked(AGENT) if not offered(one)]
    assert not {question for question, _ in TRAIN} & set(paid)
    assert [question for question in paid if is_about("double", question)]  # val, the first time


def test_08_only_what_can_be_is_accepted(stage: Stage, autogen: AutoGen, fnopt: Fnopt) -> None:
    """A name that the code does not define, the revision of nothing, an action that there is not:
    AutoGen takes all three for functions; ours takes the code's own name, and refuses the rest."""
    twice = function("twice", "number * 2")
    script = [
        calls(add("double", twice)),
        calls(add("nowhere", function("nowhere", "number"), action="revise_function")),
        calls(add("triple", TRIPLE, action="improve_function")),
    ]
    stage.begin(*script)
    told = autogen.run("steps", scores=[0.5], actions=3)
    assert told["steps"][0]["functions"] == ["double", "nowhere", "triple"]
    stage.begin(script[0])
    (one,) = autogen.run("calls", "second", calls=[["double", {"number": 7}]])["calls"]
    assert "NameError" in one["error"]

    steps = []
    for reply in script:
        stage.begin(reply)
        steps.append(fnopt.step())
    assert [step["verdict"] for step in steps] == ["kept", "refused", "refused"]
    assert (steps[0]["function"], fnopt.library()) == ("twice", ["twice"])
    assert fnopt("call", f"twice@{BRANCH}", '{"number": 7}')[1]["result"] == 14
    assert "nowhere" in steps[1]["reason"]
    assert "improve_function" in steps[2]["reason"]
