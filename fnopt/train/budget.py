"""Limits on what a run may cost, checked before every paid call."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from fnopt.errors import BudgetSpent, UsageError
from fnopt.models.client import Request
from fnopt.records import Usage

BYTES_A_TOKEN = 3  # a cautious estimate: tokens are rarely shorter, in whatever script
REPLY_TOKENS = 1_000  # what a reply is expected to need where the request sets no limit


@dataclass(frozen=True)
class Limits:
    """None: no limit. ``tokens`` and ``cost`` (US dollars) are a run's, ``seconds`` a command's."""

    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None


class Budget:
    """Books what calls cost, and refuses the next one when it could break a limit."""

    def __init__(
        self,
        limits: Limits,
        spent: Usage = Usage(),
        *,
        book: Callable[[Usage], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``spent`` is what the run cost before; ``book`` is told of every paid call."""
        self._limits = limits
        self._spent = spent
        self._book = book
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._under_way = 0

    @property
    def spent(self) -> Usage:
        """What the run has cost so far."""
        return self._spent

    def before(self, request: Request) -> None:
        """Raise BudgetSpent when this call, at its worst, would break a limit."""
        estimate = estimate_tokens(request)
        with self._lock:
            self._check_time()
            self._check_tokens(estimate)
            self._check_cost(estimate)
            self._under_way += estimate

    def after(self, request: Request, usage: Usage | None) -> None:
        """Book what a call cost; None when it failed."""
        with self._lock:
            self._under_way -= estimate_tokens(request)
            if usage is not None:
                self._spent += usage
        if usage is not None:
            self._book(usage)

    def _check_time(self) -> None:
        limit = self._limits.seconds
        if limit is not None and self._clock() - self._began >= limit:
            raise BudgetSpent(f"the time limit of {limit:g} s is reached", "go on: fnopt train")

    def _check_tokens(self, estimate: int) -> None:
        limit = self._limits.tokens
        if limit is not None and self._spent.tokens + self._under_way + estimate > limit:
            raise BudgetSpent(
                f"{self._spent.tokens} of {limit} tokens are spent; the next call could break that",
                "go on with more: fnopt train --max-tokens N",
            )

    def _check_cost(self, estimate: int) -> None:
        limit, cost = self._limits.cost, self._spent.cost
        if limit is None:
            return
        if cost is None:
            raise UsageError(
                "a limit in dollars needs a price, and this model's is unknown",
                "limit tokens instead: --max-tokens N",
            )
        a_token = cost / self._spent.tokens if self._spent.tokens else 0.0  # as so far
        if cost >= limit or cost + a_token * (self._under_way + estimate) > limit:
            raise BudgetSpent(
                f"${cost:.2f} of ${limit:.2f} are spent; the next call could break that",
                "go on with more: fnopt train --max-cost N",
            )


def prompt_tokens(request: Request) -> int:
    """A cautious guess at the tokens of a request."""
    text = json.dumps([*request.messages, *request.tools], ensure_ascii=False)
    return len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN


def estimate_tokens(request: Request) -> int:
    """A cautious guess at the tokens of a request and its reply."""
    return prompt_tokens(request) + (request.max_tokens or REPLY_TOKENS)
