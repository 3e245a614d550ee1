"""A profile that was found once is kept, by endpoint, model and format of the document."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from fnopt.agents.probe import LONGEST, probe
from fnopt.agents.profile import FORMAT, OPENAI, Profile, shipped
from fnopt.config import Tools
from fnopt.models.client import Client
from fnopt.models.retry import RetriesSpent

PREFIX = f"profile:{FORMAT}:"


class ProfileStore(Protocol):
    """Keeps documents by key; ``fnopt.store.Store`` does."""

    def reply(self, key: str) -> dict[str, Any] | None:
        """The document kept under ``key``, or None."""

    def replace_reply(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a document in place of what is kept there."""


def key_of(model: str, endpoint: str) -> str:
    """The key under which a profile is kept."""
    name = json.dumps([endpoint, model])
    return PREFIX + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def kept(store: ProfileStore, key: str) -> Profile | None:
    """The profile kept under a key, or None; one of another shape is worth no more than a miss."""
    document = store.reply(key)
    try:
        return None if document is None else Profile.from_json(document)
    except ValueError:
        return None


def keep(store: ProfileStore, key: str, profile: Profile) -> None:
    """Keep a profile in place of what was known."""
    store.replace_reply(key, profile.to_json())


def recall(store: ProfileStore, documents: Mapping[str, Any]) -> None:
    """Keep profiles that were found elsewhere, by key, where none is known."""
    for key, document in documents.items():
        if key.startswith(PREFIX) and kept(store, key) is None:
            with suppress(ValueError):
                keep(store, key, Profile.from_json(document))


@dataclass
class FirstUse:
    """Gives the profile of a model; looked up, or else found out, when it is first asked for.

    Shipped profiles hold unprobed; so does, by force of ``tools``, OpenAI's own format or what
    `fnopt doctor` found. ``role`` is the section of the configuration that names the model; ``say``
    is told in one line of what was probed; ``tell`` of each profile that was found, with its key.
    Safe for threads. Raises what :func:`probe` raises; nothing is kept then.
    """

    client: Client
    model: str
    endpoint: str
    store: ProfileStore
    role: str = "agent"
    tools: Tools = "auto"
    temperature: float | None = None
    max_tokens: int | None = None
    say: Callable[[str], None] = lambda _: None
    tell: Callable[[str, Profile], None] = lambda *_: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: Profile | None = None

    def __call__(self) -> Profile:
        """The profile."""
        with self._lock:
            if self._found is None:
                self._found = self._find()
            return self._found

    def anew(self) -> Profile:
        """The profile found out now, whatever is known or configured, and kept."""
        found = self._probed()
        keep(self.store, key_of(self.model, self.endpoint), found)
        return found

    def _find(self) -> Profile:
        key = key_of(self.model, self.endpoint)
        known = shipped(self.model) or kept(self.store, key)
        if self.tools != "auto":
            return (known or OPENAI).overruled(self.tools)
        known = known or self.anew()
        if shipped(self.model) is None:
            self.tell(key, known)
        return known

    def _probed(self) -> Profile:
        most = min(self.max_tokens or LONGEST, LONGEST)
        try:
            found = probe(
                self.client,
                self.model,
                self.endpoint,
                temperature=self.temperature,
                max_tokens=most,
            )
        except RetriesSpent as error:
            mend = f'{error.mend}; {self.role}.tools = "native" or "text" probes nothing'
            raise RetriesSpent(error.message, mend) from error
        self.say(f"probed {self.model}: {found.said}")
        return found
