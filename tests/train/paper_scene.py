"""A repository, a scripted model and the command line, for tests of ``optimizer.mode = "paper"``.

There are ten questions to train on, and as many to validate and test. The agent answers the first
of each ten rightly, as many as ``SHARES`` says for the functions that it is offered; where it has
``a``, it calls it first.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer, calls

from fnopt.cli.main import run

SHARES: Mapping[str, int] = {"": 5, "a": 8, "ab": 3, "ac": 4, "ad": 8, "ade": 1}
"""Right answers of ten by the names of the functions offered; 0 for all others."""

TOML = """\
[tasks]
train = "tasks/train.jsonl"
val = "tasks/val.jsonl"
test = "tasks/test.jsonl"
[agent]
model = "agent-model"
concurrency = 2
[optimizer]
model = "optimizer-model"
"""

Optimize = Callable[[str], Answer]
"""What the optimizer says to the text of a prompt."""


def code(name: str, body: str = "") -> str:
    """A function that passes every check; no two names have the same body."""
    result = body or f"number + {ord(name[0])}"
    doc = f'"""Shift a number as {name} does.\n\n    Args:\n        number: What to shift.\n    """'
    return f"def {name}(number: int) -> int:\n    {doc}\n    return {result}\n"


def add(name: str, body: str = "") -> tuple[str, Json]:
    """An add as a tool call."""
    return "add_function", {"code": code(name, body), "why": f"For want of {name}."}


def in_text(action: str, name: str) -> str:
    """An add or revise as a text."""
    return f"{action} {name}\nFor want of {name}.\n```python\n{code(name)}```\n"


TERMINATE = ("terminate", {"why": "nothing is left"})


def saying(*replies: Answer) -> Optimize:
    """These replies in order; then it terminates."""
    left = list(replies)
    return lambda prompt: left.pop(0) if left else calls(TERMINATE)


def answer(request: Json) -> Answer:
    """The agent, see above."""
    offered = sorted(tool["function"]["name"] for tool in request.get("tools", ()))
    number = int(re.findall(r"number (\d+)\?", request["messages"][1]["content"])[0])
    if "a" in offered and request["messages"][-1]["role"] != "tool":
        return calls(("a", {"number": number}))
    knows = number % 10 < SHARES.get("".join(offered), 0)
    return f"ANSWER: {right(number) if knows else 'unknown'}"


def right(number: int) -> str:
    """What is expected as the answer to the question of a number."""
    return str(number * 7 + 1000)


@dataclass
class Scene:
    """The repository at ``folder``, and the server behind its models."""

    folder: Path
    server: ScriptedServer
    capture: pytest.CaptureFixture[str]

    def script(self, optimize: Optimize) -> None:
        """Let the optimizer say this from now on."""

        def respond(request: Json) -> Answer:
            if not scripted_run.is_optimizer(request):
                return answer(request)
            return optimize(request["messages"][1]["content"])

        self.server.respond = respond

    def configure(self, **sections: Mapping[str, Any]) -> None:
        """Set keys of fnopt.toml, by section, and commit it."""
        text = TOML
        for section, values in sections.items():
            lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
            head = f"[{section}]\n"
            text = text.replace(head, head + lines) if head in text else text + head + lines
        (self.folder / "fnopt.toml").write_text(text)
        self.git("commit", "--allow-empty", "-aqm", "configure")

    def fnopt(self, *words: str) -> tuple[int, dict[str, Any]]:
        """A command with ``--json``: its exit code and document, or what it said in ``error``."""
        exit_code, out, err = self.told(*words, "--json")
        return exit_code, json.loads(out) if out else {"error": err}

    def told(self, *words: str) -> tuple[int, str, str]:
        """A command: its exit code, what it told and what else it said."""
        self.capture.readouterr()
        return run([*words]), *self.capture.readouterr()

    def git(self, *words: str) -> str:
        """git's output."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=os.environ, capture_output=True, check=True
        )
        return done.stdout.decode()

    def prompts(self) -> list[str]:
        """What the optimizer was asked with, oldest first; replies that went back left out."""
        asked = [one for one in self.server.requests if scripted_run.is_optimizer(one)]
        return [one["messages"][1]["content"] for one in asked if len(one["messages"]) == 2]

    def asked(self) -> list[Json]:
        """Every request to the optimizer."""
        return [one for one in self.server.requests if scripted_run.is_optimizer(one)]

    def functions(self, rev: str = "fnopt/run-1") -> str:
        """The names of the functions at a revision, in one word."""
        paths = self.git("ls-tree", "-r", "--name-only", rev, "functions/").split()
        return "".join(sorted(Path(path).stem for path in paths if path.endswith(".py")))


def make(folder: Path, functions: Sequence[str] = ()) -> None:
    """A repository of ten tasks a split, and of functions by name."""
    files = {"fnopt.toml": TOML.encode(), "functions/.gitkeep": b""}
    for first, split in ((0, "train"), (10, "val"), (20, "test")):
        tasks = tuple((f"What is number {n}?", right(n)) for n in range(first, first + 10))
        files[f"tasks/{split}.jsonl"] = scripted_run.lines(split, tasks)
    files |= {f"functions/{name}.py": code(name).encode() for name in functions}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "start"]):
        subprocess.run(["git", *words], cwd=folder, check=True, env=os.environ)
