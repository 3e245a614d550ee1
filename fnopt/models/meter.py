"""What thinking costs: prices from an offline table, counted call by call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from fnopt.models.client import Client, Reply, Request
from fnopt.records import Usage

FREE = ("local",)  # endpoints that run on this machine's own electricity

REPLY_TOKENS = 1_000
"""What a reply is expected to need where its request sets no limit."""


def price(model: str, usage: Usage, endpoint: str = "") -> float | None:
    """US dollars for the tokens by genai-prices' table, or None when the price is not known.

    ``endpoint`` is the base URL, since who serves a model sets its price. The embedded model is
    free; a model on a URL that the table does not know has no known price.
    """
    if endpoint in FREE:
        return 0.0
    import genai_prices

    tokens = genai_prices.Usage(
        input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens
    )
    try:
        found = genai_prices.calc_price(tokens, model, provider_api_url=endpoint or None)
    except (LookupError, ValueError):
        return None
    return float(found.total_price)


class Meter(Protocol):
    """Who keeps the books of paid calls; safe to use from several threads."""

    def before(self, request: Request) -> None:
        """Told ahead of a call that will be paid for; raises BudgetSpent to forbid it.

        May wait for calls of other threads to end; never in a thread with a call under way.
        """
        ...

    def after(self, request: Request, usage: Usage | None) -> None:
        """Told of each call allowed by :meth:`before` what it cost; None when it failed."""
        ...


@dataclass(frozen=True)
class Metered:
    """Has every call allowed and booked by a meter.

    Replies leave with one call and their price in ``usage``. ``endpoint`` is the base URL that the
    price depends on; a price that a reply brings along stays.
    """

    client: Client
    meter: Meter
    endpoint: str = ""

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer, metered."""
        self.meter.before(request)
        usage = None
        try:
            reply = self.client.complete(request, trial)
            usage = self._priced(request, reply)
        finally:
            self.meter.after(request, usage)
        return replace(reply, usage=usage)

    def _priced(self, request: Request, reply: Reply) -> Usage:
        cost = reply.usage.cost
        if cost is None:
            cost = price(request.model, reply.usage, self.endpoint)
        return replace(reply.usage, calls=1, cost=cost)
