"""How granted hosts are reached from inside: ``socket`` asks the broker for connected sockets.

Read by the child program as a sibling file, so: nothing of fnopt. This is a convenience and no
wall: the filter denies sockets, whatever Python does.
"""

from __future__ import annotations

import _socket
import array
import json
import os
from typing import Any

_broker = -1


def open_to(descriptor: int) -> None:
    """Let sockets be connected over the broker from here on."""
    global _broker
    _broker = descriptor


def install() -> None:
    """Let sockets ask the broker; without one they say which grant they lack."""
    import socket

    module: Any = socket
    module.socket = module.SocketType = Socket(socket.socket)
    module.getaddrinfo = _addresses
    module.gethostbyname = str


def Socket(plain: type) -> type:
    """The class of sockets that the broker connects."""

    class socket(plain):  # type: ignore[misc]
        """A TCP socket is half of a pair until it is connected."""

        def __init__(
            self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None
        ) -> None:
            if fileno is None:
                family = _socket.AF_INET if family == -1 else family
                type = _socket.SOCK_STREAM if type == -1 else type
                if family in (_socket.AF_INET, _socket.AF_INET6) and type & 0xF == 1:
                    one, other = _socket.socketpair()
                    other.close()
                    fileno = one.detach()
            super().__init__(family, type, proto, fileno)

        def connect(self, address: Any) -> None:
            """Ask for the connection."""
            if not isinstance(address, tuple):
                super().connect(address)
                return
            os.dup2(_connected(*address[:2]), self.fileno(), inheritable=False)
            os.set_blocking(self.fileno(), self.gettimeout() is None)

        def connect_ex(self, address: Any) -> int:
            """As :meth:`connect`, with the number of the error."""
            try:
                self.connect(address)
            except OSError as error:
                return error.errno or 1
            return 0

    return socket


def _connected(host: Any, port: Any) -> int:
    host = host.decode() if isinstance(host, bytes) else str(host)
    if _broker < 0:
        raise _lacking(f"{host}:{port}")
    asked = json.dumps([host, int(port)]).encode() + b"\n"
    with _socket_of(_broker) as broker:
        broker.sendall(asked)
        told, descriptors = _heard(broker)
    if descriptors:
        return descriptors[0]
    if "refused" in told:
        raise _lacking(told["refused"])
    raise OSError(told.get("errno") or 111, told.get("failed", "the connection failed"))


def _lacking(host: str) -> PermissionError:
    error = PermissionError(1, f"no grant for the host {host}")
    error.host = host  # type: ignore[attr-defined]
    return error


class _socket_of:
    def __init__(self, descriptor: int) -> None:
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fileno=descriptor)

    def __enter__(self) -> _socket.socket:
        return self._socket

    def __exit__(self, *_: object) -> None:
        self._socket.detach()


def _heard(broker: _socket.socket) -> tuple[dict[str, Any], list[int]]:
    data, found = b"", array.array("i")
    while not data.endswith(b"\n"):
        chunk, ancillary, _, _ = broker.recvmsg(4096, _socket.CMSG_SPACE(found.itemsize))
        if not chunk:
            raise ConnectionError(111, "the sandbox lets no more connections through")
        for level, kind, passed in ancillary:
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
                found.frombytes(passed[: found.itemsize])
        data += chunk
    return json.loads(data), list(found)


def _addresses(
    host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[Any]:
    """Names are resolved outside: the address of a host is its name."""
    host = host.decode() if isinstance(host, bytes) else host
    number = {"http": 80, "https": 443}.get(port, port)
    return [(_socket.AF_INET, _socket.SOCK_STREAM, 6, "", (host or "localhost", int(number or 0)))]
