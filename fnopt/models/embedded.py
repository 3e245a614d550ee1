"""The embedded model as a client: llama.cpp's server, started when it is first needed.

What matters for speed is that the long system prompt which all conversations share is read once:
:mod:`fnopt.models.slots` sees to that.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from fnopt.errors import EndpointError
from fnopt.models.client import Reply, Request
from fnopt.models.endpoint import Endpoint
from fnopt.models.failures import RequestRefused
from fnopt.models.llama import DEFAULTS, LlamaServer, Settings
from fnopt.models.retry import Transient
from fnopt.models.slots import Slots, system_of
from fnopt.models.weights import Progress, no_progress

ANSWER = 600.0  # seconds for one answer: a long prompt on a busy machine
LIVES = 3  # deaths of the server that one process puts up with


class FindWeights(Protocol):
    """Gives the path of the verified weights, fetched when need be."""

    def __call__(self, *, progress: Progress) -> Path:
        """Tells ``progress`` how it goes."""
        ...


class Embedded:
    """The client of the embedded model; the server starts at the first request.

    ``find_weights`` gives the path of the verified weights and tells ``progress`` how it goes;
    ``settings`` are what the next server starts with. A server that died is started again, until
    it has died ``LIVES`` times. Raises EndpointError when it cannot be started.
    """

    def __init__(self, find_weights: FindWeights, settings: Settings = DEFAULTS) -> None:
        self.progress: Progress = no_progress
        self._find_weights = find_weights
        self.settings = settings
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._deaths = 0

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer once. Raises Transient when the server died and may be started again."""
        running = self._ensure()
        try:
            with running.slots.slot_for(request) as slot:
                reply = running.endpoint.ask(request, {"id_slot": slot})
                return replace(reply, model=request.model)  # not the path of the weights
        except (Transient, EndpointError) as error:
            if running.server.alive or isinstance(error, RequestRefused):
                raise
            raise Transient(running.server.failure("died").message) from error

    def close(self) -> None:
        """End the server; the next request would start another."""
        with self._lock:
            if self._running is not None:
                self._running.close()
            self._running = None

    def _ensure(self) -> Running:
        with self._lock:
            if self._running is not None and not self._running.server.alive:
                self._bury(self._running)
            if self._running is None:
                weights = self._find_weights(progress=self.progress)
                self._running = Running(LlamaServer(weights, self.settings))
            return self._running

    def _bury(self, dead: Running) -> None:
        self._deaths += 1
        if self._deaths >= LIVES:
            raise dead.server.failure(f"died {LIVES} times")
        dead.close()
        self._running = None


class Running:
    """A server with its endpoint and its slots."""

    def __init__(self, server: LlamaServer) -> None:
        self.server = server
        self.endpoint = Endpoint(server.url + "/v1", server.api_key, timeout=ANSWER)
        self.slots = Slots(
            count=server.settings.n_parallel,
            read=self._read,
            restore=server.restore,
            forget=server.forget,
        )

    def close(self) -> None:
        """End the server and the connections to it."""
        self.endpoint.close()
        self.server.close()

    def _read(self, request: Request, slot: int, name: str) -> bool:
        opening = (*system_of(request), {"role": "user", "content": "."})
        prefix = Request(request.model, opening, request.tools, temperature=0.0, max_tokens=1)
        self.endpoint.ask(prefix, {"id_slot": slot})
        return self.server.save(slot, name)
