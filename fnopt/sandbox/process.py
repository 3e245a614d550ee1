"""Tier ``process``: a fresh interpreter per call. What it does not stop is in README.md."""

from __future__ import annotations

import json
import math
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fnopt import tempdir
from fnopt.sandbox.asking import Asking
from fnopt.sandbox.conversation import Capture, Conversation, end_group
from fnopt.sandbox.grants import Grant, Grants
from fnopt.sandbox.interpreter import Interpreter, ours
from fnopt.sandbox.outcome import Outcome
from fnopt.sandbox.reply import REPLY, fault, late, outcome_of

MEMORY = 2 * 1024**3  # bytes of address space
OUTPUT = 64 * 1024  # bytes kept of standard output, and of standard error
FILE = 16 * 1024**2  # bytes of any one file that learned code writes

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class ProcessSandbox(Asking):
    """Runs each call in a child interpreter; ``timeout`` in seconds, ``memory`` in bytes.

    ``wrapper`` gives the command in which a child with a grant and a working folder is started.
    """

    timeout: float
    memory: int = MEMORY
    tier: str = "process"
    interpreter: Interpreter = field(default_factory=ours)
    grants: Grants = field(default_factory=Grants)
    wrapper: Callable[[Grant, str], list[str]] = field(default=lambda _, __: [])

    def close(self) -> None:
        """Nothing is kept between calls."""

    def ask(self, files: Mapping[str, bytes], question: Mapping[str, Any], grant: Grant) -> Outcome:
        """See :class:`fnopt.sandbox.asking.Asking`."""
        token = secrets.token_hex(16)
        start = time.monotonic()
        try:
            request = json.dumps({**question, **self._terms(files), "id": token}).encode()
        except RecursionError:
            return Outcome(ok=False, error="the arguments are nested too deeply")
        try:
            outcome = self._converse(request, token, start + self.timeout, grant)
        except OSError as error:  # no process, no descriptor, no disk left
            outcome = fault(f"the sandbox could not start: {error}")
        return replace(outcome, seconds=time.monotonic() - start)

    def _terms(self, files: Mapping[str, bytes]) -> dict[str, Any]:
        """The part of a request that does not depend on what is asked."""
        return {
            "files": {
                path: data.decode("utf-8", "surrogateescape") for path, data in files.items()
            },
            "paths": list(self.interpreter.paths),
            "limits": limits(self.timeout, self.memory),
            "seconds": math.ceil(self.timeout) + 2,
            "reply": REPLY,
        }

    def _converse(self, request: bytes, token: str, deadline: float, grant: Grant) -> Outcome:
        reply, stdout, stderr = Capture(REPLY + 6), Capture(OUTPUT), Capture(OUTPUT)
        with tempdir.lent("call") as folder, self._child(folder, grant) as (child, channel):
            assert child.stdout is not None and child.stderr is not None
            out, err = child.stdout.fileno(), child.stderr.fileno()
            talk = Conversation(child, request, {channel: reply, out: stdout, err: stderr})
            ended = talk.hold(deadline)
        data = bytes(reply.data)
        outcome = outcome_of(data, token, child.returncode) if ended else late(data, self.timeout)
        return replace(outcome, stdout=stdout.text, stderr=stderr.text)

    @contextmanager
    def _child(self, folder: Path, grant: Grant) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        """A child and the descriptor on which its reply will come; neither outlives it."""
        for name, target in self.grants.links(grant):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(target)
        read, write = os.pipe()
        try:
            with self._start(folder, write, grant) as child:
                try:
                    yield child, read
                finally:
                    end_group(child)
        finally:
            os.close(read)

    def _start(self, folder: Path, channel: int, grant: Grant) -> subprocess.Popen[bytes]:
        words = [*self.wrapper(grant, str(folder)), *self.interpreter.command]
        try:
            return subprocess.Popen(
                [*words, str(_CHILD), str(channel)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(str(folder)) | self.grants.values(grant),
                cwd=folder,
                start_new_session=True,
                pass_fds=(channel,),
            )
        finally:
            os.close(channel)


def limits(timeout: float, memory: int) -> dict[str, tuple[int, int]]:
    """Soft and hard resource limits of a call; beyond them only what README.md admits."""
    processor = math.ceil(timeout) + 1
    return {
        "RLIMIT_AS": (memory, memory),
        "RLIMIT_CPU": (processor, processor + 1),  # soft first: SIGXCPU tells what it was
        "RLIMIT_FSIZE": (FILE, FILE),
        "RLIMIT_NOFILE": (256, 256),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NPROC": (4096, 4096),  # counted per user, threads included; root is exempt
    }


def environment(folder: str) -> dict[str, str]:
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
