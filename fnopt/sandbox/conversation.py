"""One conversation with a child process: request in, reply and output out, within a time limit.

Whatever the child does with its descriptors, the parent neither blocks nor keeps more than it
must: what is over a cap is read and dropped, and what the child leaves running is killed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import IO

_CHUNK = 64 * 1024
_DRAIN = 16 * 1024 * 1024  # bytes read at most from a pipe once the child has ended


@dataclass
class Capture:
    """The first ``most`` bytes of a stream, and how many more there were."""

    most: int
    data: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def take(self, chunk: bytes) -> None:
        """Keep what fits."""
        room = self.most - len(self.data)
        self.data += chunk[:room]
        self.dropped += max(0, len(chunk) - room)

    @property
    def text(self) -> str:
        """The kept bytes as text, with a note when there were more."""
        text = self.data.decode("utf-8", "replace")
        return f"{text}\n[{self.dropped:,} more bytes dropped]" if self.dropped else text


class Pipes:
    """Readable descriptors and what came through them; closing them is the caller's."""

    def __init__(self, pipes: dict[int, Capture]) -> None:
        self.pipes = pipes
        self.selector = selectors.DefaultSelector()
        for descriptor in pipes:
            os.set_blocking(descriptor, False)
            self.selector.register(descriptor, selectors.EVENT_READ)

    def read(self, descriptor: int) -> int:
        """Bytes read; 0 when there are none now or none any more."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return 0
        if chunk:
            self.pipes[descriptor].take(chunk)
        else:
            self.selector.unregister(descriptor)
        return len(chunk)

    def drain(self) -> None:
        """Take what is still in them, and be done."""
        for descriptor in self.pipes:
            read = 0
            while descriptor in self.selector.get_map() and read < _DRAIN:
                count = self.read(descriptor)
                if not count:
                    break
                read += count
        self.selector.close()


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the child's process group and reap the child; harmless twice."""
    if child.returncode is None or sys.platform == "darwin":  # there, polling has reaped already
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()


class Conversation:
    """Feeds ``request`` to the child's standard input and gathers what its pipes say.

    ``pipes`` maps readable descriptors to their captures; closing them is the caller's.
    """

    def __init__(
        self, child: subprocess.Popen[bytes], request: bytes, pipes: dict[int, Capture]
    ) -> None:
        self.child = child
        self._pipes = Pipes(pipes)
        self._selector = self._pipes.selector
        self._left = memoryview(request)
        assert child.stdin is not None
        self._stdin: IO[bytes] = child.stdin
        os.set_blocking(self._stdin.fileno(), False)
        self._selector.register(self._stdin.fileno(), selectors.EVENT_WRITE)

    def hold(self, deadline: float) -> bool:
        """Go on until the child ends or the deadline (``time.monotonic``) passes.

        True when it ended by itself. In any case nothing of its process group remains.
        """
        try:
            return self._wait(deadline)
        finally:
            self._end()

    def _wait(self, deadline: float) -> bool:
        while not self._ended():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            # With every pipe closed the child is about to end: look again at once.
            pause = 0.05 if self._selector.get_map() else 0.001
            for key, _ in self._selector.select(min(left, pause)):
                self._write() if key.fd not in self._pipes.pipes else self._pipes.read(key.fd)
        return True

    def _ended(self) -> bool:
        """Whether the child is gone, if possible without reaping it: an unreaped leader keeps its
        process group's number from being given to somebody else before the group is killed."""
        if sys.platform == "darwin":
            return self.child.poll() is not None
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.child.pid, flags) is not None

    def _write(self) -> None:
        try:
            self._left = self._left[os.write(self._stdin.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # the child went before it had read all; its exit status says why
            self._left = self._left[:0]
        if not self._left:
            self._selector.unregister(self._stdin.fileno())
            self._stdin.close()

    def _end(self) -> None:
        end_group(self.child)
        self._pipes.drain()
