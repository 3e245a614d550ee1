"""``claim``, ``power`` and ``calibrate`` in a real repository, with a scripted model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer

from fnopt.cli.main import SUMMARIES
from fnopt.history import openings
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Fnopt, run_git


@pytest.fixture
def kept(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> Path:
    """The first step of the scripted run is kept."""
    assert fnopt("step").code == 0
    server.requests.clear()
    return tools


@pytest.mark.parametrize("command", ["claim", "power", "calibrate"])
def test_help_says_what_the_overview_says(fnopt: Fnopt, command: str) -> None:
    """One summary a command."""
    lines = " ".join(fnopt(command, "--help").out.split())
    assert SUMMARIES[command].rstrip(".") in lines


def test_a_claim_is_made_of_fresh_trials(kept: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Both libraries are asked again, once; the evidence keeps what was found."""
    told = fnopt("claim", "--json")
    found = told.json
    assert told.code == 0
    assert (found["run"], found["split"], found["tasks"]) == ("run-1", "val", 8)
    assert (found["base"], found["score"], found["gain"]) == (0.0, 0.25, 0.25)
    assert found["low"] <= 0 < found["gain"] < found["high"]
    assert (found["judged"], found["kept"], found["libraries"]) == (1, 1, 2)
    assert found["base_commit"] == run_git(kept, "rev-parse", "main")
    assert found["commit"] == run_git(kept, "rev-parse", "fnopt/run-1")
    assert found["model_calls"] == len(server.requests) > 0
    server.requests.clear()
    again = fnopt("claim")
    assert server.requests == []
    assert "val, fresh trials: 0.000 -> 0.250, a gain of +0.250" in again.out
    assert "each of 2 libraries" in again.out
    assert "not proven" in again.out
    with Repository(kept) as repo:
        evidence = RunBranch(repo, "run-1").evidence
        kept_there = evidence.document("claims/val.json") or {}
        rests = kept_there.pop("rests")
        assert kept_there == {
            key: value
            for key, value in found.items()
            if key not in ("schema", "model_calls", "tokens", "cost")
        }
        assert (rests["split"], rests["trials"], len(rests["tasks"])) == ("val", [1000], 8)


def test_a_claim_on_the_sealed_split_opens_it(kept: Path, fnopt: Fnopt) -> None:
    """Once for each library, and it is recorded; nothing said about it becomes evidence."""
    found = fnopt("claim", "--split", "test", "--json").json
    assert (found["split"], found["libraries"], found["tasks"]) == ("test", 1, 3)
    with Repository(kept) as repo:
        assert len(openings.read(repo)) == 2
        evidence = RunBranch(repo, "run-1").evidence
        assert not [path for path in evidence.trial_blobs() if path.startswith("trials/test")]


def test_nothing_to_claim(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """No run, an unknown one, or one that kept nothing."""
    told = fnopt("claim")
    assert (told.code, "there is no run yet" in told.err) == (2, True)
    server.respond = lambda request: "ANSWER: unknown"
    fnopt("step")
    assert fnopt("claim", "--json").code == 3
    told = fnopt("claim", "--run", "gone")
    assert told.code == 2
    assert "there is no run 'gone'" in told.err
    assert "run-1" in told.err


def test_a_claim_needs_to_know_where_the_run_began(kept: Path, fnopt: Fnopt) -> None:
    """Which the evidence says; the error says how to get it."""
    run_git(kept, "update-ref", "-d", "refs/fnopt/runs/run-1")
    told = fnopt("claim")
    assert told.code == 2
    assert "git fetch ORIGIN refs/fnopt/runs/run-1:refs/fnopt/runs/run-1" in told.err


def test_power_asks_no_model(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """What eight tasks can show, and what it would take."""
    told = fnopt("power")
    assert told.code == 0
    assert told.out.startswith("with 8 tasks and 1 trial each you can see a gain of 0.")
    assert "four times in five" in told.out
    assert "10% of tasks (assumed; fnopt calibrate measures it)" in told.out
    assert server.requests == []
    found = fnopt("power", "--tasks", "40", "--gain", "0.05", "--confidence", "0.95", "--json").json
    assert (found["tasks"], found["confidence"], found["trials"]) == (40, 0.95, 1)
    (row,) = found["table"]
    assert row["gain"] == 0.05
    assert row["power"] < 0.2
    assert row["tasks_needed"] > 300
    assert 0.2 < found["gain"] < 0.3


def test_power_goes_by_the_configured_gate(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Control over the run and the margin take tasks, as many as ``train`` asks for."""
    usual = fnopt("power", "--tasks", "40", "--gain", "0.1", "--json").json
    assert (usual["margin"], usual["looks"]) == (0.0, 2)
    config = tools / "fnopt.toml"
    before = config.read_text()
    config.write_text(f'{before}[gate]\ncontrol = "run"\n')
    told = fnopt("power", "--tasks", "40", "--gain", "0.1")
    assert "at confidence 0.98 per proposal (gate.control: 0.6 for 20 steps)" in told.out
    assert "stopping early takes up to about a tenth of the power" in told.out
    found = fnopt("power", "--tasks", "40", "--gain", "0.1", "--json").json
    assert found["table"][0]["power"] < usual["table"][0]["power"] / 2
    assert f"it takes {found['table'][0]['tasks_needed']}\n" in fnopt("train").err
    config.write_text(f'{before}[gate]\ncontrol = "run"\nmargin = 0.1\n')
    wider = fnopt("power", "--gain", "0.2", "--json").json["table"][0]["tasks_needed"]
    assert f"hide a gain of 0.2 more than once in five; for 20 steps it takes {wider}\n" in (
        fnopt("train").err
    )
    told = fnopt("power", "--confidence", "0.6", "--gain", "0.1", "--tasks", "100")
    assert "at confidence 0.6 per proposal; answers" in told.out
    assert "a gain has to exceed gate.margin = 0.1, too" in told.out
    assert "no number of tasks shows it 80% of the time" in told.out
    assert "stopping early" not in told.out
    assert server.requests == []


def test_calibrate_measures_what_power_goes_by(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """A model that knows one answer every second time it is asked: one task of eight flips."""
    asked = Counter[str]()

    def moody(request: Json) -> Answer:
        question = request["messages"][1]["content"]
        asked[question] += 1
        if scripted_run.VAL[0][0] in question and asked[question] % 2:
            return f"ANSWER: {scripted_run.VAL[0][1]}"
        return scripted_run.respond(request)

    server.respond = moody
    told = fnopt("calibrate", "--json")
    found = told.json
    assert told.code == 0
    assert sorted(found["scores"]) == [0.0, 0.125]
    assert (found["flips"], found["tasks"], found["split"]) == (0.125, 8, "val")
    assert found["model_calls"] == 16
    assert "12% of tasks (measured by fnopt calibrate on 8 tasks)" in fnopt("power").out
    again = fnopt("calibrate")
    assert "0 model calls" in again.out
    assert "12% of tasks flip" in again.out
