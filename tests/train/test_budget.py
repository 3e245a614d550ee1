"""Limits on what a run may cost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from fnopt.errors import BudgetSpent, EndpointError, UsageError
from fnopt.models.client import Reply, Request
from fnopt.models.meter import Metered
from fnopt.models.scripted import Scripted
from fnopt.records import UNTOLD, Usage
from fnopt.train.budget import Budget, Limits, estimate_tokens
from fnopt.train.share import Share

ASK = Request("m", ({"role": "user", "content": "x" * 300},), max_tokens=100)
PAID = Usage(1, 80, 20, 0.25)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def spend(budget: Budget, usage: Usage | None = PAID) -> None:
    budget.before(ASK)
    budget.after(ASK, usage)


def test_what_calls_cost_adds_up() -> None:
    """Calls, tokens and dollars; every paid call is booked, on top of what was spent before."""
    booked: list[Usage] = []
    budget = Budget(Limits(), Usage(2, 10, 10, 1.0), book=booked.append)
    spend(budget)
    spend(budget, None)
    spend(budget)
    assert budget.spent == Usage(4, 170, 50, 1.5)
    assert booked == [PAID, PAID]


def test_without_limits_nothing_is_refused() -> None:
    """An unknown price is no matter where dollars are not limited."""
    budget = Budget(Limits(), Usage(1, 10**9, 0, None))
    spend(budget)
    assert budget.spent.cost is None


def test_the_call_that_could_break_the_token_limit_is_refused() -> None:
    """Before it is made, at its worst; what was spent stays below the limit."""
    budget = Budget(Limits(tokens=estimate_tokens(ASK) + 149))
    spend(budget)
    spend(budget, Usage(1, 50, 0, 0.0))
    with pytest.raises(BudgetSpent) as caught:
        spend(budget)
    assert "150 of" in caught.value.message
    assert "--max-tokens" in caught.value.mend
    assert budget.spent.tokens == 150


def test_what_was_spent_earlier_counts() -> None:
    """A run's limits hold over several commands."""
    limits = Limits(tokens=1_000, cost=1.0)
    with pytest.raises(BudgetSpent, match="tokens"):
        Budget(limits, Usage(9, 900, 0, 0.5)).before(ASK)
    with pytest.raises(BudgetSpent, match=r"\$1.00 of \$1.00"):
        Budget(limits, Usage(9, 100, 0, 1.0)).before(ASK)
    Budget(limits, Usage(9, 100, 0, 0.3)).before(ASK)


def test_dollars_are_limited() -> None:
    """A call is refused when, at what tokens have cost so far, it could break the limit."""
    budget = Budget(Limits(cost=0.5))
    spend(budget)
    with pytest.raises(BudgetSpent) as caught:
        spend(budget)
    assert "$0.25 of $0.50" in caught.value.message
    assert "--max-cost" in caught.value.mend
    with pytest.raises(BudgetSpent, match=r"\$0.50 of \$0.50"):
        Budget(Limits(cost=0.5), Usage(1, 10**9, 0, 0.5)).before(ASK)


def test_a_dollar_limit_needs_a_price() -> None:
    """An unknown price is never taken for nothing."""
    budget = Budget(Limits(cost=0.5))
    spend(budget, Usage(1, 10, 10, None))
    with pytest.raises(UsageError) as caught:
        spend(budget)
    assert "price" in caught.value.message
    assert "--max-tokens" in caught.value.mend
    with pytest.raises(UsageError):
        Budget(Limits(cost=0.5), Usage(1, 1, 1, None)).before(ASK)


def test_time_is_limited() -> None:
    """From when the budget was made, as its clock runs; a new command has its own time."""
    clock = Clock()
    clock.now = 1_000.0
    budget = Budget(Limits(seconds=60), clock=clock)
    clock.now += 59.9
    spend(budget)
    clock.now += 0.1
    with pytest.raises(BudgetSpent, match="60 s"):
        spend(budget)
    Budget(Limits(seconds=60), budget.spent, clock=clock).before(ASK)


