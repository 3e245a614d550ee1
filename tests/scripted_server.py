"""A scripted model server: OpenAI's chat completions over real HTTP on loopback.

In a test: ``with ScriptedServer(respond) as server: … server.url …``. As a process of its own:
``python tests/scripted_server.py FILE.py`` serves the ``respond`` of that file, prints its URL on
one line and serves until its stdin ends.
"""

from __future__ import annotations

import json
import runpy
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Fail:
    """A fault: a status with headers and body; ``dies`` ends the connection in mid-reply."""

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | Json = field(default_factory=lambda: {"error": {"message": "scripted fault"}})
    dies: bool = False


@dataclass(frozen=True)
class Slow:
    """An answer that takes ``seconds`` to come; ``drip`` sends it byte by byte in that time."""

    answer: str | Json | Fail
    seconds: float
    drip: bool = False


Answer = str | Json | Fail | Slow
Respond = Callable[[Json], Answer]


def text(content: str | None, **message: Any) -> Json:
    """A completion that says ``content``; further fields go into the message."""
    return completion({"role": "assistant", "content": content, **message})


def calls(*named: tuple[str, str | Json], ids: bool = True) -> Json:
    """A completion that calls functions: (name, arguments as a string or an object) each."""
    tool_calls: list[Json] = []
    for number, (name, arguments) in enumerate(named):
        raw = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call = {"type": "function", "function": {"name": name, "arguments": raw}}
        tool_calls.append({"id": f"call-{number}", **call} if ids else call)
    message = {"role": "assistant", "content": None, "tool_calls": tool_calls}
    return completion(message, finish="tool_calls")


def completion(message: Json, finish: str = "stop") -> Json:
    """A whole chat completion around a message; its usage is 10 and 5 tokens."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


class ScriptedServer:
    """Answers each request with what ``respond`` makes of its JSON body; a str stands for a text.

    ``requests`` holds the bodies in order, ``headers`` their headers. ``respond`` may be replaced
    at any time.
    """

    def __init__(self, respond: Respond | None = None) -> None:
        self.respond: Respond = respond or (lambda request: "ok")
        self.requests: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """The base URL for an OpenAI client."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ScriptedServer:
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, script: ScriptedServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up (it timed out, it was killed) is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script = self.server.script
        script.requests.append(body)
        script.headers.append({name.lower(): value for name, value in self.headers.items()})
        self._answer(script.respond(body))

    def do_GET(self) -> None:
        self._answer({"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _answer(self, answer: Answer) -> None:
        slow = answer if isinstance(answer, Slow) else Slow(answer, 0)
        if isinstance(slow.answer, Fail):
            fault = slow.answer
            self._send(fault.status, fault.headers, fault.body, slow, dies=fault.dies)
        elif isinstance(slow.answer, str):
            self._send(200, {}, text(slow.answer), slow)
        else:
            self._send(200, {}, slow.answer, slow)

    def _send(
        self,
        status: int,
        headers: Mapping[str, str],
        body: str | Json,
        slow: Slow,
        *,
        dies: bool = False,
    ) -> None:
        raw = (body if isinstance(body, str) else json.dumps(body)).encode()
        if not slow.drip:
            time.sleep(slow.seconds)
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if dies:
            self.wfile.write(raw[: len(raw) // 2])
            self.close_connection = True
        elif slow.drip:
            self._drip(raw, slow.seconds)
        else:
            self.wfile.write(raw)

    def _drip(self, raw: bytes, seconds: float) -> None:
        for byte in raw:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(seconds / len(raw))


def main(path: Path) -> None:
    """Serve the ``respond`` of a Python file until stdin ends."""
    with ScriptedServer(runpy.run_path(str(path))["respond"]) as server:
        print(server.url, flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    sys.modules["scripted_server"] = sys.modules["__main__"]
    main(Path(sys.argv[1]))
