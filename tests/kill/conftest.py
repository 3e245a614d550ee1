"""What is killed, and the server that outlives it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A scripted server in its own process, and the log of its requests."""

    url: str
    log: Path

    def requests(self) -> list[str]:
        """A line for each request so far."""
        return self.log.read_text().splitlines()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves until the tests of this file are done."""
    log = tmp_path_factory.mktemp("served") / "requests.log"
    log.touch()
    tests = ROOT / "tests"
    process = subprocess.Popen(
        [sys.executable, str(tests / "scripted_server.py"), str(tests / "kill" / "logged.py")],
        env={**os.environ, "REQUEST_LOG": str(log)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield Server(process.stdout.readline().strip(), log)
    process.communicate("", timeout=10)


def processes_in(work: Path) -> list[str]:
    """What still runs below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink().is_relative_to(work):
                found.append((entry / "cmdline").read_bytes().decode(errors="replace"))
    return found


def end_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL what is left of a process's group; wait until nothing of it is left."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        process.poll()
        time.sleep(0.01)
    raise AssertionError(f"process group {process.pid} would not die")


def git(work: Path, *words: str) -> str:
    """git's output; raises CalledProcessError when it fails."""
    done = subprocess.run(["git", *words], cwd=work, capture_output=True, check=True, text=True)
    return done.stdout.strip()