def test_calls_under_way_are_reserved() -> None:
    """As many calls start as could all be paid for, and no more; their end makes room."""
    one = estimate_tokens(ASK)
    budget = Budget(Limits(tokens=3 * one))
    for _ in range(3):
        budget.before(ASK)
    with pytest.raises(BudgetSpent):
        budget.before(ASK)
    budget.after(ASK, Usage(1, 10, 0, 0.0))
    with pytest.raises(BudgetSpent):
        budget.before(ASK)
    budget.after(ASK, None)
    budget.before(ASK)


def test_threads_together_stay_within_the_limit() -> None:
    """However many call at once, the limit holds and nothing is lost."""
    one = estimate_tokens(ASK)
    budget = Budget(Limits(tokens=10 * one))
    barrier = Barrier(8, timeout=30)

    def call(_: int) -> int:
        barrier.wait()
        made = 0
        for _ in range(10):
            try:
                budget.before(ASK)
            except BudgetSpent:
                continue
            budget.after(ASK, Usage(1, one, 0, 0.0))
            made += 1
        return made

    with ThreadPoolExecutor(8) as pool:
        made = sum(pool.map(call, range(8)))
    assert budget.spent == Usage(made, made * one, 0, 0.0)
    assert made == 10  # reservations of others refuse no call that would have fitted


def test_a_metered_client_gives_its_reservation_back() -> None:
    """A failed call costs nothing and leaves room; a good one is booked with its price."""
    one = estimate_tokens(ASK)

    def script(request: Request) -> Reply:
        if len(client.requests) < 3:
            raise EndpointError("down")
        return Reply("yes", usage=Usage(1, 5, 5, 0.5))

    client = Scripted(script)
    budget = Budget(Limits(tokens=one))
    metered = Metered(client, budget)
    for _ in range(2):
        with pytest.raises(EndpointError):
            metered.complete(ASK)
    assert metered.complete(ASK).usage.cost == 0.5
    assert budget.spent == Usage(1, 5, 5, 0.5)
    with pytest.raises(BudgetSpent):
        metered.complete(ASK)
    assert len(client.requests) == 3


def test_the_estimate_is_cautious() -> None:
    """Messages, tools and the longest reply count; other scripts take more tokens a character."""
    bare = Request("m", ({"role": "user", "content": ""},), max_tokens=1)
    texts = ["x" * 3_000, "猫" * 1_000]
    for text in texts:
        asked = Request("m", ({"role": "user", "content": text},), max_tokens=1)
        assert estimate_tokens(asked) - estimate_tokens(bare) == 1_000
    tools = Request("m", bare.messages, ({"type": "function", "x": "y" * 300},), max_tokens=1)
    assert estimate_tokens(tools) > estimate_tokens(bare) + 100
    assert estimate_tokens(Request("m", bare.messages)) > 1_000


def test_a_share_is_held_to_the_whole_and_counted_apart() -> None:
    """Two users of one budget: each knows its own part, the limit is on both."""
    whole = Budget(Limits(tokens=1_800))
    agent, judge = Share(whole), Share(whole)
    asked = ASK
    for one, tokens in ((agent, 1_000), (judge, 500)):
        one.before(asked)
        one.after(asked, Usage(1, tokens, 0, None))
    assert (agent.spent.tokens, judge.spent.tokens, whole.spent.tokens) == (1_000, 500, 1_500)
    judge.before(asked)
    with pytest.raises(BudgetSpent):
        agent.before(asked)
    judge.after(asked, None)
    assert judge.spent.calls == 1


def test_a_limit_in_tokens_ends_where_nobody_says_what_is_used() -> None:
    """Unknown is not 0; without a limit it makes no difference."""
    asked = ASK
    for limits in (Limits(), Limits(seconds=1_000)):
        free = Budget(limits)
        free.before(asked)
        free.after(asked, UNTOLD)
        free.before(asked)
    budget = Budget(Limits(tokens=1_000_000))
    budget.before(asked)
    budget.after(asked, UNTOLD)
    with pytest.raises(UsageError, match="a limit in tokens"):
        budget.before(asked)
