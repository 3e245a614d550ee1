"""A zygote and the socket to it: calls go in one at a time, and their children's ends come out."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("zygote.py")
START = 60.0  # seconds for an interpreter, with what it preloads, to be ready
GRACE = 5.0  # seconds for a child that was killed to be gone
FRAME = 1024**2  # bytes of a frame that a zygote may send


class Dead(Exception):
    """The zygote is gone, or says what no zygote says; the message tells."""


@dataclass(frozen=True)
class Start:
    """How a zygote is started: the command up to its program, its environment and its terms."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    terms: Mapping[str, Any]


class Worker:
    """One zygote. Used by one thread at a time; raises :class:`Dead` when it is of no use."""

    def __init__(self, start: Start) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._got = bytearray()
        self._library: Mapping[str, bytes] | None = None
        self._digest = ""
        with theirs:
            self._process = subprocess.Popen(
                [*start.command, str(PROGRAM), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(start.environment),
                cwd=start.folder,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        try:
            self._send(start.terms, ())
            self.ready = self._frame(time.monotonic() + START)
        except Dead:
            self.close()
            raise

    def fileno(self) -> int:
        """The socket's descriptor, readable once the child of a call is gone."""
        return self._socket.fileno()

    def begin(self, files: Mapping[str, bytes], folder: str, passed: Sequence[int]) -> None:
        """Let it fork a child that works in the folder, and gets the descriptors."""
        known = files is self._library
        if not known:
            self._library, self._digest = files, secrets.token_hex(8)
        sent = None if known else _texts(files)
        self._send({"folder": folder, "library": self._digest, "files": sent}, passed)

    def end(self) -> dict[str, Any]:
        """How the child ended, once the socket is readable."""
        return self._frame(time.monotonic() + GRACE)

    def kill(self) -> dict[str, Any]:
        """End the child of the call; how it ended."""
        self._send({}, ())
        return self._frame(time.monotonic() + GRACE)

    def close(self) -> None:
        """Let it go, and all that is left of it; harmless twice."""
        self._socket.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _send(self, value: Mapping[str, Any], passed: Sequence[int]) -> None:
        data = json.dumps(value).encode()
        frame = memoryview(len(data).to_bytes(4, "big") + data)
        try:
            sent = socket.send_fds(self._socket, [frame], list(passed))
            self._socket.sendall(frame[sent:])
        except OSError as error:
            raise Dead(f"the sandbox's worker is gone: {error}") from error

    def _frame(self, deadline: float) -> dict[str, Any]:
        size = int.from_bytes(self._exactly(4, deadline), "big")
        if size > FRAME:
            raise Dead("the sandbox's worker does not speak its protocol")
        try:
            value = json.loads(self._exactly(size, deadline))
        except ValueError as error:
            raise Dead("the sandbox's worker does not speak its protocol") from error
        if not isinstance(value, dict):
            raise Dead("the sandbox's worker does not speak its protocol")
        return value

    def _exactly(self, size: int, deadline: float) -> bytes:
        while len(self._got) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not self._readable(left):
                raise Dead("the sandbox's worker does not answer")
            chunk = self._receive(size - len(self._got))
            if not chunk:
                raise Dead("the sandbox's worker ended")
            self._got += chunk
        data, self._got = bytes(self._got[:size]), self._got[size:]
        return data

    def _readable(self, seconds: float) -> bool:
        poll = select.poll()  # select() knows no descriptor above 1023
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _receive(self, most: int) -> bytes:
        try:
            return self._socket.recv(most)
        except OSError as error:
            raise Dead(f"the sandbox's worker is gone: {error}") from error


def _texts(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: data.decode("utf-8", "surrogateescape") for path, data in files.items()}
