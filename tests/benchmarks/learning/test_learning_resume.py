"""Arms under SIGKILL: started again with the same command they end alike and pay nothing twice.

The server kills the command when a request comes whose number is due: among the first trials, in
the middle of learning, and while the final measurements are made.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from benchmarks.learning import ledger, scripted_arms
from benchmarks.learning.setting import files_at
from scripted_server import Answer, Json, ScriptedServer

from fnopt.errors import FnoptError, UsageError

SCRIPT = Path(scripted_arms.__file__)
ARMS = ("one_shot", "fnopt")
CONCURRENCY = 2  # requests that a kill can leave unanswered
PATIENCE = 100.0


class Model:
    """Answers as the script says, counts what it is asked, and kills who asks too much."""

    def __init__(self, kills: Sequence[int]) -> None:
        """``kills`` are the numbers of the requests at which the asking process is killed."""
        self.asked: Counter[str] = Counter()
        self.kills = list(kills)
        self.victim: subprocess.Popen[bytes] | None = None

    def respond(self, request: Json) -> Answer:
        """See :func:`scripted_arms.respond`."""
        body = json.dumps(request, sort_keys=True).encode()
        self.asked[hashlib.sha256(body).hexdigest()] += 1
        if self.kills and self.asked.total() >= self.kills[0] and self.victim is not None:
            self.kills.pop(0)
            os.killpg(self.victim.pid, signal.SIGKILL)
        return scripted_arms.respond(request)


@pytest.fixture
def model(scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """The server that all arms ask."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    return scripted_server


def until_finished(out: Path, budget: int, model: Model) -> list[int]:
    """Run the command again and again until it ends by itself; its exit codes."""
    codes: list[int] = []
    while not codes or codes[-1]:
        assert len(codes) < 10, "it does not finish"
        words = [sys.executable, "-P", str(SCRIPT), str(out), str(budget), ",".join(ARMS)]
        model.victim = subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)
        codes.append(model.victim.wait(PATIENCE))
        assert codes[-1] in (0, -signal.SIGKILL)
    return codes


def left_by(folder: Path) -> dict[str, Any]:
    """What an arm came to, and its trials as a set, without what the clock and a kill may change.

    Tokens are not compared: a reply that was on its way when the command died is paid for again.
    """
    accepted = folder / "accepted.json"
    points = json.loads(accepted.read_text()) if accepted.is_file() else []
    result = json.loads((folder / "result.json").read_text())
    rows = [
        (row["phase"], row["task"], row["library"], row["score"]) for row in ledger.read(folder)
    ]
    return {
        "accepted": [(one["library"], one["trials"]) for one in points],
        "result": {key: result[key] for key in ("library", "functions", "test", "trials")},
        "stopped": result["stopped"],
        "trials": Counter(rows),
    }


@pytest.mark.parametrize(
    ("budget", "kills"),
    [pytest.param(1_000, (5, 40, 150), marks=pytest.mark.slow), (40, (30, 75))],
)
def test_a_killed_command_goes_on_where_it_was(
    budget: int, kills: Sequence[int], model: ScriptedServer, tmp_path: Path
) -> None:
    """Same trials, libraries and results as undisturbed; only replies in flight are asked again."""
    calm = Model([])
    model.respond = calm.respond
    scripted_arms.learn(tmp_path / "calm", ARMS, budget)
    assert set(calm.asked.values()) <= {1, len(ARMS)}  # each arm pays for itself
    killed = Model(kills)
    model.respond = killed.respond
    codes = until_finished(tmp_path / "killed", budget, killed)
    assert codes == [-signal.SIGKILL] * len(kills) + [0]
    for arm in ARMS:
        one, other = (scripted_arms.folder(tmp_path / name, arm) for name in ("calm", "killed"))
        assert left_by(other) == left_by(one)
    assert killed.asked.keys() == calm.asked.keys()
    assert killed.asked.total() - calm.asked.total() <= len(kills) * CONCURRENCY


def test_what_is_finished_is_left_alone(model: ScriptedServer, tmp_path: Path) -> None:
    """The same command again asks nothing and writes nothing; another arm is still run."""
    model.respond = scripted_arms.respond
    scripted_arms.learn(tmp_path, ["one_shot"], 100)
    folder = scripted_arms.folder(tmp_path, "one_shot")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    asked = len(model.requests)
    scripted_arms.learn(tmp_path, ["one_shot"], 100)
    assert len(model.requests) == asked
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    scripted_arms.learn(tmp_path, ["one_shot", "none"], 100)
    assert (scripted_arms.folder(tmp_path, "none") / "result.json").is_file()


def test_an_arm_goes_on_with_what_it_was_begun_with(model: ScriptedServer, tmp_path: Path) -> None:
    """Another budget would mix two measurements, whether the arm is finished or not."""
    model.respond = scripted_arms.respond
    scripted_arms.learn(tmp_path, ["one_shot"], 100)
    asked = len(model.requests)
    with pytest.raises(FnoptError, match="begun with other budget"):
        scripted_arms.learn(tmp_path, ["one_shot"], 101)
    assert len(model.requests) == asked


def test_tasks_of_a_folder(tmp_path: Path) -> None:
    """The files stay where they are; a split that is not there is told."""
    for split in ("train", "val"):
        (tmp_path / f"{split}.jsonl").write_text('{"question": "1 + 1?", "answer": "2"}\n')
    with pytest.raises(UsageError, match=r"test\.jsonl: there are no tasks"):
        files_at(tmp_path)
    (tmp_path / "test.jsonl").write_text('{"question": "1 + 2?", "answer": "3"}\n')
    toml = tomllib.loads(files_at(tmp_path)["fnopt.toml"])
    assert toml["tasks"] == {
        split: str(tmp_path / f"{split}.jsonl") for split in ("train", "val", "test")
    }
