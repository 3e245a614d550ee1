"""A rival's own process: documents go to and fro as lines of JSON on its stdin and stdout."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from rivals.environment import clean_environment

from fnopt.errors import FnoptError

TAIL = 600  # characters of its stderr that an error quotes
PATIENCE = 10.0  # seconds to end in once its stdin has ended


@dataclass(frozen=True)
class Child:
    """The running process; what it says on stderr goes into a file."""

    process: subprocess.Popen[bytes]
    log: Path

    def tell(self, document: Mapping[str, Any]) -> None:
        """Send a document. Raises FnoptError when the process has ended."""
        try:
            self._pipe(self.process.stdin).write(json.dumps(document).encode() + b"\n")
            self._pipe(self.process.stdin).flush()
        except OSError:
            raise self._ended() from None

    def hear(self) -> dict[str, Any]:
        """The next document. Raises FnoptError when the process ends instead."""
        line = self._pipe(self.process.stdout).readline()
        if not line:
            raise self._ended()
        return dict(json.loads(line))

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None, "BUG: it was started with pipes"
        return pipe

    def _ended(self) -> FnoptError:
        said = self.log.read_text(errors="replace")[-TAIL:].strip()
        return FnoptError(f"the rival's process ended: {said}", f"see {self.log}")


@contextmanager
def started(python: Path, script: Path, folder: Path) -> Iterator[Child]:
    """Run a script by another Python, in a folder below ``folder``; ended at the end."""
    place = folder / "child"
    place.mkdir(exist_ok=True)
    log = folder / f"{script.stem}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(python), "-P", "-u", str(script)],  # -P: modules beside it are ours
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            cwd=place,
            env={**clean_environment(), "NO_PROXY": "*"},  # the proxy is on loopback
        )
    with process:
        try:
            yield Child(process, log)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None, "BUG: it was started with pipes"
    try:
        process.stdin.close()
        process.wait(PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        process.kill()
