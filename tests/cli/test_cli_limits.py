"""What a run, and each of its steps, may cost: from outside, against a scripted model."""

from __future__ import annotations

from pathlib import Path

import pytest
import scripted_run
from scripted_server import ScriptedServer

from .conftest import Fnopt, Git, run_git

PENDING = "refs/fnopt/pending/run-1"


@pytest.fixture
def git(tools: Path) -> Git:
    """Runs git in the repository."""
    return lambda *words: run_git(tools, *words)


def test_calls_of_a_run(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Exit 7 at the limit, over several commands; with more it goes on where it was."""
    told = fnopt("train", "--max-calls", "5", "--json")
    assert (told.code, told.json["stop"]["why"]) == (7, "budget")
    assert "of 5 calls are made" in told.json["stop"]["reason"]
    assert len(server.requests) == 5
    assert fnopt("train", "--max-calls", "5").code == 7
    assert len(server.requests) == 5
    assert fnopt("train", "--max-steps", "1", "--max-calls", "500").code == 0
    assert len({str(one) for one in server.requests}) == len(server.requests)


def test_a_step_that_reaches_its_limit_waits(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """``train`` ends there; each next one pays for as much once more, and comes to the end."""
    codes, paid = [], []
    for _ in range(9):
        before = len(server.requests)
        told = fnopt("train", "--max-steps", "1", "--step-calls", "8", "--json")
        codes.append(told.code)
        paid.append(len(server.requests) - before)
        if told.code != 7:
            break
        assert "this step's limit: " in told.json["stop"]["reason"]
        assert "of 8 calls are made" in told.json["stop"]["reason"]
        assert "fnopt train takes the step up again" in told.json["stop"]["reason"]
    assert codes == [7] * (len(codes) - 1) + [0]
    assert paid[:-1] == [8] * (len(paid) - 1)
    assert len(paid) > 2
    assert git("for-each-ref", PENDING) == ""
    assert [s["function"] for s in told.json["steps"]] == ["count_letter"]


def test_a_candidate_waits_where_judging_reached_the_steps_limit(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """As for a run's limit: it is judged with more, and the optimizer is not asked again."""
    told = fnopt("step", "--step-calls", "14", "--json")
    assert (told.code, told.json["stop"]["why"]) == (7, "budget")
    assert git("for-each-ref", PENDING)
    asked = sum(map(scripted_run.is_optimizer, server.requests))
    assert fnopt("step", "--json").code == 0
    assert sum(map(scripted_run.is_optimizer, server.requests)) == asked


def test_a_limit_below_the_first_call(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Nothing is asked; the number that is needed is said, and is enough for that call."""
    for option in ("--max-tokens", "--step-tokens"):
        told = fnopt("train", option, "20")
        assert (told.code, server.requests) == (7, [])
        assert "the next call alone could take 1," in told.out
        assert f"fnopt train {option} N" in told.out


OPTIONS = (
    *("--max-cost", "--max-tokens", "--max-time", "--max-calls", "--max-steps"),
    *("--step-cost", "--step-tokens", "--step-time", "--step-calls"),
)


def test_limits_that_are_none(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Nothing, less than nothing and no number are usage errors that name the option."""
    for option in OPTIONS:
        for value in ("0", "-1", "nan", "inf", "much"):
            told = fnopt("train", option, value)
            assert (told.code, option in told.err, server.requests) == (2, True, []), (
                option,
                value,
            )


def test_a_variable_that_is_no_limit(
    tools: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named as what it is."""
    monkeypatch.setenv("FNOPT_STOP_STEP_COST", "nan")
    told = fnopt("train")
    assert (told.code, "FNOPT_STOP_STEP_COST" in told.err) == (2, True)


@pytest.mark.parametrize("command", [("eval",), ("test",), ("train",), ("step",)], ids=" ".join)
def test_dollars_need_a_price_before_anything_is_asked(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Of a step as of a run, and for a single evaluation."""
    for name in ("FNOPT_STOP_STEP_COST", "FNOPT_STOP_MAX_COST"):
        monkeypatch.setenv(name, "1")
        told = fnopt(*command)
        monkeypatch.delenv(name)
        assert (told.code, server.requests) == (2, [])
        assert "error: the price of agent-model is unknown" in told.err


def test_threads_spend_a_limit_to_its_end(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight at once make all the calls that there is room for one after the other."""
    monkeypatch.setenv("FNOPT_AGENT_CONCURRENCY", "8")
    monkeypatch.setenv("FNOPT_STOP_MAX_TOKENS", "1800")
    assert fnopt("eval").code == 0
    assert len(server.requests) >= len(scripted_run.VAL)


@pytest.mark.parametrize("command", [("eval",), ("test",), ("calibrate",)], ids=" ".join)
def test_a_command_of_no_run_says_its_own_name(
    tools: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch, command: tuple[str]
) -> None:
    """At a limit: ``train`` with more would not be what was wanted."""
    monkeypatch.setenv("FNOPT_STOP_MAX_CALLS", "1")
    told = fnopt(*command)
    assert told.code == 7
    assert f"FNOPT_STOP_MAX_CALLS=N fnopt {command[0]} ..." in told.err
    assert "fnopt train" not in told.err
