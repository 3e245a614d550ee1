"""The command line in a real repository: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import scripted_run
from scripted_server import ScriptedServer

from fnopt.cli.main import run
from fnopt.history import message
from fnopt.history.runs import RunBranch
from fnopt.history.updates import format_cost
from fnopt.library.layout import Layout

WORDS = b'''"""Words."""


def count_letter(word: str, letter: str) -> int:
    """Count a letter.

    Args:
        word: Where to look.
        letter: What to count.
    """
    print("counting")
    return word.count(letter)


def shout(word: str) -> str:
    """Make a word loud."""
    if not word:
        raise ValueError("nothing to shout")
    return word.upper()
'''


@dataclass(frozen=True)
class Told:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document on stdout."""
        (line,) = self.out.splitlines()
        return dict(json.loads(line))


Fnopt = Callable[..., Told]
Git = Callable[..., str]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one module of two functions; the current folder lies deep in it."""
    folder = tmp_path / "work"
    (folder / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "er")
    run_git(folder, "init", "-q", "-b", "main")
    write(folder, {"functions/words.py": WORDS})
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "start")
    return folder


@pytest.fixture
def fnopt(capfd: pytest.CaptureFixture[str]) -> Fnopt:
    """Runs a command as the shell would."""

    def tell(*words: str) -> Told:
        capfd.readouterr()
        code = run(list(words))
        return Told(code, *capfd.readouterr())

    return tell


@pytest.fixture
def git(work: Path) -> Git:
    """Runs git at the top of the repository."""
    return lambda *words: run_git(work, *words)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[ScriptedServer]:
    """One server for all tests here: what was paid for is known by its URL too."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def server(endpoint: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """The server with the scripted run, no requests yet, and the variables that point to it."""
    endpoint.respond = scripted_run.respond
    endpoint.requests.clear()
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    return endpoint


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer) -> Path:
    """A repository with the files of the scripted run, ``main`` checked out."""
    folder = scripted_repository(tmp_path / "tools")
    monkeypatch.chdir(folder)
    return folder


def scripted_repository(folder: Path) -> Path:
    """A repository with the files of the scripted run, all of them committed."""
    write(folder, scripted_run.FILES)
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "start")
    return folder


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files with the folders that they need."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def run_git(folder: Path, *words: str) -> str:
    """git's output; raises CalledProcessError when it fails."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env=os.environ, capture_output=True, check=True
    )
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")


def publish(
    run: RunBranch, step: int, name: str, code: bytes | None = None, *, keep: bool = True
) -> str:
    """One judged update that adds a function; its commit."""
    code = code or f'def {name}() -> int:\n    """Give one."""\n    return 1\n'.encode()
    text = message.compose(
        message.subject([("add", name)]),
        "Why.",
        [
            ("Fnopt-Run", run.name),
            ("Fnopt-Step", str(step)),
            ("Fnopt-Action", "add"),
            ("Fnopt-Function", name),
            ("Fnopt-Base", "0.250"),
            ("Fnopt-Score", "0.500"),
            ("Fnopt-Verdict", f"{'kept' if keep else 'reverted'}; because"),
            ("Fnopt-Cost", format_cost(1200, 0.0312)),
        ],
    )
    tree = run.repo.write_tree(run.repo.tree(run.head()), {f"functions/{name}.py": code})
    return run.publish(run.pend(tree, step, text), text, Layout.of("functions"), keep=keep)


def refuse(run: RunBranch, step: int, name: str, reason: str = "no docstring") -> None:
    """One refused proposal in the evidence."""
    document = {
        "step": step,
        "actions": [["add", name]],
        "base": None,
        "verdict": "refused",
        "reason": reason,
        "tokens": 7,
        "cost": None,
        "tasks": [],
    }
    run.evidence.write({f"steps/{step:04}.json": document}, [], "refused")
