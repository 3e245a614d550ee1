"""A trial that runs in another process: everything by value, the bench built where it is needed.

What is pickled: the plan of an agent, the library's files, a task without its expected answer, and
the replies that are known already. What comes back: the trial, not scored, and each new reply, so
that whoever asked can keep them and book their price. Keys are read from the worker's own
environment; none is ever sent.
"""

from __future__ import annotations

import pickle
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fnopt import __version__
from fnopt.agents.agent import Agent, Setup
from fnopt.agents.choose import choose
from fnopt.agents.profile import OPENAI, Profile
from fnopt.errors import FnoptError, UsageError
from fnopt.evaluate.trial import Bench
from fnopt.library.function import Library, read
from fnopt.models.client import Request
from fnopt.models.connect import connect_within
from fnopt.prose import Prose
from fnopt.records import Score, Task, Trial, Usage
from fnopt.sandbox import Grant, Grants, Sandbox, sandbox

Replies = Mapping[str, Mapping[str, Any]]
"""Documents of model replies by key, as the store keeps them."""


@dataclass(frozen=True)
class Plan:
    """An agent with all that it stands on, as values.

    ``base_url`` is None where the model has none; ``timeout`` (seconds) bounds one attempt at a
    request, ``call_timeout`` one call of a function in a sandbox of that ``tier`` (see
    :func:`fnopt.sandbox.sandbox`, also for ``preload``) with what functions ``allow`` to reach;
    ``templates`` are the repository's own ones, name and text. The others are those of
    :class:`fnopt.agents.agent.Setup` and :class:`fnopt.evaluate.trial.Bench`.
    """

    kind: str
    model: str
    base_url: str | None = None
    endpoint: str = ""
    profile: Profile = OPENAI
    temperature: float | None = None
    max_tokens: int | None = None
    max_turns: int = 8
    timeout: float = 120.0
    python: bool = False
    offered: frozenset[str] | None = None
    tier: str = "process"
    allow: tuple[tuple[str, Grant], ...] = ()
    preload: tuple[str, ...] = ()
    call_timeout: float = 10.0
    templates: tuple[tuple[str, str], ...] = ()
    version: str = __version__

    def attempt(
        self, library: bytes, split: str, task: Task, number: int, key: str, known: Replies
    ) -> Attempted:
        """Make the trial ``key`` of a packed library; see :func:`pack` and :func:`blind`."""
        notes = Notes(known)
        try:
            bench, files = self._bench(notes), unpack(library)
            self._require_same(bench.key(bench.toolbox(files), split, task, number), key)
            trial = bench.attempt(files, task, number, key)
        except FnoptError as error:
            return Attempted(None, notes.new, error)
        return Attempted(trial, notes.new)

    def _bench(self, notes: Notes) -> Bench:
        agent = self._agent(notes)
        box = _sandbox(self.tier, self.call_timeout, self.preload, self.allow)
        return Bench(agent, box, _unscored, self.python, self.offered)

    def _agent(self, notes: Notes) -> Agent:
        url, own = self.base_url, notes
        client = connect_within(self.model, url, own, meter=Unlimited(), timeout=self.timeout)
        setup = Setup(
            client=client,
            prose=_prose(self.templates),
            model=self.model,
            endpoint=self.endpoint,
            profile=lambda: self.profile,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            max_turns=self.max_turns,
        )
        return choose(self.kind, setup)

    def _require_same(self, ours: str, key: str) -> None:
        if ours != key:
            raise UsageError(
                f"a worker would make another trial: it has fnopt {__version__}, and fnopt "
                f"{self.version} asks",
                "install the same fnopt and dependencies on every worker",
            )


@dataclass(frozen=True)
class Attempted:
    """What came of a trial elsewhere: it, or the ``error`` that ended it; ``replies`` are those
    that were paid for."""

    trial: Trial | None
    replies: Replies
    error: FnoptError | None = None

    @property
    def paid(self) -> Usage:
        """What the new replies cost."""
        return sum((Usage(**reply["usage"]) for reply in self.replies.values()), Usage())


class Notes:
    """The replies of one trial: those ``known`` before, and the ``new`` ones. Safe for threads."""

    def __init__(self, known: Replies) -> None:
        self._known = known
        self._lock = threading.Lock()
        self.new: dict[str, Mapping[str, Any]] = {}

    def reply(self, key: str) -> dict[str, Any] | None:
        """See :class:`fnopt.models.cache.ReplyStore`."""
        found = self.new.get(key) or self._known.get(key)
        return dict(found) if found is not None else None

    def keep_reply(self, key: str, value: Mapping[str, Any]) -> None:
        """See :class:`fnopt.models.cache.ReplyStore`."""
        with self._lock:
            self.new.setdefault(key, value)


@dataclass(frozen=True)
class Unlimited:
    """A meter without limits: the books are kept where the trial was asked for."""

    def before(self, request: Request) -> None:
        """See :class:`fnopt.models.meter.Meter`."""

    def after(self, request: Request, usage: Usage | None) -> None:
        """See :class:`fnopt.models.meter.Meter`."""


def blind(task: Task) -> Task:
    """The task without its expected answer."""
    return Task(task.id, task.question, "", task.metadata)


def pack(library: Library) -> bytes:
    """A library's files as bytes, small enough to go with each trial."""
    return zlib.compress(pickle.dumps(dict(library.files)))


@lru_cache(maxsize=4)
def unpack(packed: bytes) -> Library:
    """Inverse of :func:`pack`; the last ones of a process are read once."""
    return read(pickle.loads(zlib.decompress(packed)))


@lru_cache(maxsize=4)
def _prose(templates: tuple[tuple[str, str], ...]) -> Prose:
    return Prose(texts=dict(templates))


@lru_cache(maxsize=4)
def _sandbox(
    tier: str, timeout: float, preload: tuple[str, ...], allow: tuple[tuple[str, Grant], ...]
) -> Sandbox:
    return sandbox(tier, timeout, preload=preload, grants=Grants(table=dict(allow)))


def _unscored(answer: str, task: Task) -> Score:
    raise AssertionError("BUG: a worker has no expected answer to score by")
