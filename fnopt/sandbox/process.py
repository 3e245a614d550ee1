"""Tier ``process``: a fresh interpreter per call. What it does not stop is in README.md."""

from __future__ import annotations

import json
import math
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fnopt import tempdir
from fnopt.sandbox.conversation import Capture, Conversation, end_group
from fnopt.sandbox.outcome import Outcome

MEMORY = 2 * 1024**3  # bytes of address space
OUTPUT = 64 * 1024  # bytes kept of standard output, and of standard error
REPLY = 1024**2  # bytes of a reply's JSON
HELLO = b"\x01"  # comes before the reply's frame, once learned code is about to run
FILE = 16 * 1024**2  # bytes of any one file that learned code writes

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class ProcessSandbox:
    """Runs each call in a child interpreter; ``timeout`` in seconds, ``memory`` in bytes."""

    timeout: float
    memory: int = MEMORY
    tier: str = "process"

    def call(
        self,
        files: Mapping[str, bytes],
        module: str,
        function: str,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        """See :class:`fnopt.sandbox.Sandbox`."""
        return self._ask(
            files, {"module": module, "function": function, "arguments": dict(arguments)}
        )

    def run(self, files: Mapping[str, bytes], code: str) -> Outcome:
        """See :class:`fnopt.sandbox.Sandbox`."""
        outcome = self._ask(files, {"code": code})
        if not outcome.ok:
            return outcome
        parts = (outcome.stdout.rstrip("\n"), str(outcome.result))
        return replace(outcome, result="\n".join(part for part in parts if part))

    def _ask(self, files: Mapping[str, bytes], question: Mapping[str, Any]) -> Outcome:
        token = secrets.token_hex(16)
        start = time.monotonic()
        try:
            request = json.dumps({**question, **self._terms(files), "id": token}).encode()
        except RecursionError:
            return Outcome(ok=False, error="the arguments are nested too deeply")
        try:
            outcome = self._converse(request, token, start + self.timeout)
        except OSError as error:  # no process, no descriptor, no disk left
            outcome = _fault(f"the sandbox could not start: {error}")
        return replace(outcome, seconds=time.monotonic() - start)

    def _terms(self, files: Mapping[str, bytes]) -> dict[str, Any]:
        """The part of a request that does not depend on what is asked."""
        return {
            "files": {
                path: data.decode("utf-8", "surrogateescape") for path, data in files.items()
            },
            "paths": _installed(),
            "limits": self._limits(),
            "seconds": math.ceil(self.timeout) + 2,
            "reply": REPLY,
        }

    def _limits(self) -> dict[str, tuple[int, int]]:
        """Soft and hard resource limits; beyond them only what README.md admits."""
        processor = math.ceil(self.timeout) + 1
        return {
            "RLIMIT_AS": (self.memory, self.memory),
            "RLIMIT_CPU": (processor, processor + 1),  # soft first: SIGXCPU tells what it was
            "RLIMIT_FSIZE": (FILE, FILE),
            "RLIMIT_NOFILE": (256, 256),
            "RLIMIT_CORE": (0, 0),
            "RLIMIT_NPROC": (4096, 4096),  # counted per user, threads included; root is exempt
        }

    def _converse(self, request: bytes, token: str, deadline: float) -> Outcome:
        reply, stdout, stderr = Capture(REPLY + 6), Capture(OUTPUT), Capture(OUTPUT)
        with tempdir.lent("call") as folder, _child(str(folder)) as (child, channel):
            assert child.stdout is not None and child.stderr is not None
            out, err = child.stdout.fileno(), child.stderr.fileno()
            talk = Conversation(child, request, {channel: reply, out: stdout, err: stderr})
            ended = talk.hold(deadline)
        data = bytes(reply.data)
        outcome = _outcome(data, token, child.returncode) if ended else _late(data, self.timeout)
        return replace(outcome, stdout=stdout.text, stderr=stderr.text)


def _installed() -> list[str]:
    """The folders of installed packages. They are handed over, and the child skips ``site``: that
    runs the start-up code of installed packages and costs as much as the rest of the start."""
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]


def _environment(folder: str) -> dict[str, str]:
    """All that the child sees of the environment; one thread per numeric library, since each
    reserves memory per processor of the machine."""
    return {
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "HOME": folder,
        "TMPDIR": folder,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


@contextmanager
def _child(folder: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A child interpreter and the descriptor on which its reply will come; neither outlives it."""
    read, write = os.pipe()
    try:
        with _start(folder, write) as child:
            try:
                yield child, read
            finally:
                end_group(child)
    finally:
        os.close(read)


def _start(folder: str, channel: int) -> subprocess.Popen[bytes]:
    """``-s -P`` and the environment made here isolate as ``-I`` would; but ``-I`` ignores
    PYTHONHASHSEED, and then the order of a set changes from call to call."""
    try:
        return subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-S", "-X", "utf8", str(_CHILD), str(channel)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(folder),
            cwd=folder,
            start_new_session=True,
            pass_fds=(channel,),
        )
    finally:
        os.close(channel)


def _outcome(data: bytes, token: str, status: int) -> Outcome:
    """The outcome in the child's one frame; without a frame, what its exit status tells."""
    if not data:
        return _fault(f"the sandbox ended before learned code began ({_ending(status)})")
    if data == HELLO:
        return _without_reply(status)
    size, body = int.from_bytes(data[1:5], "big"), data[5:]
    if data[:1] != HELLO or len(data) < 5 or size > REPLY or size != len(body):
        return _tampered("is not one whole frame")
    try:
        return _from_reply(json.loads(body, parse_constant=_no_constant), token)
    except (ValueError, TypeError, KeyError, RecursionError):
        return _tampered("is malformed")


def _late(data: bytes, timeout: float) -> Outcome:
    if not data:
        return _fault(f"the sandbox did not start within {timeout:g} seconds")
    error = f"stopped after the time limit of {timeout:g} seconds"
    return Outcome(ok=False, error=error, limit="time")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _from_reply(reply: Any, token: str) -> Outcome:
    """Raises ValueError, TypeError or KeyError unless it is what the child program writes."""
    ok, error, limit = reply["ok"], reply["error"], reply["limit"]
    texts = isinstance(error, str | None) and isinstance(limit, str | None)
    if reply["id"] != token or not isinstance(ok, bool) or not texts or ok is not (error is None):
        raise ValueError("not a reply of the child program")
    json.dumps(reply, ensure_ascii=False).encode()  # a lone surrogate would fail somewhere later
    return Outcome(ok=ok, result=reply["result"], error=error, limit=limit)


def _without_reply(status: int) -> Outcome:
    if status == -signal.SIGXCPU:
        return Outcome(ok=False, error="stopped after its limit of processor time", limit="time")
    return Outcome(ok=False, error=f"the process {_ending(status)} before the code returned")


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name
        return f"was killed by signal {-status}"


def _tampered(how: str) -> Outcome:
    """The learned code's own doing, so an error like another: its trials must count."""
    error = f"the sandbox's reply {how}: the code tampered with the sandbox"
    return Outcome(ok=False, error=error, limit="protocol")


def _fault(error: str) -> Outcome:
    return Outcome(ok=False, error=error, fault=True)
