"""``--dry-run`` of eval, test and train: what they would cost, without a request."""

from __future__ import annotations

from pathlib import Path

import pytest
import scripted_run
from scripted_server import ScriptedServer

from .conftest import Fnopt, Git, run_git, write

KEYS = ["model_calls", "tokens", "cost", "seconds", "rests_on"]


@pytest.fixture
def git(tools: Path) -> Git:
    """Runs git in the repository."""
    return lambda *words: run_git(tools, *words)


@pytest.fixture
def learned(tools: Path, git: Git) -> Path:
    """A library of one right function."""
    write(tools, {"functions/count_letter.py": scripted_run.COUNT_ALL.encode()})
    git("add", ".")
    git("commit", "-qm", "learned")
    return tools


def test_eval_before_anything_was_measured(
    learned: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """Every trial at its worst, and said to be such; no price, and no time, is made up."""
    told = fnopt("eval", "--dry-run", "--json")
    assert (told.code, server.requests) == (0, [])
    keys = ["schema", "dry_run", "rev", "split", "trials", "missing", *KEYS]
    assert list(told.json) == keys
    assert (told.json["trials"], told.json["missing"]) == (8, 8)
    assert told.json["model_calls"] == 8 * 8  # tasks, turns
    assert (told.json["cost"], told.json["seconds"]) == (None, None)
    assert "at its worst; none was measured yet" in told.json["rests_on"][0]
    paid = fnopt("eval", "--json").json
    assert paid["tokens"] < told.json["tokens"]


def test_eval_where_some_trials_are_kept(
    learned: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """These cost nothing; the others what these did, in tokens and in time."""
    paid = fnopt("eval", "--limit", "4", "--json").json
    server.requests.clear()
    told = fnopt("eval", "--dry-run", "--json").json
    assert (told["trials"], told["missing"], server.requests) == (8, 4, [])
    assert (told["model_calls"], told["tokens"]) == (paid["model_calls"], paid["tokens"])
    assert told["seconds"] > 0
    assert "the mean of 4 trials of these tasks" in told["rests_on"][0]
    fnopt("eval")
    told = fnopt("eval", "--dry-run", "--json").json
    assert (told["missing"], told["model_calls"], told["tokens"]) == (0, 0, 0)
    assert told["rests_on"] == ["all trials are kept"]


def test_dollars_where_the_price_is_known(
    learned: Path, fnopt: Fnopt, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the table, for the models and the endpoint of the configuration."""
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.setenv("FNOPT_AGENT_MODEL", "gpt-5-mini")
    told = fnopt("eval", "--dry-run", "--json").json
    assert 0.01 < told["cost"] < 10


def test_test_is_not_opened(learned: Path, fnopt: Fnopt, server: ScriptedServer, git: Git) -> None:
    """What opening it would cost is no opening, and shows no score."""
    told = fnopt("test", "--dry-run")
    assert (told.code, server.requests) == (0, [])
    assert git("for-each-ref", "refs/fnopt/openings") == ""
    assert told.out.startswith("test at ")
    assert "3 of 3 trials are to be made" in told.out
    assert "right" not in told.out


def test_train_before_it_begins(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """No branch, no evidence, no request; more than the run then really takes."""
    told = fnopt("train", "--max-steps", "2", "--dry-run", "--json")
    assert (told.code, server.requests, git("for-each-ref", "refs/heads/fnopt")) == (0, [], "")
    assert list(told.json) == ["schema", "dry_run", "run", "steps", "trials", *KEYS]
    assert (told.json["run"], told.json["steps"]) == ("run-1", 2)
    # the incumbent's; in each step as many, and up to three candidates on all tasks of a kind
    assert told.json["trials"] == 16 + 2 * (16 + 3 * 8)
    fnopt("train", "--max-steps", "2")
    assert len(server.requests) < told.json["model_calls"]


def test_train_in_the_middle_of_a_run(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """The steps that are left, what earlier ones took, and the limits that hold."""
    first = fnopt("train", "--max-steps", "2", "--json").json
    server.requests.clear()
    told = fnopt("train", "--max-steps", "6", "--step-calls", "50", "--dry-run", "--json").json
    assert (told["steps"], server.requests) == (4, [])
    mean = sum(step["tokens"] for step in first["steps"]) / 2
    said = " ".join(told["rests_on"])
    assert f"2 steps of this run took {mean:,.0f} tokens each on average" in said
    assert "limits: step_calls = 50" in said
    assert told["seconds"] > 0
    over = fnopt("train", "--max-steps", "2", "--dry-run", "--json").json
    assert (over["steps"], over["model_calls"]) == (0, 0)
    assert over["rests_on"][0] == "nothing is left: 2 of 2 steps are done"


def test_where_it_is_not_known_what_the_endpoint_can_do(
    learned: Path, probed: None, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """It is not asked either; what finding out takes is said."""
    told = fnopt("eval", "--dry-run")
    assert (told.code, server.requests) == (0, [])
    assert "finding out takes up to 22,500 tokens more" in told.out


def test_train_where_it_is_not_known_what_the_endpoint_can_do(
    tools: Path, probed: None, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Neither role's model is asked; what finding out takes is said here, too."""
    told = fnopt("train", "--max-steps", "2", "--dry-run")
    assert (told.code, server.requests) == (0, [])
    assert told.out.startswith("run run-1: 2 of 2 steps are left at most")
    assert "the optimizer: up to " in told.out
    assert "finding out takes up to 22,500 tokens more" in told.out
