"""A Dask cluster on loopback whose scheduler and workers are processes that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parent


@dataclass
class Cluster:
    """A scheduler and workers, each a process that can be killed."""

    folder: Path
    port: int = 0
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A process of Dask's command line, in a session of its own."""
        paths = os.pathsep.join(map(str, (TESTS.parent, TESTS)))
        log = (self.folder / "dask.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            env={**os.environ, "PYTHONPATH": paths},
            cwd=self.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def start_scheduler(self) -> None:
        """Begin to schedule, at the same address as before."""
        if not self.port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
        words = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self.scheduler = self.start("distributed.cli.dask_scheduler", *words)

    def start_worker(self, *words: str) -> subprocess.Popen[bytes]:
        """One more worker, of two threads."""
        usual = ("--host", "127.0.0.1", "--nthreads", "2", "--no-dashboard")
        started = self.start("distributed.cli.dask_worker", self.address, *usual, *words)
        self.workers.append(started)
        return started

    def stop(self) -> None:
        """End every process."""
        for process in filter(None, (*self.workers, self.scheduler)):
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a process and what it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
