"""How AutoGen's AgentOptimizer trains, and fnopt: defects 4, 11, 12 and 14."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rivals.scene import (
    AGENT,
    DOUBLE,
    OPTIMIZER,
    TERMINATE,
    TRIPLE,
    Stage,
    add,
    function,
    offered,
    question_of,
)
from rivals.sides import AutoGen, Fnopt
from scripted_server import Json, calls

pytestmark = [pytest.mark.rivals, pytest.mark.timeout(600)]

USELESS = function("half", "number // 2")
EPOCHS = 12  # the method stops early after ten in vain
LONG = 200_000  # characters of a transcript
MOST = 100_000  # characters of a prompt of ours; its default budget is 24,000 tokens


def test_04_terminate_ends_and_so_does_patience(
    stage: Stage, autogen: AutoGen, fnopt: Fnopt, tmp_path: Path
) -> None:
    """TERMINATE: AutoGen asks for every action and every epoch that is left; ours asks once and
    ends. Epochs in vain: AutoGen goes on past ten; ours stops at its patience."""
    stage.begin(TERMINATE)
    told = autogen.run("steps", scores=[0.9, *[0.5] * EPOCHS], actions=3)
    assert [step["error"] for step in told["steps"]] == [None] * (1 + EPOCHS)
    assert len(stage.asked(OPTIMIZER)) == 3 * (1 + EPOCHS)

    stage.begin(TERMINATE)
    fnopt.configure("max_actions = 3")
    code, told = fnopt("train")
    assert (code, told["steps"], told["stop"]["why"]) == (0, [], "finished")
    assert len(stage.asked(OPTIMIZER)) == 1
    stage.begin(calls(add("half", USELESS)))
    code, told = Fnopt.begin(tmp_path / "patient")("train")
    assert (code, told["stop"]["why"]) == (0, "patience")
    assert len(told["steps"]) == 5
    assert {step["verdict"] for step in told["steps"]} <= {"reverted", "refused"}


def test_11_each_answer_stands_with_its_own_question(
    stage: Stage, autogen: AutoGen, fnopt: Fnopt
) -> None:
    """Three tasks in the documented order: AutoGen's label of a task stands with the transcript of
    the next, the last with none; ours shows each answer behind its own question."""
    tasks = [(f"Which word is number {number}?", f"word-{number}") for number in range(3)]

    def guess(request: Json) -> str:
        number = question_of(request).rstrip("?")[-1]
        return f"I guess.\nANSWER: guess-{number}"

    stage.agent = guess
    stage.begin(TERMINATE)
    asked = [[question, int(number > 0)] for number, (question, _) in enumerate(tasks)]
    told = autogen.run("pairing", tasks=asked)
    assert told["labels"] == [0, 1, 1]
    assert [_numbers(transcript) for transcript in told["transcripts"]] == [["1"], ["2"], []]
    (prompt,) = stage.prompts()
    assert "{'Conversation 0': [{'content': 'Which word is number 1?'" in prompt
    assert "{'Conversation 0': 0}\n{'Conversation 1': 1}" in prompt

    fnopt.give("train", tasks)
    stage.begin(TERMINATE)
    fnopt("step")
    (prompt,) = stage.prompts()
    marks = re.findall(r"number (\d)\?|(guess|word)-(\d)", prompt)
    at, pairs = "", set()
    for question, kind, number in marks:
        at = question or at
        if kind:
            pairs.add((kind, at, number))
    shown = {at for _, at, _ in pairs}
    assert shown == {"0", "1", "2"}
    assert pairs == {(kind, one, one) for kind in ("guess", "word") for one in shown}


def test_12_a_prompt_has_a_bound(stage: Stage, autogen: AutoGen, fnopt: Fnopt) -> None:
    """Twenty transcripts of 200,000 characters: AutoGen sends them all, once for each action; ours
    sends an excerpt that keeps to a budget."""
    stage.begin(TERMINATE)
    told = autogen.run("steps", scores=[0.5], actions=3, conversations=20, characters=LONG)
    assert told["steps"][0]["error"] is None
    sizes = [len(prompt) for prompt in stage.prompts()]
    assert len(sizes) == 3
    assert min(sizes) > 20 * LONG

    def endless(request: Json) -> str:
        return f"{question_of(request)} {'x' * LONG}\nANSWER: unknown"

    tasks = [(f"What is the double of {number}?", str(2 * number)) for number in range(20, 40)]
    fnopt.give("train", tasks)
    stage.agent = endless
    stage.begin(TERMINATE)
    code, told = fnopt("step")
    assert (code, told["stop"]["why"]) == (0, "finished")
    (prompt,) = stage.prompts()
    assert len(prompt) < MOST
    assert "What is the double of 2" in prompt
    assert "x" * 10 in prompt


def test_14_the_next_process_goes_on(stage: Stage, autogen: AutoGen, fnopt: Fnopt) -> None:
    """A second process: AutoGen's begins with nothing, and has no way to keep it; ours begins with
    what was learned, and asks nothing that was asked before."""
    script = [calls(add("double", DOUBLE)), calls(add("triple", TRIPLE))]
    stage.begin(*script)
    first = autogen.run("steps", scores=[0.5])
    assert (first["steps"][0]["functions"], first["steps"][0]["best"]) == (["double"], 0.5)
    assert first["saves"] == []
    second = autogen.run("steps", scores=[])
    assert second["start"] == {"functions": [], "best": -1, "recorded": 0}
    kept = [path.name for path in (autogen.folder / "first").iterdir()]
    assert kept == [".cache"]  # replies, by their prompts

    stage.begin(*script)
    assert fnopt.step()["verdict"] == "kept"
    before = [json.dumps(request) for request in stage.server.requests]
    assert fnopt.step()["verdict"] == "kept"
    after = stage.server.requests[len(before) :]
    assert after
    assert not {json.dumps(request) for request in after} & set(before)
    assert all("double" in offered(one) for one in after if one["model"] == AGENT)
    assert fnopt.library() == ["double", "triple"]
    assert [one["verdict"] for one in fnopt("log")[1]["updates"]] == ["kept", "kept"]


def _numbers(transcript: list[Json]) -> list[str]:
    """The numbers of the questions in a transcript."""
    said = " ".join(message["content"] for message in transcript)
    return re.findall(r"number (\d)\?", said)
