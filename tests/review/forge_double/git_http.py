"""git over HTTP: the real ``git http-backend``, as a web server runs it (CGI, RFC 3875)."""

from __future__ import annotations

import base64
import binascii
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from review.forge_double.speech import Answer

CONTENT = {"Content-Type": "text/plain; charset=utf-8"}


def serve(
    root: Path,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    user: str,
) -> Answer:
    """One request of git's; ``path`` begins with ``/OWNER/NAME.git/`` under ``root``."""
    env = {
        **os.environ,
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_USER": user,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "HTTP_GIT_PROTOCOL": headers.get("git-protocol", ""),
    }
    done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True)
    return _parsed(done.stdout)


def _parsed(output: bytes) -> Answer:
    """A CGI response: header lines, of which ``Status`` is one, an empty line, the body."""
    if b"\r\n\r\n" not in output:
        return Answer(500, b"git http-backend failed", CONTENT)
    head, body = output.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    headers = {name: value for name, _, value in (line.partition(": ") for line in lines)}
    status = int(headers.pop("Status", "200 OK").split()[0])
    return Answer(status, body, headers)


def writes(path: str, query: str) -> bool:
    """Whether a request of git's belongs to a push."""
    return path.endswith("/git-receive-pack") or "service=git-receive-pack" in query


def token(headers: Mapping[str, str]) -> str:
    """The token that a request of git's or of the API's carries; empty for none.

    Basic (RFC 7617): the password, or the name where there is no password, as the forges take it.
    """
    for name in ("private-token", "job-token"):
        if name in headers:
            return headers[name]
    scheme, _, word = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return word.strip()
    try:
        name, _, password = base64.b64decode(word).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "?"
    return name if password in ("", "x-oauth-basic") else password


def asked(realm: str) -> Answer:
    """Who are you?"""
    return Answer(401, b"Authentication required", {**CONTENT, "WWW-Authenticate": realm})
