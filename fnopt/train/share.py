"""One user's part of a budget: held to the whole, and counted apart."""

from __future__ import annotations

import threading

from fnopt.models.client import Request
from fnopt.models.meter import Meter
from fnopt.records import Usage


class Share:
    """What the agent, the judge or the optimizer spends of a budget."""

    def __init__(self, whole: Meter) -> None:
        self._whole = whole
        self._lock = threading.Lock()
        self._spent = Usage()

    @property
    def spent(self) -> Usage:
        """What this user has cost since it began."""
        return self._spent

    def before(self, request: Request) -> None:
        """See :meth:`Budget.before`."""
        self._whole.before(request)

    def after(self, request: Request, usage: Usage | None) -> None:
        """See :meth:`Budget.after`."""
        self._whole.after(request, usage)
        if usage is not None:
            with self._lock:
                self._spent += usage
