"""What trials and replies are going to cost, before the first of them is paid for.

By the mean of what was paid for earlier where there is something, else at the worst: an agent that
takes all its turns, each with a reply as long as may be, and the whole conversation sent each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from fnopt.models.meter import REPLY_TOKENS, price
from fnopt.records import Usage
from fnopt.train.ledger import BYTES_A_TOKEN

RESULT_BYTES = 4_000  # of a function's result that goes back to the model
PROMPT_TOKENS = 1_000  # of a first request that nothing is known of


@dataclass(frozen=True)
class Rate:
    """What one trial, or one reply, takes: model calls and tokens; the mean of ``sample`` earlier
    ones, or the worst case where that is 0."""

    calls: float
    prompt: float
    completion: float
    sample: int = 0


@dataclass(frozen=True)
class Priced:
    """A model and its base URL, by which tokens have a price."""

    model: str
    endpoint: str


def measured(usages: Sequence[Usage]) -> Rate | None:
    """The mean of what trials cost; None where there is none that cost anything."""
    paid = [usage for usage in usages if usage.calls]
    if not paid:
        return None
    whole = sum(paid, Usage())
    count = len(paid)
    return Rate(
        whole.calls / count, whole.prompt_tokens / count, whole.completion_tokens / count, count
    )


def worst_trial(prompt: int | None, turns: int, reply: int | None) -> Rate:
    """A trial at its worst: ``turns`` requests, of which each holds all that was said before.

    ``prompt``: tokens of the first request; ``reply``: the longest reply in tokens; None where they
    are not known.
    """
    first, longest = prompt or PROMPT_TOKENS, reply or REPLY_TOKENS
    more = longest + RESULT_BYTES // BYTES_A_TOKEN
    return Rate(turns, turns * first + more * turns * (turns - 1) // 2, turns * longest)


def total(rate: Rate, count: int, of: Priced) -> Usage:
    """What ``count`` trials or replies take, rounded up; its cost is None without a price."""
    whole = (rate.calls * count, rate.prompt * count, rate.completion * count)
    calls, prompt, completion = (ceil(one - 1e-9) for one in whole)
    if not calls:
        return Usage()
    one = Usage(1, ceil(prompt / calls), ceil(completion / calls))  # tiers are by the request
    cost = price(of.model, one, of.endpoint)
    return Usage(calls, prompt, completion, None if cost is None else cost * calls)
