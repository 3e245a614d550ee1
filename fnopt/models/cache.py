"""A reply that was paid for once is not paid for again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from fnopt.models.client import Client, Reply, Request


class ReplyStore(Protocol):
    """Keeps replies by key; ``fnopt.store.Store`` does."""

    def reply(self, key: str) -> dict[str, Any] | None:
        """The document kept under ``key``, or None."""
        ...

    def keep_reply(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a document under ``key``."""
        ...


class Cached:
    """Looks a reply up by the whole request and trial number; asks and keeps it otherwise.

    A reply from the store keeps its original usage and is marked ``cached``. Threads that ask the
    same at the same time pay once.
    """

    def __init__(self, client: Client, store: ReplyStore) -> None:
        self._client = client
        self._store = store
        self._guard = threading.Lock()
        self._under_way: dict[str, _Waited] = {}

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer from the store, or ask and keep."""
        key = request.key(trial)
        if (kept := self._look_up(key)) is not None:
            return kept
        with self._alone(key):
            if (kept := self._look_up(key)) is not None:  # another thread may have asked meanwhile
                return kept
            reply = self._client.complete(request, trial)
            self._store.keep_reply(key, reply.to_json())
            return reply

    def _look_up(self, key: str) -> Reply | None:
        document = self._store.reply(key)
        if document is None:
            return None
        try:
            return Reply.from_json(document, cached=True)
        except (KeyError, TypeError):
            return None  # of another shape: worth no more than a miss

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        with self._guard:
            waited = self._under_way.setdefault(key, _Waited())
            waited.threads += 1
        try:
            with waited.lock:
                yield
        finally:
            with self._guard:
                waited.threads -= 1
                if not waited.threads:
                    del self._under_way[key]


class _Waited:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.threads = 0
