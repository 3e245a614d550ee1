"""The replies that a trial would find in the store, to go along where the store is out of reach.

They are those of its first request, and of the requests in the conversations of trials that began
in the same way with other bodies of the functions. Of one that goes another way none is found from
there on, which is as it is with the store at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fnopt.models.client import Request
from fnopt.store import Store


def known_replies(
    store: Store, opening: Request, key: str, number: int
) -> dict[str, Mapping[str, Any]]:
    """The documents of replies by key that a trial known by ``key`` may ask for."""
    found: dict[str, Mapping[str, Any]] = {}
    for request in _requests(store, opening, key):
        name = request.key(number)
        reply = store.reply(name) if name not in found else None
        if reply is not None:
            found[name] = reply
    return found


def _requests(store: Store, opening: Request, key: str) -> Iterator[Request]:
    yield opening
    for kept in store.trials(key):
        messages = tuple(kept.get("messages", ()))
        for at, message in enumerate(messages):
            if message.get("role") == "assistant" and at > len(opening.messages):
                yield replace(opening, messages=messages[:at])
