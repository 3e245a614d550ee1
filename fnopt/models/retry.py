"""Retries of our own: exponential back-off with full jitter, bounded by wall clock.

The openai client's own retries obey any ``Retry-After`` and count attempts instead of time; both
are wrong for a program that promises an end. Back-off: Brooker, "Exponential Backoff And Jitter".
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count

from fnopt.errors import EndpointError
from fnopt.models.allowance import amount
from fnopt.models.client import Client, Reply, Request
from fnopt.models.pace import Pace

RETRIED = frozenset({408, 409, 425, 429})


class Transient(Exception):
    """This attempt failed, another may not. ``retry_after``: seconds asked for, when said;
    ``limited``: it was one request too many, for now."""

    def __init__(
        self, message: str, retry_after: float | None = None, *, limited: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.limited = limited


class RetriesSpent(EndpointError):
    """Infrastructure failed until the deadline; another time the same request may succeed."""


def is_transient(status: int, headers: Mapping[str, str]) -> bool:
    """Whether another attempt makes sense; the server's ``x-should-retry`` has the last word."""
    said = headers.get("x-should-retry", "").strip().lower()
    if said in ("true", "false"):
        return said == "true"
    return status in RETRIED or status >= 500


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that ``retry-after-ms`` or ``Retry-After`` (seconds or HTTP date) asks for.

    A date is held against the server's own ``Date``, where it has one: our clock may be wrong.
    """
    milliseconds = amount(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    if text is None:
        return None
    seconds = amount(text)
    if seconds is not None:
        return seconds
    return _until(text, _date(headers.get("date", "")) or now or datetime.now(UTC))


def _until(text: str, now: datetime) -> float | None:
    date = _date(text)
    return max(0.0, (date - now).total_seconds()) if date is not None else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Retrying:
    """Asks again after a :class:`Transient` failure until ``deadline_seconds`` have passed.

    The deadline bounds the waiting: no attempt starts after it, one under way is bounded by the
    endpoint's own time-out. It begins with the request's turn, which ``pace`` gives. ``base`` and
    ``cap`` (seconds) shape the back-off.
    """

    client: Client
    deadline_seconds: float = 180.0
    base: float = 0.5
    cap: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    pace: Pace = field(default_factory=Pace)

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer, or raise RetriesSpent once the deadline leaves no room for another attempt."""
        with self.pace.turn():
            end = self.clock() + self.deadline_seconds
            for attempt in count():
                began = self.clock()
                try:
                    reply = self.client.complete(request, trial)
                except Transient as failure:
                    self._wait(failure, attempt, began, end)
                else:
                    self.pace.went_well(reply.usage.tokens)
                    return reply
        raise AssertionError("BUG: counting has no end")

    def _wait(self, failure: Transient, attempt: int, began: float, end: float) -> None:
        left = end - self.clock()
        pause = self._pause(failure, attempt)
        if failure.limited:  # a wait that is too long for this request is for no other
            self.pace.slow_down(began, failure.retry_after if pause <= left else None)
        if pause > left:
            raise self._spent(failure, attempt, left)
        self.sleep(pause)

    def _pause(self, failure: Transient, attempt: int) -> float:
        jitter = self.random() * min(self.cap, self.base * 2.0 ** min(attempt, 30))
        if failure.retry_after is None:
            return jitter
        return failure.retry_after + min(jitter, 1.0)  # spread those that wait for one instant

    def _spent(self, failure: Transient, attempt: int, left: float) -> RetriesSpent:
        if failure.retry_after is not None and failure.retry_after > left:
            why = f"it asks to wait {failure.retry_after:.0f} s, {max(left, 0):.0f} s are left"
        else:
            tries = "1 attempt" if attempt == 0 else f"{attempt + 1} attempts"
            why = f"given up after {tries} in {self.deadline_seconds:.0f} s"
        return RetriesSpent(
            f"{failure.message}; {why}",
            "try again later, or lower agent.concurrency when it is a rate limit",
        )
