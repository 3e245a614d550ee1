"""A process of its own for what other libraries compute on tasks and answers."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).with_name("foreign_child.py")
PATIENCE = 30.0  # seconds for a foreign scorer, its library's import included


class ForeignError(Exception):
    """The library raised, took too long or died; the message says which."""


class Foreign:
    """Asks the program ``foreign_child.py``, which starts at the first question.

    Safe to share between threads, which take turns, and to pickle: a copy starts a process of its
    own. A process that misses its deadline is killed, and the next question starts another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __reduce__(self) -> tuple[type[Foreign], tuple[()]]:
        return Foreign, ()

    def ask(self, command: str, *arguments: Any, timeout: float) -> Any:
        """The JSON value that ``command`` gives, within ``timeout`` seconds of its turn.

        Raises ForeignError.
        """
        with self._lock:
            process = self._running()
            try:
                reply = self._exchange(process, [command, *arguments], time.monotonic() + timeout)
            except (OSError, ForeignError) as error:
                self.close()
                raise ForeignError(str(error)) from None
        if "error" in reply:
            raise ForeignError(reply["error"])
        return reply["value"]

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            _stop(self._process)
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = _start()
            weakref.finalize(self, _stop, self._process)
        return self._process

    @staticmethod
    def _exchange(process: subprocess.Popen[bytes], request: Any, deadline: float) -> Any:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ForeignError("it took too long")
                chunk = os.read(process.stdout.fileno(), 65536)
                if not chunk:
                    raise ForeignError("its process died")
                line += chunk
        return json.loads(line)


def _start() -> subprocess.Popen[bytes]:
    """Without ``site``, but with the folders of installed packages; without any key."""
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    environment = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-s", "-P", "-B", "-S", "-X", "utf8", str(_PROGRAM)],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "PYTHONPATH": os.pathsep.join(packages)},
        cwd="/",
        start_new_session=True,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with process:  # closes the pipes and reaps
        pass
