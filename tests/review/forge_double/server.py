"""Serves an ASGI application on a loopback port, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from typing import Any

import uvicorn


class Served(uvicorn.Server):
    """A server that says when it has begun."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
        )
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self.run, args=([self.socket],), daemon=True)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        self.begun.set()

    def begin(self) -> None:
        """Returns once requests are answered."""
        self.thread.start()
        if not self.begun.wait(20):
            raise RuntimeError("the forge did not start")

    def end(self) -> None:
        """Returns once the port is free."""
        self.should_exit = True
        self.thread.join(20)
        self.socket.close()
