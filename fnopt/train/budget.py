"""Limits on what a run and each of its steps may cost, checked before every paid call.

A call is refused when, at its worst, it could break a limit; calls under way count at their worst,
too. So what is spent stays below every limit, but for a reply that is longer than its request
allowed or than was expected of one that set no limit.

Most calls take far less than their worst. So where calls under way in other threads are all that
leaves no room, the next one waits until they end: near a limit fewer run at once, and at last none.
A thread with a call under way never waits; no two threads can wait for each other.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fnopt.errors import BudgetSpent
from fnopt.models.client import Request
from fnopt.records import Usage
from fnopt.train.ledger import (
    BYTES_A_TOKEN,
    TRAIN,
    Command,
    Ledger,
    Limits,
    Pace,
    Worst,
    estimate_tokens,
    prompt_tokens,
    worst,
)

__all__ = [
    "BYTES_A_TOKEN",
    "Budget",
    "Command",
    "Limits",
    "Pace",
    "estimate_tokens",
    "prompt_tokens",
]


UNLIMITED = Limits()


@dataclass(frozen=True)
class _Call:
    """A call under way: the most that it may take, when it began, and the thread that makes it."""

    worst: Worst
    began: float
    thread: int


class Budget:
    """Books what calls cost, and refuses the next one when it could break a limit."""

    def __init__(
        self,
        limits: Limits,
        spent: Usage = Usage(),
        *,
        each_step: Limits = UNLIMITED,
        book: Callable[[Usage], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        command: Command = TRAIN,
    ) -> None:
        """``spent`` is what the run cost before; ``book`` is told of every paid call.

        ``each_step`` are the limits of what is paid from one :meth:`begin_step` to the next;
        ``command`` is what errors name to go on with.
        """
        self._each_step = each_step
        self._book = book
        self._clock = clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._under_way: defaultdict[int, list[_Call]] = defaultdict(list)
        self._took: defaultdict[tuple[str, str], Pace] = defaultdict(Pace)
        self._run = Ledger("run", limits, spent, clock, command)
        self._step = Ledger("step", each_step, Usage(), clock)

    @property
    def spent(self) -> Usage:
        """What the run has cost so far."""
        return self._run.spent

    @property
    def took(self) -> Mapping[tuple[str, str], Pace]:
        """How long paid calls took, by model and endpoint."""
        with self._lock:
            return dict(self._took)

    def begin_step(self) -> None:
        """Another step, or another attempt at one, has all of a step's limits before it."""
        with self._lock:
            self._step = Ledger("step", self._each_step, Usage(), self._clock)
            self._changed.notify_all()

    def before(self, request: Request) -> None:
        """Raise BudgetSpent when this call, at its worst, would break a limit.

        Waits first for calls of other threads whose end could make room, if this thread has none
        under way itself. Raises UsageError for a limit in dollars where the price of what was paid
        is unknown.
        """
        with self._lock:
            ledgers = (self._step, self._run)
            call = worst(request, priced=any(one.limits.cost is not None for one in ledgers))
            self._wait_for_room(call)
            began = _Call(call, self._clock(), threading.get_ident())
            self._under_way[id(request)].append(began)

    def _wait_for_room(self, call: Worst) -> None:
        while (error := self._refusal(call, others := self._all_under_way())) is not None:
            ours = threading.get_ident() in {one.thread for one in others}
            if ours or not others or self._refusal(call, ()) is not None:
                raise error
            self._changed.wait()

    def _all_under_way(self) -> list[_Call]:
        return [one for several in self._under_way.values() for one in several]

    def _refusal(self, call: Worst, others: Sequence[_Call]) -> BudgetSpent | None:
        """Why a call may not be made beside others."""
        try:
            for one in (self._step, self._run):
                one.check(call, [other.worst for other in others])
        except BudgetSpent as error:
            return error
        return None

    def after(self, request: Request, usage: Usage | None) -> None:
        """Book what a call cost; None when it failed."""
        with self._lock:
            began = self._end(request).began
            if usage is not None:
                self._run.book(usage)
                self._step.book(usage)
                took = Pace(1, max(0.0, self._clock() - began))
                self._took[request.model, request.endpoint] += took
            self._changed.notify_all()
        if usage is not None:
            self._book(usage)

    def _end(self, request: Request) -> _Call:
        """Take a call from those under way; this thread's own, where threads share a request."""
        reserved = self._under_way[id(request)]
        own = [one for one in reserved if one.thread == threading.get_ident()]
        ended = (own or reserved)[-1]
        reserved.remove(ended)
        if not reserved:
            del self._under_way[id(request)]
        return ended
