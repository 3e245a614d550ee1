"""A program that speaks JSON, one object a line, on its standard input and output.

Whatever it does, nothing here blocks past the deadline or keeps more than it must: a line has a
greatest length, and of standard error only the end is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from fnopt.agents.attempt import NoAnswer
from fnopt.sandbox.conversation import end_group

LONGEST_LINE = 4 * 1024 * 1024  # bytes of one line that the program writes
LAST_WORDS = 2_000  # bytes of its standard error that are kept
SHOWN = 200  # characters of what it said that a message repeats
GRACE = 1.0  # seconds that it has to end by itself once its answer is there
_CHUNK = 64 * 1024


class Lines:
    """One process, started in a session of its own. Use as a context manager: it ends it."""

    def __init__(self, command: Sequence[str], folder: Path, deadline: float) -> None:
        """Start ``command`` in ``folder`` with this process's environment.

        ``deadline``: of :func:`time.monotonic`. Raises OSError when it cannot be started.
        """
        self._deadline = deadline
        self._child = subprocess.Popen(
            list(command),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            start_new_session=True,
        )
        self._unsent = b""
        self._heard = bytearray()
        self._words = b""
        self._closed = False
        self._selector = selectors.DefaultSelector()
        self._watch(self._child.stdout, selectors.EVENT_READ, self._hear)
        self._watch(self._child.stderr, selectors.EVENT_READ, self._note)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._close_stdin()
        if kind is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(GRACE)
        end_group(self._child)
        self._selector.close()
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()

    def send(self, value: Mapping[str, Any]) -> None:
        """Have a line sent while the next one is waited for."""
        if not self._unsent and not self._stdin.closed:
            self._watch(self._stdin, selectors.EVENT_WRITE, self._write)
        self._unsent += json.dumps(value, default=str).encode() + b"\n"

    def receive(self) -> dict[str, Any]:
        """The next object. Raises TimeoutError at the deadline, NoAnswer when none can come."""
        while (end := self._heard.find(b"\n")) < 0:
            if len(self._heard) > LONGEST_LINE:
                raise NoAnswer(f"it wrote a line of more than {LONGEST_LINE:,} bytes")
            if self._closed:
                raise NoAnswer(self._ending())
            self._pump()
        line = bytes(self._heard[:end])
        del self._heard[: end + 1]
        return _object(line) if line.strip() else self.receive()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._child.stdin is not None, "BUG: it is a pipe"
        return self._child.stdin

    def _watch(self, pipe: IO[bytes] | None, event: int, act: Callable[[int], None]) -> None:
        assert pipe is not None, "BUG: it is a pipe"
        os.set_blocking(pipe.fileno(), False)
        self._selector.register(pipe.fileno(), event, act)

    def _pump(self) -> None:
        """Wait for a pipe that has or takes something."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        for key, _ in self._selector.select(left):
            key.data(key.fd)

    def _hear(self, descriptor: int) -> None:
        chunk = self._read(descriptor)
        self._heard += chunk
        self._closed = self._closed or not chunk

    def _note(self, descriptor: int) -> None:
        self._words = (self._words + self._read(descriptor))[-LAST_WORDS:]

    def _read(self, descriptor: int) -> bytes:
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            self._selector.unregister(descriptor)
        return chunk

    def _write(self, descriptor: int) -> None:
        try:
            self._unsent = self._unsent[os.write(descriptor, self._unsent[:_CHUNK]) :]
        except OSError:  # it reads no more; what it says, or its end, tells the rest
            self._unsent = b""
        if not self._unsent:
            self._selector.unregister(descriptor)

    def _close_stdin(self) -> None:
        with contextlib.suppress(OSError):
            self._stdin.close()

    def _ending(self) -> str:
        """How it ended, with the end of what it said on standard error."""
        try:
            status = self._child.wait(GRACE)
        except subprocess.TimeoutExpired:
            return "it closed its standard output without an answer"
        for key in list(self._selector.get_map().values()):
            if key.data == self._note:
                self._drain(key.fd)
        said = " ".join(self._words.decode("utf-8", "replace").split())[-SHOWN:]
        how = f"exit code {status}" if status >= 0 else f"signal {-status}"
        return f"it ended ({how}) without an answer" + (f": {said}" if said else "")

    def _drain(self, descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(16):
                self._note(descriptor)


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        said = line[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN]
        raise NoAnswer(f"it wrote a line that is no JSON object: {said!r}")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
