"""What is spent against the limits of a run or of one step, and what a call may cost at worst."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from math import ceil
from typing import Literal

from fnopt.errors import BudgetSpent, UsageError
from fnopt.models.client import Request
from fnopt.models.meter import REPLY_TOKENS, price
from fnopt.records import Usage

BYTES_A_TOKEN = 3  # a cautious estimate: tokens are rarely shorter, in whatever script

NEXT = "the next call could break that"

OPTIONS = {
    "run": {one: f"--max-{one}" for one in ("tokens", "cost", "time", "calls")},
    "step": {one: f"--step-{one}" for one in ("tokens", "cost", "time", "calls")},
}


@dataclass(frozen=True)
class Limits:
    """None: no limit. Of a run: ``tokens``, ``cost`` (US dollars) and ``calls`` of the model count
    over all its commands, ``seconds`` for each command."""

    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None
    calls: int | None = None

    def __post_init__(self) -> None:
        sound = all(value is None or 0 < value < float("inf") for value in astuple(self))
        assert sound, f"BUG: {self}: what people give is checked where it comes in"


@dataclass(frozen=True)
class Command:
    """Who spends: what people run to go on. ``options``: whether it has the limits' options."""

    name: str = "train"
    options: bool = True

    def with_more(self, option: str, amount: str = "N") -> str:
        """This command with another limit, also by the key of the configuration."""
        name = option[2:].replace("-", "_")
        if self.options:
            return f"fnopt {self.name} {option} {amount} (stop.{name})"
        return f"FNOPT_STOP_{name.upper()}={amount} fnopt {self.name} ... (stop.{name})"


TRAIN = Command()


@dataclass(frozen=True)
class Worst:
    """What one call may cost at most; ``cost`` in US dollars, None when no price is known."""

    tokens: int
    cost: float | None = None


@dataclass(frozen=True)
class Pace:
    """How many ``seconds`` so many calls took, each from its request to its reply."""

    calls: int = 0
    seconds: float = 0.0

    def __add__(self, other: Pace) -> Pace:
        return Pace(self.calls + other.calls, self.seconds + other.seconds)


def worst(request: Request, *, priced: bool) -> Worst:
    """A call at its worst; its dollars by the price table, only where ``priced``."""
    if not priced:
        return Worst(estimate_tokens(request))
    usage = Usage(1, prompt_tokens(request), request.max_tokens or REPLY_TOKENS)
    return Worst(usage.tokens, price(request.model, usage, request.endpoint))


def prompt_tokens(request: Request) -> int:
    """A cautious guess at the tokens of a request."""
    text = json.dumps([*request.messages, *request.tools], ensure_ascii=False)
    return len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN


def estimate_tokens(request: Request) -> int:
    """A cautious guess at the tokens of a request and its reply."""
    return prompt_tokens(request) + (request.max_tokens or REPLY_TOKENS)


class Ledger:
    """What a run, or one of its steps, has ``spent``, and its limits."""

    def __init__(
        self,
        whose: Literal["run", "step"],
        limits: Limits,
        spent: Usage,
        clock: Callable[[], float],
        command: Command = TRAIN,
    ) -> None:
        self.limits = limits
        self.spent = spent
        self._whose = whose
        self._command = command
        self._clock = clock
        self._began = clock()
        self._elapsed = 0.0
        self._untold = spent.untold

    def book(self, usage: Usage) -> None:
        """What a call cost."""
        self.spent += usage
        self._untold = self._untold or usage.untold

    def check(self, call: Worst, others: Sequence[Worst]) -> None:
        """Raise BudgetSpent when a call could break a limit, beside ``others`` under way."""
        self._check_time()
        self._check_calls(len(others))
        self._check_tokens(call.tokens, [one.tokens for one in others])
        self._check_cost(call, others)

    def _check_time(self) -> None:
        limit = self.limits.seconds
        # a clock that goes back, as of a machine that was moved, gives no time back
        self._elapsed = max(self._elapsed, self._clock() - self._began)
        if limit is not None and self._elapsed >= limit:
            raise self._spent(f"the time limit of {limit:g} s is reached", "time")

    def _check_calls(self, under_way: int) -> None:
        limit = self.limits.calls
        if limit is not None and self.spent.calls + under_way >= limit:
            more = f", {under_way} under way" if under_way else ""
            raise self._spent(f"{self.spent.calls} of {limit} calls are made{more}", "calls")

    def _check_tokens(self, needed: int, under_way: Sequence[int]) -> None:
        limit = self.limits.tokens
        if limit is None:
            return
        if self._untold:
            raise UsageError(
                "a limit in tokens needs to know what the agent uses, and yours does not say",
                f"let it return (answer, usage), or limit time instead: {self._with_more('time')}",
            )
        if needed > limit:
            raise self._too_low(f"{needed:,} tokens", f"{limit:,}", "tokens", str(needed))
        if self.spent.tokens + sum(under_way) + needed > limit:
            said = f"{self.spent.tokens} of {limit} tokens are spent"
            beside = _reserved(f"{sum(under_way)}", len(under_way))
            raise self._spent(f"{said}{beside}; {NEXT} (it may take {needed})", "tokens")

    def _check_cost(self, call: Worst, others: Sequence[Worst]) -> None:
        limit, cost = self.limits.cost, self.spent.cost
        if limit is None:
            return
        if cost is None:
            raise UsageError(
                "a limit in dollars needs a price, and this model's is unknown",
                f"limit tokens instead: {self._with_more('tokens')}",
            )
        needed = self._dollars(call)
        if call.cost is not None and needed > limit:
            raise self._too_low(
                f"${needed:.4f}", f"${limit:.4f}", "cost", f"{ceil(needed * 1e4) / 1e4:g}"
            )
        under_way = sum(map(self._dollars, others))
        if cost >= limit or cost + needed + under_way > limit:
            said = f"${cost:.2f} of ${limit:.2f} are spent"
            beside = _reserved(f"${under_way:.2f}", len(others))
            raise self._spent(f"{said}{beside}; {NEXT}", "cost")

    def _dollars(self, call: Worst) -> float:
        """What a call may cost: by its price, else as tokens have cost so far."""
        if call.cost is not None:
            return call.cost
        a_token = (self.spent.cost or 0.0) / self.spent.tokens if self.spent.tokens else 0.0
        return a_token * call.tokens

    def _spent(self, said: str, what: str) -> BudgetSpent:
        if self._whose == "step":
            again = "fnopt train takes the step up again, with as much once more"
            return BudgetSpent(
                f"this step's limit: {said}", f"{again}; or: {self._with_more(what)}"
            )
        if not self._command.options:  # belongs to no run: each time it has all of its limits
            mend = f"run it again to go on with as much once more; or: {self._with_more(what)}"
            return BudgetSpent(said, mend)
        if what == "time":
            return BudgetSpent(said, f"go on: fnopt {self._command.name}")
        return BudgetSpent(said, f"go on with more: {self._with_more(what)}")

    def _with_more(self, what: str) -> str:
        """The command that goes on with another limit."""
        return self._command.with_more(OPTIONS[self._whose][what])

    def _too_low(self, needed: str, limit: str, what: str, least: str) -> BudgetSpent:
        """A limit that leaves no room for so much as the next call."""
        whole = f"the limit of a {self._whose} is {limit}"
        return BudgetSpent(
            f"the next call alone could take {needed}, and {whole}",
            f"allow {least} or more: {self._with_more(what)}",
        )


def _reserved(amount: str, calls: int) -> str:
    """What calls under way may still take, where there are any."""
    return f", {amount} more are reserved by {calls} under way" if calls else ""
