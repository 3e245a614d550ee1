"""AgentOptimizer's trace (arXiv 2402.11359), through real steps in a real repository.

Its own loop scores a library, accepts or withdraws it, and then acts; so the scores are those of
the base and of what each of the first five steps made. Here a step acts, then scores: the sixth
function is scored as well, where the reference ends without knowing what it is worth.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from scripted_server import Answer, calls

from .paper_scene import Optimize, Scene, add, in_text

TRACE = [  # accepted functions, last score, failed libraries that are remembered with their scores
    ("", 0.5, []),
    ("a", 0.8, []),
    ("a", 0.3, ["0.300 with the functions a, b"]),
    ("a", 0.4, ["0.300 with the functions a, b", "0.400 with the functions a, c"]),
    ("ad", 0.8, []),
    ("ad", 0.1, ["0.100 with the functions a, d, e"]),
]
"""As it stands after each of the six evaluations, which is when the optimizer is asked."""

VERDICTS = ["kept", "reverted", "reverted", "kept", "reverted", "reverted"]
SIX = {"optimizer": {"mode": "paper", "max_actions": 1}, "stop": {"max_steps": 6}}


def a_to_f(say: Callable[[str], Answer]) -> Optimize:
    """One add a step: a, b, c, d, e, f."""
    letters = iter("abcdef")
    return lambda prompt: say(next(letters))


def by_call(name: str) -> Answer:
    """An add as a tool call."""
    return calls(add(name))


def by_text(name: str) -> Answer:
    """An add as a text."""
    return in_text("add", name)


def told(prompt: str) -> tuple[str, list[str]]:
    """The accepted functions, and the failed libraries, that a prompt shows."""
    accepted = prompt.partition("What was tried since")[0]
    names = re.findall(r"^def (\w)\(", accepted, re.MULTILINE)
    return "".join(sorted(names)), re.findall(r"^0\.\d+ with the .*$", prompt, re.MULTILINE)


@pytest.mark.parametrize("say", [by_call, pytest.param(by_text, marks=pytest.mark.slow)])
def test_the_trace(scene: Scene, say: Callable[[str], Answer]) -> None:
    """Accepted libraries, scores and what is remembered, after each evaluation, step by step."""
    scene.configure(**SIX)
    scene.script(a_to_f(say))
    found, score = [], None
    for step in range(6):
        accepted = scene.functions() if step else scene.functions("main")
        code, document = scene.fnopt("step")
        [update] = document["steps"]
        assert code == (0 if update["verdict"] == "kept" else 3)
        showed, failed = told(scene.prompts()[step])
        assert showed == accepted
        found.append((accepted, update["base"] if score is None else score, failed))
        score = update["score"]
    assert found == TRACE
    assert [len(failed) for _, _, failed in found] == [0, 0, 1, 2, 0, 1]
    assert (scene.functions(), len(scene.asked())) == ("ad", 6)
    assert scene.fnopt("step")[1]["stop"]["why"] == "steps"


@pytest.mark.slow
def test_the_trace_in_one_command(scene: Scene) -> None:
    """``train`` asks the same as six commands in a row, and as six that know nothing but git."""
    scene.configure(**SIX)
    scene.script(a_to_f(by_call))
    code, document = scene.fnopt("train")
    assert (code, document["stop"]["why"]) == (0, "steps")
    assert [update["verdict"] for update in document["steps"]] == VERDICTS
    assert [(update["action"], update["function"]) for update in document["steps"]] == [
        ("add", letter) for letter in "abcdef"
    ]
    assert (document["base"], document["score"]) == (0.5, 0.8)
    at_once = scene.prompts()
    assert [told(prompt) for prompt in at_once] == [(names, failed) for names, _, failed in TRACE]
    scene.server.requests.clear()
    scene.script(a_to_f(by_call))
    for _ in range(6):
        for left in (scene.folder / ".git" / "fnopt").glob("store.db*"):
            left.unlink()
        scene.fnopt("step", "--run", "again", "--from", "main") if not scene.prompts() else (
            scene.fnopt("step", "--run", "again")
        )
    assert scene.prompts() == at_once


def test_every_failure_is_in_the_log(scene: Scene) -> None:
    """A withdrawn library stands there as update and revert, with the score that it had."""
    scene.configure(**SIX)
    scene.script(a_to_f(by_call))
    scene.fnopt("train")
    updates = scene.fnopt("log")[1]["updates"]
    assert [update["score"] for update in updates] == [0.8, 0.3, 0.4, 0.8, 0.1, 0.0]
    assert [update["base"] for update in updates] == [0.5, 0.8, 0.8, 0.8, 0.8, 0.8]
    for update in updates:
        assert (update["revert"] is None) == (update["verdict"] == "kept")
        kept = scene.functions(update["commit"])
        assert kept.endswith(update["function"])
