"""What is said of the gate before a run and after it."""

from __future__ import annotations

from pathlib import Path

import scripted_run
from scripted_server import ScriptedServer

from .conftest import Fnopt

WORDS = tuple(scripted_run.letters("o", f"footloose{'o' * at}") for at in range(200))


def configure(tools: Path, lines: str) -> None:
    """Add lines to fnopt.toml."""
    path = tools / "fnopt.toml"
    path.write_text(path.read_text() + lines)


def test_control_over_the_run_is_refused_with_the_number_of_tasks(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Nothing is asked of a model; with so many tasks it runs, and keeps less by chance."""
    configure(tools, '[gate]\ncontrol = "run"\nconfidence = 0.95\n')
    told = fnopt("train")
    assert told.code == 2
    assert "20 steps it takes " in told.err
    assert "8 val tasks hide a gain of 0.1" in told.err
    assert server.requests == []
    needed = int(told.err.split("it takes ")[1].split()[0])
    assert 200 < needed < 400
    (tools / "tasks" / "val.jsonl").write_bytes(scripted_run.lines("val", WORDS))
    told = fnopt("step", "--max-steps", "1")
    assert told.code == 0
    assert "of 1 judged updates chance alone would have kept 0.1 at most" in told.out


def test_control_over_the_run_belongs_to_the_paired_gate(tools: Path, fnopt: Fnopt) -> None:
    """The paper's has no confidence."""
    configure(tools, '[gate]\ncontrol = "run"\nrule = "paper"\n')
    told = fnopt("train")
    assert told.code == 2
    assert "paired" in told.err


def test_a_run_says_what_chance_would_have_kept(tools: Path, fnopt: Fnopt) -> None:
    """Five judged updates at confidence 0.6, without the refused. The paper's gate says nothing."""
    assert "of 5 judged updates chance alone would have kept 2.0 at most" in fnopt("train").out
    configure(tools, '[gate]\nrule = "paper"\n')
    assert "chance" not in fnopt("step", "--run", "other").out


def test_a_run_warns_where_one_function_could_hardly_show(tools: Path, fnopt: Fnopt) -> None:
    """Eight tasks are too few for a quarter of them; two hundred are enough."""
    told = fnopt("step")
    assert "warning: 8 val tasks show only a gain of 0.36 80% of the time" in told.err
    assert "a function for one of 4 kinds of tasks is worth 0.25" in told.err
    (tools / "tasks" / "val.jsonl").write_bytes(scripted_run.lines("val", WORDS))
    assert "warning" not in fnopt("step", "--run", "more").err
