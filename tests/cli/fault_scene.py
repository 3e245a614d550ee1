"""Faults of the world around ``fnopt train``, each with what the user is told and what is lost.

A scene is arranged, ``train`` is run, the fault is mended, ``train`` is run again: it must tell the
same story as an undisturbed run, and nothing that was paid for is asked again. With
``FAULT_TABLE=FILE`` the tests write what users saw into a file, a row a fault.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Fail, Json, ScriptedServer, Slow

from .conftest import Fnopt, Told, run_git

RUN = "run-1"
SHOWN = 90  # characters of a line in the table
STATUS = ("--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
Respond = Callable[[Json], Answer]


@dataclass
class Scene:
    """A repository with the files of the scripted run, its model, and the user's shell."""

    tools: Path
    server: ScriptedServer
    fnopt: Fnopt
    monkeypatch: pytest.MonkeyPatch
    paid: Counter[str] = field(default_factory=Counter)
    words: tuple[str, ...] = ("train",)
    """What the user types while the fault is there."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def git(self, *words: str) -> str:
        """git in the repository."""
        return run_git(self.tools, *words)

    def answers(self, respond: Respond) -> None:
        """Let the model answer by ``respond``; replies that came whole are paid for."""

        def counted(request: Json) -> Answer:
            answer = respond(request)
            if not isinstance(answer, Fail | Slow):
                with self._lock:
                    self.paid[json.dumps(request, sort_keys=True)] += 1
            return answer

        self.server.respond = counted

    def configure(self, section: str, line: str) -> None:
        """Put a line into a section of fnopt.toml."""
        path = self.tools / "fnopt.toml"
        text, head = path.read_text(), f"[{section}]\n"
        new = text.replace(head, f"{head}{line}\n") if head in text else f"{text}{head}{line}\n"
        path.write_text(new)


Arrange = Callable[[Scene], None]


def nothing(_: Scene) -> None:
    """Nothing has to be mended."""


@dataclass(frozen=True)
class Fault:
    """``said`` is part of what the user is told; ``story`` is how the run ends after the mend, or
    None where the fault itself makes it another story."""

    name: str
    arrange: Arrange
    code: int
    said: str
    mend: Arrange = nothing
    story: tuple[tuple[str, str, str], ...] | None = tuple(scripted_run.STORY)
    again: int = 0
    """Replies that may be asked for twice: those under way when it failed; without the store, the
    first turns of conversations with a library of the same signatures."""


def faults(*listed: Fault) -> pytest.MarkDecorator:
    """A test for each."""
    return pytest.mark.parametrize("fault", listed, ids=[one.name for one in listed])


def play(scene: Scene, fault: Fault) -> None:
    """The fault, the mend, and the run's end."""
    scene.answers(scripted_run.respond)
    fault.arrange(scene)
    before = _touched(scene)
    told = scene.fnopt(*scene.words)
    assert (told.code, fault.said in told.err + told.out) == (fault.code, True), told
    assert "Traceback" not in told.err
    if told.code not in (0, 3):
        errors = [line for line in told.err.splitlines() if line.startswith(("error: ", "mend: "))]
        stop = "stopped (" in told.out + told.err
        assert stop or [line.split(":")[0] for line in errors] == ["error", "mend"], told
    assert _touched(scene) == before
    fault.mend(scene)
    if fault.story is None:
        _note(scene, fault, told, "nothing of the user's")
        return
    before = _touched(scene)
    scene.answers(scripted_run.respond)
    again = scene.fnopt("train", "--json")
    assert again.code == 0, again
    log = scene.fnopt("log", "--json").json["updates"]
    assert tuple((one["verdict"], one["action"], one["function"]) for one in log) == fault.story
    twice = [one[:300] for one, times in scene.paid.items() if times > 1]
    assert len(twice) <= fault.again, twice
    assert scene.git("for-each-ref", "refs/fnopt/pending/") == ""
    assert _touched(scene) == before
    _note(scene, fault, told, f"{len(twice)} of {len(scene.paid)} replies" if twice else "nothing")


def _touched(scene: Scene) -> str:
    """What of the user's own may not be touched: working tree, HEAD and branches but the run's."""
    try:
        refs = scene.git("for-each-ref", "refs/heads/").splitlines()
        status = scene.git(*STATUS)
    except subprocess.CalledProcessError:
        return ""  # bare, or another user's
    return "\n".join(line for line in refs if "refs/heads/fnopt/" not in line) + status


def _note(scene: Scene, fault: Fault, told: Told, lost: str) -> None:
    """A row of the table. ``lost``: what had to be asked for again."""
    path = os.environ.get("FAULT_TABLE")
    if not path:
        return
    text = (told.err + told.out).replace(str(scene.tools), "TOOLS")
    text = re.sub(r"(?<=127\.0\.0\.1:)\d+", "PORT", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("error: ", "mend: "))]
    shown = errors or [line for line in lines if fault.said in line] or lines
    seen = "; ".join(line if len(line) <= SHOWN else f"{line[:SHOWN]}…" for line in shown[:2])
    cells = (fault.name, seen, str(told.code), lost)
    with Path(path).open("a") as table:
        table.write("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
