"""Replies of a real run, written to a file and played back from it.

A recording is JSON lines ``{"key", "reply"}``, sorted by key. A key is that of the request and its
trial number, without model and endpoint: whoever plays it back need not say who had answered.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fnopt.errors import EndpointError
from fnopt.models.client import Client, Reply, Request


def recording_key(request: Request, trial: int) -> str:
    """The key of a request in a recording."""
    return replace(request, model="", endpoint="").key(trial)


class Recorder:
    """Passes requests on and writes the replies to ``path`` when it is closed.

    A recording that is there already is added to; the first reply to a request stays.
    """

    def __init__(self, client: Client, path: Path) -> None:
        self._client = client
        self._path = path
        self._lock = threading.Lock()
        self._replies: dict[str, dict[str, Any]] = {}

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer, and remember the answer."""
        reply = self._client.complete(request, trial)
        with self._lock:
            self._replies.setdefault(recording_key(request, trial), reply.to_json())
        return reply

    def close(self) -> None:
        """Write the recording: whole or not at all."""
        with self._lock:
            before = read_recording(self._path) if self._path.exists() else {}
            write_recording(self._path, {**self._replies, **before})


class Recorded:
    """Plays a recording back. Replies keep their usage: budgets hold as they did then."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._replies = read_recording(path)

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """The recorded reply. Raises EndpointError when there is none to this request."""
        document = self._replies.get(recording_key(request, trial))
        if document is None:
            raise EndpointError(
                f"{self._path.name} holds no reply to this request: another version of fnopt, "
                "Python or reasoning-gym, or another configuration, asks other questions",
                "run without the recording, or with the versions that it was made with",
            )
        return Reply.from_json(document)


def read_recording(path: Path) -> dict[str, dict[str, Any]]:
    """Replies by key; the first under a key counts. Raises EndpointError on another shape."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EndpointError(
            f"cannot read the recording {path}: {error}", "check the path after `recorded:`"
        ) from error
    replies: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            Reply.from_json(entry["reply"])
            replies.setdefault(str(entry["key"]), entry["reply"])
        except (ValueError, KeyError, TypeError) as error:
            raise EndpointError(
                f"{path}, line {number}: not a recorded reply", "record the run once more"
            ) from error
    return replies


def write_recording(path: Path, replies: Mapping[str, Mapping[str, Any]]) -> None:
    """Write replies sorted by key, through a temporary file beside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"key": key, "reply": replies[key]}, sort_keys=True) for key in sorted(replies)
    ]
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    Path(name).replace(path)
