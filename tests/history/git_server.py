"""A forge's git over HTTP, on loopback: the real ``git http-backend``, with a door."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit


class GitServer:
    """Serves the bare repositories in a folder. ``token`` is asked for where it is set; ``refuses``
    is the status that a push is answered with; ``breaks`` does as asked and hangs up without an
    answer; ``authorizations`` are the headers that came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token: str | None = None
        self.refuses: int | None = None
        self.breaks = False
        self.authorizations: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.host = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> GitServer:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, name: str) -> str:
        """Where a repository in the folder is."""
        return f"http://{self.host}/{name}"

    def lets_in(self, header: str | None) -> bool:
        """Whether the token is right, whoever the user is."""
        if self.token is None:
            return True
        pair = base64.b64decode((header or "").removeprefix("Basic ")).decode()
        return pair.partition(":")[2] == self.token


def _handler(server: GitServer) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"forge": server})


class _Handler(BaseHTTPRequestHandler):
    forge: GitServer

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _serve(self, body: bytes) -> None:
        self.forge.authorizations += self.headers.get_all("Authorization", [])
        pushes = "git-receive-pack" in self.path
        if not self.forge.lets_in(self.headers.get("Authorization")):
            return self._refuse(401)
        if pushes and self.forge.refuses:
            return self._refuse(self.forge.refuses)
        answer = self._backend(body)
        if pushes and self.forge.breaks and self.command == "POST":
            self.close_connection = True
            return None
        return self._hand_on(answer)

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _backend(self, body: bytes) -> bytes:
        url = urlsplit(self.path)
        env = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.forge.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "somebody",
        }
        words = ["git", "http-backend"]
        return subprocess.run(words, input=body, env=env, capture_output=True, check=True).stdout

    def _hand_on(self, answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
