"""From a model's name in the configuration to a client that retries, meters and caches.

A name is one of
- ``local``: the embedded model;
- ``recorded:PATH``: the replies of a real run, played back;
- ``package.module:object``: a client of one's own, or something that makes one when called;
- anything else: a model of the endpoint, such as ``gpt-5-mini`` or ``qwen2.5:latest``.

A colon alone says nothing, since Ollama's names have one: a name is taken for an object only when
no base URL is given, its module has a dot, every part is an identifier (``qwen2.5`` is none) and
the module is there to be imported.
"""

from __future__ import annotations

import atexit
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from fnopt.errors import UsageError
from fnopt.models import weights
from fnopt.models.cache import Cached, ReplyStore
from fnopt.models.client import Client, Reply, Request
from fnopt.models.embedded import Embedded
from fnopt.models.endpoint import OPENAI_URL, Endpoint
from fnopt.models.meter import Meter, Metered
from fnopt.models.named import Named
from fnopt.models.pace import Pace
from fnopt.models.recorded import Recorded, Recorder
from fnopt.models.retry import Retrying

LOCAL = "local"
RECORDED = "recorded:"
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+:[A-Za-z_]\w*")
DEADLINE = 180.0  # seconds within which a failing request is tried again


@dataclass(frozen=True)
class Connection:
    """The chain in front of a model; ``close`` lets go of it and writes what was recorded."""

    client: Client
    closes: tuple[Callable[[], None], ...] = ()

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer, from the cache where possible."""
        return self.client.complete(request, trial)

    def close(self) -> None:
        """Close connections; the embedded model stays for whoever else uses it."""
        for close in self.closes:
            close()


def connect(
    model: str,
    base_url: str | None,
    store: ReplyStore,
    *,
    meter: Meter,
    timeout: float = 120.0,
    record: Path | None = None,
    progress: weights.Progress = weights.no_progress,
    say: Callable[[str], None] = lambda _: None,
) -> Connection:
    """The client for a model's name. Nothing is started, fetched or asked before it is needed.

    ``timeout`` (seconds) bounds one attempt; ``record`` is a file to write the replies to;
    ``progress`` is told how a download of the embedded model's weights goes, ``say`` that another
    model than was asked answers, each time. Raises UsageError when a client of one's own is none,
    EndpointError when a recording cannot be read.
    """
    source, closes = _source(model, base_url, timeout, progress)
    if url_of(model, base_url) is not None:
        source = Named(source, say)
    client: Client = Cached(Metered(source, meter, endpoint_name(model, base_url)), store)
    if record is not None:
        client = recorder = Recorder(client, record)
        closes = (recorder.close, *closes)
    return Connection(client, closes)


def connect_within(
    model: str, base_url: str | None, store: ReplyStore, *, meter: Meter, timeout: float = 120.0
) -> Client:
    """As :func:`connect`, with the connections of all in this process who ask the same model.

    Replies are looked up and kept, and calls booked, by the caller's own ``store`` and ``meter``.
    Such connections are closed with the process.
    """
    source = _shared(model, base_url, timeout)
    return Cached(Metered(source, meter, endpoint_name(model, base_url)), store)


@lru_cache(maxsize=8)
def _shared(model: str, base_url: str | None, timeout: float) -> Client:
    source, closes = _source(model, base_url, timeout, weights.no_progress)
    for close in closes:
        atexit.register(close)
    return source


def url_of(model: str, base_url: str | None) -> str | None:
    """The URL that a model's requests go to, from the environment as well; None where to none."""
    name = endpoint_name(model, base_url)
    return None if name in (LOCAL, "recorded", model) else name


def endpoint_name(model: str, base_url: str | None) -> str:
    """Who answers, for cache keys and prices: never the embedded server's random port."""
    if model == LOCAL:
        return LOCAL
    if model.startswith(RECORDED):
        return "recorded"
    if not base_url and _is_object(model):
        return model
    return (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).strip()


def _source(
    model: str, base_url: str | None, timeout: float, progress: weights.Progress
) -> tuple[Client, tuple[Callable[[], None], ...]]:
    deadline = max(DEADLINE, timeout)
    if model == LOCAL:
        return Retrying(_local(progress), deadline_seconds=deadline), ()
    if model.startswith(RECORDED):
        return Recorded(Path(model.removeprefix(RECORDED)).expanduser()), ()
    if not base_url and _is_object(model):
        return Retrying(_own(model), deadline_seconds=deadline), ()
    pace = Pace()
    endpoint = Endpoint(base_url, timeout=timeout, heard=pace.heard)
    return Retrying(endpoint, deadline_seconds=deadline, pace=pace), (endpoint.close,)


@cache
def embedded() -> Embedded:
    """The embedded model of this process: one server for all who use it."""
    client = Embedded(weights.resolve)
    atexit.register(client.close)
    return client


def _local(progress: weights.Progress) -> Embedded:
    client = embedded()
    if progress is not weights.no_progress:
        client.progress = progress
    return client


def _is_object(model: str) -> bool:
    if not DOTTED.fullmatch(model):
        return False
    try:
        return find_spec(model.partition(":")[0]) is not None
    except ImportError:
        return False


def _own(model: str) -> Client:
    module, _, name = model.partition(":")
    found: Any = getattr(import_module(module), name, None)
    if callable(found) and (isinstance(found, type) or not hasattr(found, "complete")):
        found = found()
    if not hasattr(found, "complete"):
        raise UsageError(
            f"{model} is no client: it has no method `complete(request, trial)`",
            "see fnopt.models.Client for what a model of your own has to do",
        )
    return cast(Client, found)
