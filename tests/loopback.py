"""A server on loopback that answers HTTP as a test says, faults included; and a proxy."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    target: str


@dataclass(frozen=True)
class Told:
    """An answer: ``body`` is sent as JSON, or as it is when it is text; ``lost`` breaks the
    connection instead, after the request came in whole."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False


Respond = Callable[[Asked], Any]


class Loopback:
    """Answers with what ``respond`` makes of a request: a Told, or what is JSON with status 200."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.asked: list[Asked] = []
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def lines(self) -> list[str]:
        """The requests so far, as ``METHOD PATH``."""
        return [f"{one.method} {one.path}" for one in self.asked]

    def __enter__(self) -> Loopback:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class Routes:
    """A ``respond`` from a table by ``METHOD PATH``; a value that can be called gets the request.
    What is not in it is 404."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = dict(table)

    def __call__(self, asked: Asked) -> Any:
        found = self.table.get(f"{asked.method} {asked.path}", Told(404, {"message": "Not Found"}))
        return found(asked) if callable(found) else found


class Once:
    """Answers in order, the last for ever; a value that can be called gets the request."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def __call__(self, asked: Asked) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(asked) if callable(answer) else answer


def through(asked: Asked) -> Told:
    """A proxy's answer: that of the server whose whole address is in the request line."""
    parts = urlsplit(asked.target)
    connection = HTTPConnection(parts.netloc, timeout=10)
    try:
        named = {name: asked.headers[name] for name in ("authorization",) if name in asked.headers}
        connection.request(asked.method, f"{parts.path}?{parts.query}", headers=named)
        answer = connection.getresponse()
        return Told(answer.status, json.loads(answer.read()))
    finally:
        connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, script: Loopback) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _any(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        asked = Asked(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query)),
            {name.lower(): value for name, value in self.headers.items()},
            json.loads(raw) if raw else None,
            self.path,
        )
        self.server.script.asked.append(asked)
        found = self.server.script.respond(asked)
        self._tell(found if isinstance(found, Told) else Told(200, found))

    do_GET = do_POST = do_PUT = do_PATCH = do_CONNECT = _any

    def _tell(self, told: Told) -> None:
        if told.lost:
            self.close_connection = True
            return
        is_text = isinstance(told.body, str)
        raw = (told.body if is_text else json.dumps(told.body)).encode()
        self.send_response_only(told.status)  # no date of its own
        kind = "text/html" if is_text else "application/json"
        for name, value in {"Content-Type": kind, **told.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
