"""How many requests may be under way at once, and when the next may begin.

Nothing is known of an endpoint's limits at first, and they change. So the number at once is halved
when the endpoint says that it is too much, once for all the requests that were under way then, and
grows by one for each round that goes well (additive increase, multiplicative decrease: Jacobson,
"Congestion Avoidance and Control"). Where one at a time is too much, there is a gap between them.
An endpoint that says how much is left is believed: near the end requests are spread, none refused.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from fnopt.models.allowance import Allowance, allowances

LONGEST = 60.0  # seconds that an endpoint can make others wait; then one request tries
FIRST_GAP = 0.02  # seconds between requests, once one at a time is too much
SMALLEST_GAP = 0.002
EASES = 0.9  # what a gap is multiplied by after each request that went well
RECENT = 0.2  # weight of the last reply in the mean of tokens


@dataclass
class Window:
    """The rules, on a clock that is told: ``most`` at once, ``gap`` seconds between beginnings.

    ``spread`` is the gap that the endpoint's own figures ask for. Not safe for threads.
    """

    most: float = float("inf")
    under_way: int = 0
    gap: float = 0.0
    spread: float = 0.0
    begins: float = 0.0  # when the next may
    cut: float = float("-inf")  # when it was slowed down last
    tokens: float = 0.0  # of a reply, with its prompt; a running mean

    @property
    def full(self) -> bool:
        """Whether one must end before the next may begin."""
        return self.under_way >= max(1, int(self.most) if self.most < float("inf") else 10**9)

    def begin(self, now: float) -> None:
        """One more is under way."""
        self.under_way += 1
        self.begins = max(now, self.begins) + max(self.gap, self.spread)

    def went_well(self, tokens: int) -> None:
        """A request was answered."""
        self.tokens += RECENT * (tokens - self.tokens) if self.tokens else tokens
        if self.gap:
            self.gap = self.gap * EASES if self.gap > SMALLEST_GAP else 0.0
        elif self.under_way >= self.most - 1:
            self.most += 1 / self.most

    def slow_down(self, began: float, now: float, hold: float | None) -> None:
        """A request that began then was refused for its rate; ``hold``: seconds that were asked."""
        self.begins = max(self.begins, now + min(hold or 0.0, LONGEST))
        if began < self.cut:
            return  # it was under way when this was heeded already
        self.cut = now
        if self.most <= 1:
            self.gap = max(FIRST_GAP, min(self.gap * 2, LONGEST))
        self.most = max(1.0, min(self.most, self.under_way) / 2)

    def heard(self, said: Allowance, now: float) -> float:
        """The gap that keeps to what is left; 0 while there is enough for those under way."""
        amount = 1.0 if said.kind == "requests" else self.tokens
        if said.remaining > amount * self.under_way:
            return 0.0
        pause = min(said.seconds_for(amount), LONGEST)
        if said.remaining < amount:
            self.begins = max(self.begins, now + pause)
        return pause


class Pace:
    """A window for threads: they wait for their turns."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.window = Window()
        self._clock = clock
        self._next = threading.Lock()  # one waits for the window, all others for that one
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until one more request may begin; it is under way until this ends, retries and all.

        The time for which it may be retried begins with its turn.
        """
        with self._next, self._changed:
            while (left := self.window.begins - self._clock()) > 0 or self.window.full:
                self._changed.wait(left if left > 0 else None)
            self.window.begin(self._clock())
        try:
            yield
        finally:
            with self._changed:
                self.window.under_way -= 1
                self._changed.notify()

    def went_well(self, tokens: int) -> None:
        """A request was answered, for so many tokens."""
        with self._changed:
            self.window.went_well(tokens)
            self._changed.notify()

    def slow_down(self, began: float, hold: float | None) -> None:
        """A request that began then (by this clock) was refused for its rate."""
        with self._changed:
            self.window.slow_down(began, self._clock(), hold)

    def heard(self, headers: Mapping[str, str]) -> None:
        """The headers of an answer."""
        said = tuple(allowances(headers))
        if said or self.window.spread:
            with self._changed:
                now = self._clock()
                self.window.spread = max((self.window.heard(one, now) for one in said), default=0.0)
