"""A model that says what it was told to say: deterministic, for tests and for examples."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from fnopt.errors import FnoptError
from fnopt.models.client import Reply, Request

Script = Iterable[Reply | str] | Callable[[Request], Reply | str]


class Scripted:
    """Gives the replies in order, or what a function makes of each request.

    ``requests`` holds what was asked, in order. Raises FnoptError when the script is at its end.
    """

    def __init__(self, replies: Script) -> None:
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._respond = replies if callable(replies) else None
        self._rest = iter(()) if callable(replies) else iter(replies)

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """The next reply of the script."""
        with self._lock:
            self.requests.append(request)
            said = None if self._respond else next(self._rest, None)
        if self._respond is not None:
            said = self._respond(request)
        if said is None:
            raise FnoptError(
                f"the script is at its end: nothing to say to request {len(self.requests)}",
                "add a reply to the script",
            )
        return Reply(said, model=request.model) if isinstance(said, str) else said
