"""llama.cpp's own server in a child process, on loopback.

A child, because llama.cpp logs from C and may crash: neither may touch our stdout or our process.
It ends when its stdin does, so that it outlives no parent. (Not by PR_SET_PDEATHSIG: that signal
comes when the thread that started the child ends, and that is often a worker's.)
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from fnopt import tempdir
from fnopt.errors import EndpointError

SCRIPT = Path(__file__).with_name("llama_server.py")
PATIENCE = 300.0  # seconds for reading 1.1 GB from a slow disk
TAIL = 1500  # characters of the log that an error quotes


@dataclass(frozen=True)
class Settings:
    """llama.cpp's parameters; ``n_ctx`` is shared by the slots, 4,096 tokens for each."""

    threads: int = 0
    n_parallel: int = 4
    n_ctx: int = 16384
    n_gpu_layers: int = 0
    cache_ram_mib: int = 0  # saved prefixes (slots.py) do this better
    use_jinja: bool = True
    ui: bool = False
    verbosity: int = 1

    def to_json(self) -> dict[str, Any]:
        """As the child takes them; no threads stands for one per core."""
        return {**asdict(self), "threads": self.threads or os.cpu_count() or 1}


DEFAULTS = Settings()


class LlamaServer:
    """The running child; ``url`` and ``api_key`` are what a client needs."""

    def __init__(self, weights: Path, settings: Settings = DEFAULTS) -> None:
        """Start and wait until it listens. Raises EndpointError when it does not."""
        if find_spec("xllamacpp") is None:
            raise EndpointError(
                "the embedded model needs the package xllamacpp, which is not installed",
                "pip install 'fnopt[local]'",
            )
        self.api_key = secrets.token_hex(16)
        self.settings = settings
        self._folder = tempdir.folder("llama")
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self._child = self._spawn()
        try:
            self._order(weights)
            self.url = self._await_address()
        except BaseException:
            self.close()
            raise

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def _order(self, weights: Path) -> None:
        orders = {
            "weights": str(weights.resolve()),
            "api_key": self.api_key,
            "folder": str(self._folder),
            "settings": self.settings.to_json(),
        }
        assert self._child.stdin is not None, "BUG: stdin is a pipe"
        try:
            self._child.stdin.write(json.dumps(orders).encode() + b"\n")
            self._child.stdin.flush()
        except OSError as error:
            raise self.failure("did not start") from error

    def _await_address(self) -> str:
        assert self._child.stdout is not None, "BUG: stdout is a pipe"
        lapse = threading.Timer(PATIENCE, self._child.kill)
        lapse.daemon = True
        lapse.start()
        line = self._child.stdout.readline()
        lapse.cancel()
        if not line:
            raise self.failure("ended before it was ready")
        return str(json.loads(line)["address"])

    def failure(self, what: str) -> EndpointError:
        """The error to raise for a child that ended."""
        code = self._child.wait(10)
        return EndpointError(
            f"the embedded model's server {what} (exit code {code}): {self.log_tail()}",
            "check free memory (2 GB are needed) and the weights (FNOPT_WEIGHTS), "
            "or name another model and its base_url",
        )

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._child.poll() is None

    def log_tail(self) -> str:
        """The end of what llama.cpp said, on one line."""
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - TAIL))
        text = self._log.read().decode(errors="replace")
        return " | ".join(line.strip() for line in text.splitlines() if line.strip())

    def close(self) -> None:
        """End the child; harmless when it has ended."""
        assert self._child.stdin is not None, "BUG: stdin is a pipe"
        try:
            self._child.stdin.close()
            self._child.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._log.close()
        tempdir.remove(self._folder)

    def save(self, slot: int, name: str) -> bool:
        """Save what a slot holds; whether that worked."""
        return self._slot(slot, "save", name)

    def restore(self, slot: int, name: str) -> bool:
        """Bring back into a slot what was saved; whether that worked."""
        return self._slot(slot, "restore", name)

    def forget(self, name: str) -> None:
        """Drop what was saved."""
        (self._folder / name).unlink(missing_ok=True)

    def _slot(self, slot: int, action: str, name: str) -> bool:
        import httpx2

        try:
            response = httpx2.post(
                f"{self.url}/slots/{slot}",
                params={"action": action},
                json={"filename": name},
                headers={"Authorization": f"Bearer {self.api_key}"},
                timeout=60,
                trust_env=False,
            )
        except httpx2.HTTPError:
            return False  # saving is for speed only: the request itself meets what is wrong
        return response.is_success

    def __enter__(self) -> LlamaServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
