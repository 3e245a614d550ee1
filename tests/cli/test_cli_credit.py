"""``credit`` in a real repository, against a scripted model over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import scripted_run
from scripted_server import ScriptedServer

from .conftest import Fnopt, Git, Told, run_git, write

IDLE = b'def idle(n: int) -> int:\n    """Give it back."""\n    return n\n'
TWICE = b"""from functions.count_letter import count_letter


def twice(word: str, letter: str) -> int:
    \"\"\"Count a letter twice.

    Args:
        word: Where to look.
        letter: What to count.
    \"\"\"
    return 2 * count_letter(word, letter)
"""
KEYS = [
    *("schema", "rev", "split", "score", "trials", "right", "functions", "single_use", "unused"),
    *("interval", "model_calls", "tokens", "cost", "stop"),
]


@pytest.fixture
def git(tools: Path) -> Git:
    """Runs git in the repository."""
    return lambda *words: run_git(tools, *words)


@pytest.fixture
def learned(tools: Path, git: Git) -> Path:
    """A library that answers six of eight val tasks, and has two functions that nobody calls."""
    code = {"count_letter": scripted_run.COUNT_ALL, "common_multiple": scripted_run.LCM}
    write(tools, {f"functions/{name}.py": text.encode() for name, text in code.items()})
    write(tools, {"functions/idle.py": IDLE, "functions/twice.py": TWICE})
    git("add", ".")
    git("commit", "-qm", "learned")
    return tools


def by_name(told: Told) -> dict[str, dict[str, Any]]:
    """What the document says of each function."""
    return {one["function"]: one for one in told.json["functions"]}


def test_counting_costs_what_the_evaluation_does(
    learned: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """And nothing where ``eval`` was before; nothing is left out unasked."""
    fnopt("eval")
    server.requests.clear()
    told = fnopt("credit", "--json")
    assert (told.code, list(told.json), server.requests) == (0, KEYS, [])
    assert told.json["rev"] == git("rev-parse", "HEAD")
    assert (told.json["right"], told.json["trials"], told.json["model_calls"]) == (6, 8, 0)
    counted = by_name(told)
    assert list(counted) == ["common_multiple", "count_letter", "idle", "twice"]
    letters = counted["count_letter"]
    assert (letters["calls"], letters["tasks"], letters["right"], letters["reused"]) == (4, 4, 4, 4)
    assert (letters["goes"], letters["left_out"]) == (["twice"], None)
    assert told.json["unused"] == ["idle", "twice"]
    assert told.json["single_use"] == []


def test_what_is_lost_without_each(learned: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Measured on the tasks that called it, the cheapest first; a second time it is free."""
    fnopt("eval")
    server.requests.clear()
    told = fnopt("credit", "--leave-out", "--json")
    found = {name: one["left_out"] for name, one in by_name(told).items()}
    letters, idle = found["count_letter"], found["idle"]
    assert (letters["right"], letters["without"], letters["rerun"], letters["tasks"]) == (
        6,
        2,
        4,
        8,
    )
    assert letters["lost"] == 0.5
    assert letters["low"] < 0.5 < letters["high"]
    assert (idle["rerun"], idle["lost"]) == (0, 0)
    assert told.json["model_calls"] == len(server.requests) == 6
    without = [line for line in told.err.splitlines() if line.startswith("without ")]
    assert [line.split()[1].rstrip(":") for line in without] == [
        *("idle", "twice", "common_multiple", "count_letter"),
    ]
    assert fnopt("credit", "--leave-out", "--json").json["model_calls"] == 0


def test_every_task_may_be_run_again(learned: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Then nothing is assumed of those that never called it; alone the option means nothing."""
    told = fnopt("credit", "--leave-out", "--every-task", "--json")
    assert {one["left_out"]["rerun"] for one in by_name(told).values()} == {8}
    assert by_name(told)["idle"]["left_out"]["lost"] == 0
    told = fnopt("credit", "--every-task")
    assert (told.code, "mend: add --leave-out" in told.err) == (2, True)


def test_in_words(learned: Path, fnopt: Fnopt) -> None:
    """A table, those that are of no use, what goes along, and the interval's source."""
    told = fnopt("credit", "--leave-out")
    lines = told.out.splitlines()
    assert lines[0].split() == [
        *("FUNCTION", "CALLS", "TASKS", "RIGHT", "REUSED", "RIGHT", "WITH", "WITHOUT", "LOST"),
        *("95%", "INTERVAL", "RUN", "AGAIN"),
    ]
    assert lines[2].split()[:9] == ["count_letter", "4", "4", "4", "4", "6", "of", "8", "2"]
    assert "never used: idle, twice" in lines
    assert "without count_letter: also without twice" in lines
    assert "Waudby-Smith and Ramdas 2023" in told.out
    assert "6 of 8 right" in lines[-1]


def test_a_budget_that_ends_it(
    learned: Path, fnopt: Fnopt, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 7 with what is measured; with more to spend the rest follows."""
    fnopt("eval")
    monkeypatch.setenv("FNOPT_STOP_MAX_CALLS", "3")
    told = fnopt("credit", "--leave-out", "--json")
    assert (told.code, told.json["stop"]["why"]) == (7, "budget")
    measured = {name for name, one in by_name(told).items() if one["left_out"]}
    assert measured == {"idle", "twice", "common_multiple"}
    assert "FNOPT_STOP_MAX_CALLS=N fnopt credit" in told.err
    monkeypatch.delenv("FNOPT_STOP_MAX_CALLS")
    before = len(server.requests)
    assert all(
        one["left_out"] for one in by_name(fnopt("credit", "--leave-out", "--json")).values()
    )
    assert len(server.requests) - before == 3  # of six, three were paid for


def test_a_run_and_its_training_tasks(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """What a function was written for is no reuse; a run's trials are free."""
    fnopt("train", "--max-steps", "1")
    server.requests.clear()
    val = by_name(fnopt("credit", "fnopt/run-1", "--json"))["count_letter"]
    assert (val["tasks"], val["reused"], server.requests) == (4, 2, [])
    train = by_name(fnopt("credit", "fnopt/run-1", "--split", "train", "--json"))["count_letter"]
    assert (train["right"], train["reused"]) == (2, 0)


def test_no_functions(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Nothing is asked, and where there may be some is said."""
    told = fnopt("credit", "--json")
    assert (told.code, told.json["functions"], server.requests) == (0, [], [])
    assert "fnopt credit fnopt/RUN" in told.err
    assert fnopt("credit", "no-such-rev").code in (2, 4)
    assert fnopt("credit", "--split", "test").code == 2
