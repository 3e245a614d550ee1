"""The two sides: AutoGen in its environment, fnopt in a repository; both as child processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rivals import scene
from rivals.environment import clean_environment

SCRIPTS = Path(__file__).parent / "autogen"
NOWHERE = "tcp://127.0.0.1:9"  # no container engine: nobody's is asked, whatever runs here
CONFIG = """\
[tasks]
train = "tasks/train.jsonl"
val = "tasks/val.jsonl"
test = "tasks/test.jsonl"
scorer = "exact"
[agent]
model = "agent-model"
concurrency = 2
[optimizer]
model = "optimizer-model"
"""


@dataclass(frozen=True)
class AutoGen:
    """Runs the scripts of ``autogen/``. Those in one folder share AutoGen's cache of replies."""

    python: Path
    folder: Path
    url: str

    def run(self, script: str, place: str = "first", **given: Any) -> dict[str, Any]:
        """What a script tells; raises CalledProcessError, with its stderr shown, when it fails."""
        (self.folder / place).mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [str(self.python), "-s", "-W", "ignore", str(SCRIPTS / f"{script}.py")],
            input=json.dumps({"url": self.url, **given}),
            cwd=self.folder / place,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return dict(json.loads(done.stdout))

    @property
    def environment(self) -> dict[str, str]:
        """As in a shell in which its environment is active."""
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        return {**clean_environment(), "PATH": path, "DOCKER_HOST": NOWHERE}


@dataclass(frozen=True)
class Fnopt:
    """Runs fnopt's command line in a repository with the scene's tasks."""

    folder: Path

    def __call__(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Exit code and JSON document of a command, in a process of its own."""
        command = [sys.executable, "-m", "fnopt", *words, "--json"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def steps(self, *words: str) -> list[dict[str, Any]]:
        """The steps that ``train`` or ``step`` tells of."""
        return list(self(*words)[1]["steps"])

    def step(self) -> dict[str, Any]:
        """One step, as the log has it."""
        (one,) = self.steps("step")
        return one

    def library(self) -> list[str]:
        """The functions on the run's branch."""
        self.git("checkout", "-q", "fnopt/run-1")
        _, told = self("list")
        self.git("checkout", "-q", "main")
        return sorted(one["name"] for one in told["functions"])

    def git(self, *words: str) -> str:
        """git's output; raises CalledProcessError when it fails."""
        command = ["git", *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout

    def configure(self, line: str) -> None:
        """Put a line into the section of the optimizer."""
        with (self.folder / "fnopt.toml").open("a") as file:
            file.write(f"{line}\n")

    def give(self, split: str, tasks: Sequence[scene.Task]) -> None:
        """Other tasks for a split."""
        rows = (
            {"id": f"{split}-{number}", "question": question, "answer": expected}
            for number, (question, expected) in enumerate(tasks)
        )
        path = self.folder / f"tasks/{split}.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    @classmethod
    def begin(cls, folder: Path) -> Fnopt:
        """A new repository with the scene's tasks and no function."""
        for name in ("tasks", "functions"):
            (folder / name).mkdir(parents=True)
        (folder / "functions/.gitkeep").touch()
        (folder / "fnopt.toml").write_text(CONFIG)
        ours = cls(folder)
        for split, tasks in (("train", scene.TRAIN), ("val", scene.VAL), ("test", scene.TEST)):
            ours.give(split, tasks)
        for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "start"]):
            ours.git(*words)
        return ours
