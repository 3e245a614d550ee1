"""AutoGen and gepa as they are, in their own environments, on the scripted tasks and a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import scripted_run
from benchmarks.learning import autogen, ledger, reflective, scripted_arms
from rivals.environment import Unavailable, interpreter
from scripted_server import Answer, Fail, Json, ScriptedServer

from fnopt.errors import FnoptError

pytestmark = [pytest.mark.rivals, pytest.mark.timeout(600)]


def environment(package: str) -> Path:
    """The rival's Python; the test is skipped where it cannot be had."""
    try:
        return interpreter(package)
    except Unavailable as error:
        pytest.skip(str(error))


AUTOGEN, GEPA = (environment(one) for one in (autogen.PACKAGE, reflective.PACKAGE))
"""Made at import, before the tests are sealed in."""


@pytest.fixture
def model(scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """The server that all arms ask."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    return scripted_server


def learned(out: Path, arm: str, budget: int) -> Any:
    """An arm's result."""
    scripted_arms.learn(out, [arm], budget)
    return json.loads((scripted_arms.folder(out, arm) / "result.json").read_text())


def action(name: str, code: str, **properties: str) -> str:
    """AutoGen's action, as the embedded model would write it."""
    arguments = json.dumps({key: {"type": kind} for key, kind in properties.items()})
    return (
        f"add_function\nname: {name}\ndescription: {name}\narguments: {arguments}\npackages:\n"
        f"code:\n```python\n{code}```\n"
    )


ADDS = {
    "count_letter": action("count_letter", scripted_run.COUNT_ALL, word="string", letter="string"),
    "common_multiple": action(
        "common_multiple", scripted_run.LCM, first="integer", second="integer"
    ),
    "spell_backward": action("spell_backward", scripted_run.BACKWARDS, word="string"),
}


def optimizing(body: Json) -> str:
    """The prompt of AutoGen's optimizer or of gepa's reflection; nothing for an agent's request."""
    said = body["messages"][-1]["content"]
    marks = ("You are a function optimizer", "An assistant answers questions by calling")
    return said if body["model"] == "optimizer-model" and said.startswith(marks) else ""


def scripted(reply: Callable[[str], str]) -> Callable[[Json], Answer]:
    """A model whose optimizer says what ``reply`` makes of its prompt."""

    def respond(body: Json) -> Answer:
        prompt = optimizing(body)
        return reply(prompt) if prompt else scripted_run.respond(body)

    return respond


def one_each(prompt: str) -> str:
    """Adds the first function that list B lacks; then it is content."""
    there = prompt.partition("List B:")[2].partition("\n")[0]
    return next((text for name, text in ADDS.items() if name not in there), "TERMINATE")


def test_autogen_learns_three_functions_in_a_step(model: ScriptedServer, tmp_path: Path) -> None:
    """Each name does what it says, and TERMINATE ends a step: one call in each of the later ten,
    which change nothing."""
    model.respond = scripted(one_each)
    result = learned(tmp_path, "autogen", 100)
    assert result["functions"] == sorted(ADDS)
    assert result["test"] == {"tasks": {"right": 3, "total": 3}}
    assert result["stopped"].startswith("finished: 10 steps")
    assert len([body for body in model.requests if optimizing(body)]) == 3 + 10
    assert result["tokens"]["optimizer"]["calls"] == 3 + 10


def test_autogen_goes_back_to_nothing(model: ScriptedServer, tmp_path: Path) -> None:
    """A function that does harm is gone from the agent, though nothing is left; ten in vain end
    it."""
    harmful = action(
        "spell_backward", "def spell_backward(word):\n    return 'no'\n", word="string"
    )
    right = {question for question, _ in scripted_run.TRAIN[5:7]}

    def respond(body: Json) -> Answer:
        if prompt := optimizing(body):
            tries = prompt.count("Performance:")
            return harmful.replace("'no'", f"'no {tries}'")
        said = body["messages"][1]["content"]
        offered = bool(body.get("tools"))
        if said in right and not offered:
            return f"ANSWER: {said.rpartition(' ')[2][::-1]}"
        return scripted_run.respond(body)

    model.respond = respond
    result = learned(tmp_path, "autogen", 200)
    assert result["functions"] == []
    assert result["stopped"].startswith("patience: 10 steps")


def test_autogen_survives_what_is_no_action(model: ScriptedServer, tmp_path: Path) -> None:
    """A model that only talks changes nothing; after ten such steps the arm ends."""
    model.respond = scripted(lambda _: "I think that it is fine.")
    result = learned(tmp_path, "autogen", 100)
    assert result["functions"] == []
    assert result["stopped"].startswith("finished: 10 steps")
    assert result["trials"] == len(scripted_run.TRAIN)


def test_what_autogen_is_told(model: ScriptedServer, tmp_path: Path) -> None:
    """Every training conversation with its outcome, and of no other task a word."""
    model.respond = scripted(lambda _: "TERMINATE")
    learned(tmp_path, "autogen", 100)
    prompt = next(filter(None, map(optimizing, model.requests)))
    for question, answer in scripted_run.TRAIN:
        assert repr(question)[1:-1] in prompt or question in prompt
        assert f"The expected answer is: {answer}" in prompt
    assert not any(question in prompt for question, _ in (*scripted_run.VAL, *scripted_run.TEST))


MODULE = f"{scripted_run.COUNT_ALL}\n\n{scripted_run.LCM}\n\n{scripted_run.BACKWARDS}"


def test_gepa_evolves_the_module(model: ScriptedServer, tmp_path: Path) -> None:
    """A module that answers a minibatch better meets all of val, and is what comes out."""
    model.respond = scripted(lambda _: f"Here it is.\n```python\n{MODULE}```\nGood luck.")
    result = learned(tmp_path, "gepa", 60)
    assert result["functions"] == sorted(ADDS)
    assert result["test"] == {"tasks": {"right": 3, "total": 3}}
    assert result["trials"] <= 60
    splits = {row["split"] for row in ledger.read(scripted_arms.folder(tmp_path, "gepa"))}
    assert splits == {"train", "val", "test"}
    curve = json.loads((scripted_arms.folder(tmp_path, "gepa") / "curve.json").read_text())
    assert curve[-1]["val"] == 1.0


def test_gepa_is_told_what_its_candidate_did(model: ScriptedServer, tmp_path: Path) -> None:
    """Three training tasks (one may come twice, where the last of an epoch are too few) with the
    expected answers; a module that is no Python costs nothing."""
    model.respond = scripted(lambda _: "```python\ndef broken(:\n```")
    result = learned(tmp_path, "gepa", 60)
    prompts = [prompt for prompt in map(optimizing, model.requests) if prompt]
    known = [question for question, _ in scripted_run.TRAIN]
    assert {sum(question in prompt for question in known) for prompt in prompts} <= {2, 3}
    assert "Wrong. The expected answer is" in prompts[0]
    assert not any(question in prompts[0] for question, _ in scripted_run.VAL)
    assert result["trials"] == len(scripted_run.VAL) + len(scripted_run.TRAIN)
    assert result["functions"] == []


@pytest.mark.parametrize("arm", ["autogen", "gepa"])
def test_a_rival_that_was_stopped_goes_on(arm: str, model: ScriptedServer, tmp_path: Path) -> None:
    """Started again it comes to the same, and pays for no trial and no reply twice."""

    def reply(prompt: str) -> str:
        return one_each(prompt) if arm == "autogen" else f"```python\n{MODULE}```"

    said = scripted(reply)
    model.respond = said
    calm = learned(tmp_path / "calm", arm, 60)
    asked = len(model.requests)
    model.requests.clear()
    model.respond = lambda body: said(body) if len(model.requests) <= asked // 2 else Fail(401)
    with pytest.raises(FnoptError):
        learned(tmp_path / "stopped", arm, 60)
    refused = len(model.requests) - asked // 2
    model.respond = said
    stopped = learned(tmp_path / "stopped", arm, 60)
    assert len(model.requests) - refused == asked
    assert stopped["test"] == calm["test"]
    assert stopped["trials"] == calm["trials"]
    assert stopped["tokens"]["optimizer"] == calm["tokens"]["optimizer"]


def test_the_environments_hold_what_they_should() -> None:
    """Each rival's Python is one of its own."""
    assert AUTOGEN != GEPA
