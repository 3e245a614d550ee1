"""Tiers ``confined`` and ``isolated``: a fork of a zygote for each call, shut in first."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fnopt import tempdir
from fnopt.sandbox.asking import Asking
from fnopt.sandbox.broker import Broker
from fnopt.sandbox.conversation import Capture, Pipes
from fnopt.sandbox.grants import Grant, Grants
from fnopt.sandbox.outcome import Outcome
from fnopt.sandbox.process import OUTPUT
from fnopt.sandbox.reply import REPLY, fault, late, outcome_of
from fnopt.sandbox.worker import Dead, Start, Worker

MOST = 32  # workers of a sandbox
TRIES = 2  # workers that may be dead before learned code began
CERTIFICATES = ("/etc/ssl", "/etc/pki", "/usr/lib/ssl", "/usr/share/ca-certificates")
WORKER = "the sandbox's worker was killed while the code ran"
DISK = "stopped: its files took more than 64 MiB, or were more than 4,096"


class Pool:
    """Zygotes that wait for work, :data:`MOST` at most; each serves one call at a time.

    They are started one after the other: while one begins, short calls give others back, so that
    there are as many as are needed and not as many as there are threads. A fork of this process
    begins with none.
    """

    def __init__(self, start: Callable[[], Start]) -> None:
        self._start = start
        self._begin()

    def _begin(self) -> None:
        self._owner = os.getpid()
        self._room = threading.BoundedSemaphore(MOST)
        self._starting, self._lock = threading.Lock(), threading.Lock()
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()

    @contextmanager
    def lent(self) -> Iterator[Worker]:
        """A worker; one that raised anything is not used again. Raises Dead."""
        if os.getpid() != self._owner:
            self._begin()
        with self._room:
            worker = self._idle_one() or self._new()
            try:
                yield worker
            except BaseException:
                self.drop(worker)
                raise
            with self._lock:
                back = worker in self._all
                if back:
                    self._idle.append(worker)
            if not back:
                worker.close()  # dropped, or the pool was closed in between

    def drop(self, worker: Worker) -> None:
        """Never use it again."""
        with self._lock:
            self._all.discard(worker)
        worker.close()

    def close(self) -> None:
        """Let all go that wait, and those at work once they are done."""
        if os.getpid() != self._owner:
            return  # a fork's copy has nothing to end
        with self._lock:
            idle, self._idle = self._idle, []
            self._all.clear()
        for worker in idle:
            worker.close()

    def _idle_one(self) -> Worker | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _new(self) -> Worker:
        with self._starting:
            worker = self._idle_one() or Worker(self._start())
            with self._lock:
                self._all.add(worker)
            return worker


@dataclass(frozen=True)
class ForkedSandbox(Asking):
    """Forks a child of a zygote for each call; ``timeout`` in seconds, by ``grants``."""

    tier: str
    timeout: float
    pool: Pool
    grants: Grants = field(default_factory=Grants)

    def __post_init__(self) -> None:
        weakref.finalize(self, self.pool.close)

    def close(self) -> None:
        """End the zygotes; none is needed to run on."""
        self.pool.close()

    def ask(self, files: Mapping[str, bytes], question: Mapping[str, Any], grant: Grant) -> Outcome:
        """See :class:`fnopt.sandbox.asking.Asking`."""
        start = time.monotonic()
        try:
            json.dumps(question)
        except RecursionError:
            return Outcome(ok=False, error="the arguments are nested too deeply")
        for _ in range(TRIES):
            try:
                with tempdir.lent("call") as folder:
                    outcome = self._once(files, {**question, **self._reach(grant)}, grant, folder)
            except (OSError, Dead) as error:
                outcome = fault(f"the sandbox could not start: {error}")
            if not outcome.fault:
                break
        return replace(outcome, seconds=time.monotonic() - start)

    def _reach(self, grant: Grant) -> dict[str, Any]:
        """The part of a request that grants something."""
        rules = [(self.grants.place(given), "read") for given in grant.read]
        rules += [(self.grants.place(given), "write") for given in grant.write]
        if grant.hosts:
            rules += [(path, "read") for path in CERTIFICATES]
        grants = self.grants
        return {"rules": rules, "env": grants.values(grant), "links": grants.links(grant)}

    def _once(
        self, files: Mapping[str, bytes], request: dict[str, Any], grant: Grant, folder: Path
    ) -> Outcome:
        token = secrets.token_hex(16)
        request |= {"id": token, "folder": str(folder), "reply": REPLY}
        asked = json.dumps(request).encode()
        with self.pool.lent() as worker, ExitStack() as stack:
            deadline = time.monotonic() + self.timeout
            broker = Broker(grant) if grant.hosts else None
            if broker:
                stack.callback(broker.close)
            call = _Call(worker, stack, broker)
            call.begin(files, str(folder), asked)
            try:
                said = call.hold(deadline)
            except Dead:
                if not call.reply.data:
                    raise  # learned code had not begun: another worker may try
                said = {"late": False, "status": -signal.SIGKILL, "why": "worker"}
            outcome = _outcome(said, bytes(call.reply.data), token, self.timeout)
            if outcome.limit == "protocol" or said.get("why") == "worker" or said.get("spent"):
                self.pool.drop(worker)
        return replace(outcome, stdout=call.out.text, stderr=call.err.text)


def _outcome(said: dict[str, Any], data: bytes, token: str, timeout: float) -> Outcome:
    if said["late"]:
        return late(data, timeout)
    if said.get("why") == "disk" and data:
        return Outcome(ok=False, error=DISK, limit="disk")
    if said.get("why") == "worker":
        return Outcome(ok=False, error=WORKER)
    return outcome_of(data, token, said["status"])


def _in_memory(data: bytes) -> int:
    """A descriptor from which the data can be read."""
    made = os.memfd_create("request")
    with open(made, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(made, 0, os.SEEK_SET)
    return made


class _Call:
    """One child: its pipes, and what comes through them until it is gone."""

    def __init__(self, worker: Worker, stack: ExitStack, broker: Broker | None) -> None:
        self._worker = worker
        self._stack = stack
        self._broker = broker
        self.reply, self.out, self.err = Capture(REPLY + 6), Capture(OUTPUT), Capture(OUTPUT)

    def begin(self, files: Mapping[str, bytes], folder: str, asked: bytes) -> None:
        """Let the worker fork it. Raises Dead, OSError."""
        captures: dict[int, Capture] = {}
        with ExitStack() as given:
            ends = [_in_memory(asked)]
            given.callback(os.close, ends[0])
            for capture in (self.reply, self.out, self.err):
                read, write = os.pipe()
                self._stack.callback(os.close, read)
                given.callback(os.close, write)
                captures[read] = capture
                ends.append(write)
            if self._broker:
                ends.append(self._broker.passed())
            self._pipes = Pipes(captures)
            self._worker.begin(files, folder, ends)
        if self._broker:
            self._broker.handed()

    def hold(self, deadline: float) -> dict[str, Any]:
        """Go on until the child is gone; its status, and whether it was ``late``. Raises Dead."""
        selector, worker = self._pipes.selector, self._worker
        selector.register(worker, selectors.EVENT_READ)
        if self._broker:
            selector.register(self._broker.socket, selectors.EVENT_READ)
        try:
            while (left := deadline - time.monotonic()) > 0:
                ready = [key.fd for key, _ in selector.select(left)]
                for descriptor in ready:
                    self._ready(descriptor, deadline)
                if worker.fileno() in ready:
                    return {"late": False, **worker.end()}
            return {**worker.kill(), "late": True}
        finally:
            self._pipes.drain()

    def _ready(self, descriptor: int, deadline: float) -> None:
        if descriptor in self._pipes.pipes:
            self._pipes.read(descriptor)
        elif self._is_broker(descriptor) and self._broker and not self._broker.serve(deadline):
            self._pipes.selector.unregister(self._broker.socket)
            with contextlib.suppress(OSError):
                self._broker.socket.shutdown(socket.SHUT_RDWR)

    def _is_broker(self, descriptor: int) -> bool:
        return self._broker is not None and descriptor == self._broker.socket.fileno()
