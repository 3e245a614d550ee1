"""Connections for code that can make none: it asks by name, and gets the connected socket.

The child has no system call to make a socket or to connect one. It asks over a pair of its own for
a host and a port; what is granted is connected here, outside, and the descriptor is handed in.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import socket
import threading
import time
from queue import Empty, SimpleQueue

from fnopt.sandbox.grants import Grant

MOST = 4096  # bytes of a question
QUESTIONS = 256  # of one call
PATIENCE = 20.0  # seconds to connect at most


class Broker:
    """Serves one call; ``socket`` becomes readable with a question."""

    def __init__(self, grant: Grant) -> None:
        self.socket, self.theirs = socket.socketpair()
        self._grant = grant
        self._got = bytearray()
        self._asked = 0
        self.socket.setblocking(False)

    def close(self) -> None:
        """Let go of both ends."""
        self.socket.close()
        self.theirs.close()

    def serve(self, deadline: float) -> bool:
        """Take what has come and answer it; False when no more will come, or it makes no sense."""
        try:
            chunk = self.socket.recv(MOST)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._got += chunk
        if not chunk or len(self._got) > MOST:
            return False
        while b"\n" in self._got:
            line, _, rest = bytes(self._got).partition(b"\n")
            self._got = bytearray(rest)
            if not self._answer(line, deadline):
                return False
        return True

    def _answer(self, line: bytes, deadline: float) -> bool:
        self._asked += 1
        if self._asked > QUESTIONS or time.monotonic() > deadline:
            return False
        try:
            host, port = json.loads(line)
            if not isinstance(host, str) or not isinstance(port, int):
                return False
        except (ValueError, TypeError, RecursionError):
            return False
        if not self._grant.allows(host, port):
            return self._tell({"refused": f"{host}:{port}"})
        left = max(0.01, min(PATIENCE, deadline - time.monotonic()))
        try:
            with _connected(host, port, left, anywhere=self._grant.names(host, port)) as found:
                found.setblocking(True)
                return self._tell({"connected": list(found.getpeername()[:2])}, found.fileno())
        except (OSError, UnicodeError, ValueError) as error:
            number = error.errno if isinstance(error, OSError) else None
            return self._tell({"failed": str(error), "errno": number})

    def _tell(self, value: object, *passed: int) -> bool:
        data = json.dumps(value).encode() + b"\n"
        try:
            return socket.send_fds(self.socket, [data], list(passed)) == len(data)
        except OSError:
            return False

    def passed(self) -> int:
        """The child's end."""
        return self.theirs.fileno()

    def handed(self) -> None:
        """The child has its end now."""
        os.close(self.theirs.detach())


def _connected(host: str, port: int, seconds: float, *, anywhere: bool) -> socket.socket:
    """A connection to the host; to public addresses alone unless it may lie ``anywhere``.

    Names are looked up beside, since that cannot be interrupted. Raises OSError.
    """
    end = time.monotonic() + seconds
    answer: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answer), daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except Empty:
        raise TimeoutError(errno.ETIMEDOUT, f"{host} was not found in time") from None
    if not isinstance(found, list):
        raise found
    allowed = [one for one in found if anywhere or ipaddress.ip_address(one).is_global]
    if not allowed:
        raise PermissionError(errno.EPERM, f"{host} lies at {found[0]}, and is granted by a star")
    error: OSError | None = None
    for address in allowed:
        try:
            return socket.create_connection((address, port), max(0.01, end - time.monotonic()))
        except OSError as failed:
            error = failed
    assert error is not None, "BUG: there was an address"
    raise error


def _look_up(host: str, port: int, answer: SimpleQueue[list[str] | OSError | UnicodeError]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answer.put([str(one[4][0]).partition("%")[0] for one in found])
    except (OSError, UnicodeError) as error:
        answer.put(error)
