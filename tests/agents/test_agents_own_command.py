"""Programs as agents, over JSON lines: what they are told, and all they do wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fnopt.agents import own
from fnopt.agents.agent import Agent, Asked, Solution, Unavailable
from fnopt.agents.attempt import failure_of
from fnopt.agents.returned import LONGEST_ANSWER
from fnopt.agents.toolbox import Toolbox
from fnopt.errors import UsageError
from fnopt.records import Usage
from fnopt.train.budget import Budget, Limits

from .own_programs import COMMAND

Load = Callable[..., Agent]
MARK = f"mark-of-{os.getpid()}"
TWICE = Asked("Double the number 21", "t1", {"mark": MARK})


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """An agent that is a Python program of the repository, with what it is to do."""
    (tmp_path / "agent.py").write_text(COMMAND)

    def build(how: str, seconds: float = 20.0) -> Agent:
        terms = own.Terms(tmp_path, Budget(Limits()), seconds)
        return own.load("command", (sys.executable, "-S", "agent.py", how), terms)

    return build


def running() -> str:
    """The command lines of all processes."""
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def solved(agent: Agent, toolbox: Toolbox) -> Solution:
    return agent.solve(TWICE, toolbox, 0)


def test_a_program_answers(load: Load, toolbox: Toolbox) -> None:
    """It asks for a call, gets the result, answers, and says what it used."""
    solution = solved(load("solve"), toolbox)
    assert (solution.answer, solution.usage) == ("42", Usage(0, 7, 3, 0.5))
    assert [(call.function, call.result) for call in solution.calls] == [("double", "42")]


def test_what_it_is_told(load: Load, toolbox: Toolbox) -> None:
    """An id, the task without its answer, and the schemas."""
    keys, task, tools = json.loads(solved(load("looks"), toolbox).answer)
    assert keys == ["id", "task", "tools"]
    assert task == {
        "id": "t1",
        "question": TWICE.question,
        "metadata": dict(TWICE.metadata),
        "trial": 0,
    }
    assert tools == list(toolbox.names)


def test_what_goes_wrong_with_a_call_is_told(load: Load, toolbox: Toolbox) -> None:
    """As ``error``, and the program goes on."""
    said = solved(load("errors"), toolbox).answer.split(" | ")
    assert said[0].startswith("ValueError: first words")
    assert said[1].startswith("no function is called gone")
    assert said[2] == said[3] == "the arguments must be one JSON"


def test_calls_ahead(load: Load, toolbox: Toolbox) -> None:
    """Results come in the order of the calls."""
    assert solved(load("several"), toolbox).answer == "[2, 4, 6]"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("exits", "it ended (exit code 7) without an answer: out of luck"),
        ("killed", "it ended (signal 9) without an answer"),
        ("garbage", "it wrote a line that is no JSON object: 'Loading the model ...'"),
        ("binary", "it wrote a line that is no JSON object"),
        ("list", "it wrote a line that is no JSON object: '[1, 2]'"),
        ("nan", "it wrote a line that is no JSON object"),
        ("huge", "it wrote a line of more than 4,194,304 bytes"),
        ("other_id", "it answered with the id 'somebody', which is not the task's"),
        ("no_id", "it answered with the id None, which is not the task's"),
        ("nothing_known", 'it wrote a line with none of "call"'),
        ("call_of_nothing", 'it wrote a line with none of "call"'),
        ("none", "it answered None, which is neither a text nor a number"),
    ],
)
def test_what_it_does_wrong_is_a_wrong_answer(
    how: str, why: str, load: Load, toolbox: Toolbox
) -> None:
    """An empty one, with the reason kept."""
    solution = solved(load(how), toolbox)
    assert solution.answer == ""
    assert (failure_of(solution.messages) or "").startswith(why)


@pytest.mark.parametrize("how", ["hangs", "stderr", "closes"])
def test_one_that_never_answers_is_killed(how: str, load: Load, toolbox: Toolbox) -> None:
    """With all that it started; that is neither right nor wrong. One that hangs up is wrong."""
    began = time.monotonic()
    if how == "closes":
        assert "closed its standard output" in str(solved(load(how), toolbox).messages[-1])
    else:
        with pytest.raises(Unavailable, match=r"did not answer in 0\.7 s"):
            solved(load(how, 0.7), toolbox)
    assert time.monotonic() - began < 15
    while MARK in (left := running()) and time.monotonic() - began < 20:
        time.sleep(0.05)  # a killed process takes a moment to be gone where the machine is busy
    assert MARK not in left


def test_it_says_that_it_could_not_try(load: Load, toolbox: Toolbox) -> None:
    """``error`` is for what is neither right nor wrong."""
    with pytest.raises(Unavailable, match="could not try: the endpoint is down"):
        solved(load("cannot"), toolbox)


@pytest.mark.parametrize("how", ["stderr_then_answers", "lingers"])
def test_one_that_talks_or_lingers_answers_all_the_same(
    how: str, load: Load, toolbox: Toolbox
) -> None:
    """Standard error is its own; after its answer it has a second to end."""
    began = time.monotonic()
    assert solved(load(how), toolbox).answer == "42"
    assert time.monotonic() - began < 10


def test_a_huge_answer_is_cut(load: Load, toolbox: Toolbox) -> None:
    """A megabyte of it."""
    assert len(solved(load("huge_answer"), toolbox).answer) == LONGEST_ANSWER


def test_it_has_the_users_environment_and_the_repository(
    load: Load, toolbox: Toolbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the user's own program."""
    monkeypatch.setenv("OWN_AGENT_KEY", "secret")
    assert solved(load("environment"), toolbox).answer == f"secret {tmp_path.resolve()}"


def test_many_at_once(load: Load, toolbox: Toolbox) -> None:
    """A process each."""
    agent = load("solve")
    with ThreadPoolExecutor(4) as pool:
        asked = [Asked(f"Double the number {n}") for n in range(8)]
        found = list(pool.map(lambda one: agent.solve(one, toolbox, 0).answer, asked))
    assert found == [str(2 * n) for n in range(8)]


def test_its_file_is_part_of_what_it_is(load: Load, tmp_path: Path) -> None:
    """So are the words of the command."""
    before = load("solve").digest
    assert load("looks").digest != before
    assert load("solve").digest == before
    (tmp_path / "agent.py").write_text(f"{COMMAND}\n# changed\n")
    assert load("solve").digest != before


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "agent.command is not set"), (("no-such-program", "x"), "no program is called")],
)
def test_a_command_that_is_not_there(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Said before anything is asked."""
    with pytest.raises(UsageError, match=said):
        own.load("command", words, own.Terms(tmp_path, Budget(Limits())))
