"""Tasks, scorers and configurations that are wrong, and people who press Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer, Slow

from .conftest import Fnopt
from .fault_scene import Arrange, Fault, Scene, faults, play

pytestmark = pytest.mark.slow

DONE = "stopped (small)"
TRAIN = "tasks/train.jsonl"
VAL = "tasks/val.jsonl"


@pytest.fixture
def scene(
    tools: Path, server: ScriptedServer, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """A repository with the scripted run's files."""
    return Scene(tools, server, fnopt, monkeypatch)


def as_before(scene: Scene) -> None:
    """All files are as the scripted run has them."""
    for path, data in scripted_run.FILES.items():
        (scene.tools / path).write_bytes(data)


def lines(change: Callable[[list[str]], list[str]], path: str = TRAIN) -> Arrange:
    """The lines of a task file, changed."""

    def arrange(scene: Scene) -> None:
        file = scene.tools / path
        file.write_text("".join(f"{one}\n" for one in change(file.read_text().splitlines())))

    return arrange


def keyed(section: str, line: str) -> Arrange:
    """A line in the configuration."""
    return lambda scene: scene.configure(section, line)


def gone(path: str) -> Arrange:
    """A file that is not there."""
    return lambda scene: (scene.tools / path).unlink()


def scored_by(body: str) -> Arrange:
    """A scorer of one's own."""

    def arrange(scene: Scene) -> None:
        code = f"import time\n\n\ndef score(answer, task):\n    {body}\n"
        module = f"own_{abs(hash(body))}"  # what was imported once stays in this process
        (scene.tools / f"{module}.py").write_text(code)
        path = scene.tools / "fnopt.toml"
        path.write_text(path.read_text().replace('"exact"', f'"{module}:score"'))

    return arrange


def doubled(rows: list[str]) -> list[str]:
    """The second task has the first one's id."""
    second = {**json.loads(rows[1]), "id": json.loads(rows[0])["id"]}
    return [rows[0], json.dumps(second), *rows[2:]]


def unanswered(rows: list[str]) -> list[str]:
    """The third task has no answer."""
    third = {key: value for key, value in json.loads(rows[2]).items() if key != "answer"}
    return [*rows[:2], json.dumps(third), *rows[3:]]


def long_winded(rows: list[str]) -> list[str]:
    """An expected answer of 1 MB, for the task that nobody can answer."""
    last = {**json.loads(rows[-1]), "answer": "teal " * 200_000}
    return [*rows[:-1], json.dumps(last)]


@faults(
    Fault("no file of tasks", gone(TRAIN), 2, TRAIN, as_before),
    Fault("an empty file", lines(lambda _: []), 2, TRAIN, as_before),
    Fault("no val tasks", lines(lambda _: [], VAL), 2, VAL, as_before),
    Fault(
        "a line that is no JSON",
        lines(lambda rows: [*rows[:3], "{oops", *rows[3:]]),
        2,
        f"{TRAIN}:4: not valid JSON",
        as_before,
    ),
    Fault("a task without an answer", lines(unanswered), 2, f"{TRAIN}:3: neither", as_before),
    Fault("one id twice", lines(doubled), 2, f"{TRAIN}:2: the id", as_before),
    Fault("an expected answer of 1 MB", lines(long_winded), 0, DONE, as_before),
    Fault(
        "a question of train in val",
        lines(lambda rows: [*rows, scripted_run.FILES[TRAIN].decode().splitlines()[0]], VAL),
        2,
        "train",
        as_before,
    ),
    Fault(
        "one val task",
        lines(lambda rows: rows[:1], VAL),
        2,
        "tasks.val: 1 task is too few to show any gain: the gate needs 2",
        as_before,
    ),
    Fault(
        "a key that is not known",
        keyed("agent", "concurency = 2"),
        2,
        "did you mean agent.concurrency?",
        as_before,
    ),
    Fault(
        "a value of another type", keyed("stop", 'patience = "5"'), 2, "stop.patience", as_before
    ),
    Fault("a value out of range", keyed("gate", "confidence = 1.5"), 2, "confidence", as_before),
    Fault(
        "a source and splits at once",
        keyed("tasks", 'source = "tasks/all.jsonl"'),
        2,
        "source",
        as_before,
    ),
    Fault("no TOML", keyed("agent", "model = "), 2, "fnopt.toml", as_before),
    Fault("a scorer that is not there", scored_by("return 1\n\n\ndel score"), 2, "own", as_before),
    Fault(
        "a scorer that raises",
        scored_by("raise ValueError('no')"),
        0,
        "train: on every answer the scorer failed: ValueError: no",
        as_before,
        None,
    ),
    Fault(
        "a scorer that gives NaN",
        scored_by("return float('nan')"),
        0,
        "train: on every answer the scorer failed: ValueError: nan is not a score",
        as_before,
        None,
    ),
    Fault(
        "a scorer that hangs",
        scored_by("time.sleep(1000)"),
        1,
        "took longer than 30 s for one answer to task 'train-",
        as_before,
        again=2,
    ),
)
def test_what_is_wrong_is_said_with_its_place(scene: Scene, fault: Fault) -> None:
    """File, line or key; before anything is paid for where it can be."""
    play(scene, fault)


def pressed(scene: Scene, times: int) -> subprocess.Popen[str]:
    """Ctrl-C in a terminal, so often, a second apart, while trials are under way."""

    def slow(request: Json) -> Answer:
        found = scripted_run.respond(request)
        return Slow(found, 0.4) if not isinstance(found, Slow) else found

    scene.server.respond = slow
    words = [sys.executable, "-m", "fnopt", "train"]
    process = subprocess.Popen(
        words, cwd=scene.tools, start_new_session=True, text=True, stdout=-1, stderr=-1
    )
    while len(scene.server.requests) < 12:
        time.sleep(0.05)
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
    return process


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c(scene: Scene, times: int) -> None:
    """Exit 130 and how to go on, with all that was paid for kept; twice: at once."""
    process = pressed(scene, times)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "error: interrupted\nmend: run the same command again to go on" in err
    assert "Traceback" not in err
    before = len(scene.server.requests)
    scene.answers(scripted_run.respond)
    assert scene.fnopt("train", "--json").code == 0
    log = scene.fnopt("log", "--json").json["updates"]
    told = [(one["verdict"], one["action"], one["function"]) for one in log]
    assert told == scripted_run.STORY
    seen = [json.dumps(one, sort_keys=True) for one in scene.server.requests]
    again = sum(one in seen[:before] for one in seen[before:])
    assert again <= (2 if times == 2 else 0)
