"""Does the endpoint answer as the model that was asked? It is said where it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fnopt.models.client import Client, Reply, Request
from fnopt.models.failures import words

VERSION = re.compile(r"([-@:_](latest|preview|free|\d{3,8}|\d{4}-\d\d-\d\d|\d\d-\d\d))+$")
"""What names may end in without being another model's: a date, or which of its versions it is."""
SHOWN = 100  # characters of a name


@dataclass(frozen=True)
class Named:
    """A client that tells ``say`` each time another model than was asked answers."""

    client: Client
    say: Callable[[str], None]

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """See :class:`fnopt.models.client.Client`."""
        reply = self.client.complete(request, trial)
        if differ(request.model, reply.model):
            answered = words(reply.model)[:SHOWN]
            self.say(f"the endpoint answered as {answered}, asked was {request.model}")
        return reply


def differ(asked: str, answered: str) -> bool:
    """Whether two names are clearly not one model's; an answer without a name says nothing."""
    return bool(answered) and _plain(asked) != _plain(answered)


def _plain(name: str) -> str:
    """The name without its provider or folder, its file's ending, date and version."""
    last = name.strip().casefold().replace("\\", "/").rpartition("/")[2]
    return VERSION.sub("", last.removesuffix(".gguf"))
