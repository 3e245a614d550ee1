"""Places for attacks to reach, and eyes on them; and the table of what each attack came to."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnopt import tempdir
from fnopt.sandbox.attacks import ATTACKS, Attack
from fnopt.sandbox.outcome import Outcome, Sandbox

KEY = "FNOPT_SCENE_KEY"
BURIAL = 2.0  # seconds in which the kernel buries what was killed


@dataclass(frozen=True)
class Tried:
    """An attack, whether it ``succeeded``, what happened in words, and how long that took."""

    attack: Attack
    tier: str
    succeeded: bool
    happened: str
    seconds: float


@dataclass
class Scene:
    """A folder of a user with a secret, and sockets that listen."""

    home: Path
    mark: str
    stack: ExitStack
    heard: list[str] = field(default_factory=list)
    places: dict[str, object] = field(default_factory=dict)

    def set_up(self) -> None:
        """Write the secret, and begin to listen."""
        self.secret.write_text(self.mark)
        os.utime(self.secret, (10**9, 10**9))
        self.secret.chmod(0o600)
        tcp = self._listen("TCP", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        udp = self._listen("UDP", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        path, name = str(self.home / "socket"), f"scene-{self.mark}"
        self._listen("path", socket.AF_UNIX, socket.SOCK_STREAM, path)
        self._listen("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}")
        self._listen("datagram", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{name}-dgram")
        self.places = {
            "secret": str(self.secret),
            "home": str(self.home),
            "parent": os.getpid(),
            "other": self._bystander().pid,
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "path": path,
            "abstract": name,
            "mark": self.mark,
        }

    @property
    def secret(self) -> Path:
        """The user's file."""
        return self.home / "secret"

    def _bystander(self) -> subprocess.Popen[bytes]:
        """A process with a key in its environment from its start on."""
        words = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]
        started = subprocess.Popen(
            words, stdin=subprocess.PIPE, env={KEY: self.mark}, start_new_session=True
        )
        self.stack.callback(started.wait)
        self.stack.callback(started.kill)
        return started

    def _listen(self, name: str, family: int, kind: int, address: Any) -> socket.socket:
        made = self.stack.enter_context(socket.socket(family, kind))
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen()
        threading.Thread(target=self._hear, args=(name, made), daemon=True).start()
        return made

    def _hear(self, name: str, made: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                if made.type == socket.SOCK_STREAM:
                    made.accept()[0].close()
                else:
                    made.recv(1)
                self.heard.append(name)

    def harm(self) -> str:
        """What was done outside, in words; nothing when all is as it was. Mends what it can."""
        found = [f"{name} was reached" for name in self.heard]
        self.heard.clear()
        names = {one.name for one in self.home.iterdir()} - {"secret", "socket"}
        found += [f"{name} was written outside" for name in sorted(names)]
        for name in names:
            (self.home / name).unlink()
        try:
            state = self.secret.stat()
            whole = self.secret.read_text() == self.mark
        except OSError:
            whole = False
        if not whole or state.st_mode & 0o777 != 0o600 or state.st_mtime != 10**9:
            found.append("the user's file was changed")
            self.secret.write_text(self.mark)
            self.secret.chmod(0o600)
            os.utime(self.secret, (10**9, 10**9))
        return ", ".join(found)


@contextmanager
def scene() -> Iterator[Scene]:
    """A scene for as long as it is needed; a key of it stands in this process's environment."""
    mark = secrets.token_hex(12)
    with ExitStack() as stack:
        above = stack.enter_context(tempfile.TemporaryDirectory(prefix="fnopt-scene-"))
        home = Path(tempfile.mkdtemp(prefix="home-", dir=above))
        made = Scene(home, mark, stack)
        os.environ[KEY] = mark
        stack.callback(os.environ.pop, KEY, None)
        made.set_up()
        yield made


def attacked(box: Sandbox, attack: Attack, made: Scene) -> Tried:
    """Try an attack, and look at what it did, at what is left of it, and at the next call."""
    code = attack.code.replace("@HOME@", str(made.home))
    files = {"functions/attack.py": code.encode()}
    before = running()
    outcome = box.call(files, "functions.attack", "f", made.places)
    said = [made.harm()]
    if attack.won(outcome):
        said.append(f"got {str(outcome.result)[:60]!r}")
    if remaining := left(before):
        said.append(f"{len(remaining)} processes are left")
    after = box.call({"functions/next.py": NEXT}, "functions.next", "f", {"n": 20})
    if (after.result, after.stdout) != ([21, 3, "math"], "print\n"):
        said.append(f"the next call is spoilt: {after.error or after.result}")
    said = [one for one in said if one]
    happened = "; ".join(said) or attack.why or _stopped(outcome)
    happened = happened.replace(str(made.home), "~")[:100]
    return Tried(attack, box.tier, bool(said), happened, outcome.seconds)


NEXT = b"""
import json, math, sys
def f(n: int) -> list:
    print("print")
    return json.loads(json.dumps([n + 1, len("abc"), math.__name__]))
"""


def table(box: Sandbox) -> Iterator[Tried]:
    """Every attack on a sandbox, one after the other."""
    with scene() as made:
        for attack in ATTACKS:
            yield attacked(box, attack, made)


def _stopped(outcome: Outcome) -> str:
    if outcome.fault:
        return f"fault: {outcome.error}"
    if outcome.ok:
        return f"without effect, returned {str(outcome.result)[:40]!r}"
    lines = [line for line in (outcome.error or "").splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("The sandbox ")] or lines
    return f"{outcome.limit}: {lines[-1]}" if outcome.limit else lines[-1]


def running() -> set[int]:
    """Processes that were started in folders of this process: those of its sandboxes."""
    ours, found = str(tempdir.home()).encode(), set()
    for one in Path("/proc").glob("[0-9]*") if Path("/proc/self").exists() else ():
        with contextlib.suppress(OSError):
            if ours in (one / "environ").read_bytes() and "Z" not in _state(one):
                found.add(int(one.name))
    return found


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def left(before: set[int]) -> set[int]:
    """Processes that were not there before, once those that were killed are buried."""
    deadline = time.monotonic() + BURIAL
    while (more := running() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    return more
