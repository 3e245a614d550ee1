"""Limits on calls, on each step, and limits that leave no room for so much as one call."""

from __future__ import annotations

import pytest

from fnopt.errors import BudgetSpent, UsageError
from fnopt.models.client import Request
from fnopt.records import Usage
from fnopt.train.budget import Budget, Command, Limits, estimate_tokens

ASK = Request("m", ({"role": "user", "content": "x" * 300},), max_tokens=100)
PRICED = Request(
    "gpt-5-mini",
    ({"role": "user", "content": "x" * 3_000_000},),
    max_tokens=1_000_000,
    endpoint="https://api.openai.com/v1",
)
PAID = Usage(1, 80, 20, 0.25)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def spend(budget: Budget, usage: Usage = PAID) -> None:
    budget.before(ASK)
    budget.after(ASK, usage)


def test_calls_are_limited() -> None:
    """As many as are allowed, those under way and those of earlier commands included."""
    budget = Budget(Limits(calls=4), Usage(1, 5, 5, 0.0))
    spend(budget)
    budget.before(ASK)
    budget.before(ASK)
    with pytest.raises(BudgetSpent, match="2 of 4 calls are made, 2 under way") as caught:
        budget.before(ASK)
    assert caught.value.mend == "go on with more: fnopt train --max-calls N (stop.max_calls)"
    budget.after(ASK, None)  # it failed: there is room for another
    budget.before(ASK)


@pytest.mark.parametrize(
    ("limits", "variable"),
    [
        (Limits(calls=1), "FNOPT_STOP_MAX_CALLS=N"),
        (Limits(tokens=250), "FNOPT_STOP_MAX_TOKENS=N"),
        (Limits(cost=0.3), "FNOPT_STOP_MAX_COST=N"),
        (Limits(seconds=5), "FNOPT_STOP_MAX_TIME=N"),
    ],
    ids=["calls", "tokens", "dollars", "time"],
)
def test_a_command_without_options_names_itself(limits: Limits, variable: str) -> None:
    """And the variable that allows it more: no other command's option would."""
    clock = Clock()
    budget = Budget(limits, clock=clock, command=Command("eval", options=False))
    spend(budget)
    clock.now = 5.0
    with pytest.raises(BudgetSpent) as caught:
        spend(budget)
    assert "run it again" in caught.value.mend
    assert f"{variable} fnopt eval ..." in caught.value.mend
    assert "train" not in caught.value.mend


def test_a_command_without_options_names_the_least_limit() -> None:
    """As one that has them does."""
    with pytest.raises(BudgetSpent) as caught:
        Budget(Limits(tokens=9), command=Command("eval", options=False)).before(ASK)
    assert "FNOPT_STOP_MAX_TOKENS=N fnopt eval ..." in caught.value.mend


@pytest.mark.parametrize(
    ("limits", "said", "option"),
    [
        (Limits(calls=2), "this step's limit: 2 of 2 calls are made", "--step-calls"),
        (Limits(tokens=350), "this step's limit: 200 of 350 tokens are spent", "--step-tokens"),
        (Limits(cost=1.0), "this step's limit: $0.50 of $1.00 are spent", "--step-cost"),
    ],
    ids=["calls", "tokens", "dollars"],
)
def test_a_step_has_limits_of_its_own(limits: Limits, said: str, option: str) -> None:
    """What the run cost before is no matter; another step begins with all of them."""
    budget = Budget(Limits(), Usage(50, 10**6, 10**6, None), each_step=limits)
    spend(budget)
    spend(budget)
    with pytest.raises(BudgetSpent) as caught:
        spend(budget)
    assert caught.value.message.startswith(said)
    assert option in caught.value.mend
    budget.begin_step()
    spend(budget)
    assert budget.spent.calls == 53


def test_a_step_is_limited_in_time() -> None:
    """From when it began, as the clock runs."""
    clock = Clock()
    budget = Budget(Limits(), each_step=Limits(seconds=10), clock=clock)
    clock.now = 10.0
    with pytest.raises(BudgetSpent, match="this step's limit: the time limit of 10 s is reached"):
        budget.before(ASK)
    budget.begin_step()
    clock.now = 19.9
    spend(budget)


def test_a_clock_that_goes_back_gives_no_time_back() -> None:
    """What had run out stays so."""
    clock = Clock()
    clock.now = 100.0
    budget = Budget(Limits(seconds=60), clock=clock)
    clock.now = 160.0
    with pytest.raises(BudgetSpent):
        budget.before(ASK)
    clock.now = 0.0
    with pytest.raises(BudgetSpent, match="60 s"):
        budget.before(ASK)


def test_the_runs_limits_hold_within_a_step() -> None:
    """Another step does not widen them."""
    budget = Budget(Limits(calls=1), each_step=Limits(calls=5))
    spend(budget)
    budget.begin_step()
    with pytest.raises(BudgetSpent, match="1 of 1 calls"):
        budget.before(ASK)


def test_a_limit_below_the_first_call_says_what_is_needed() -> None:
    """In tokens, for a run and for a step: no smaller number would do."""
    needed = estimate_tokens(ASK)
    for limits in ({"limits": Limits(tokens=9)}, {"each_step": Limits(tokens=9)}):
        with pytest.raises(BudgetSpent) as caught:
            Budget(**{"limits": Limits(), **limits}).before(ASK)
        assert f"the next call alone could take {needed} tokens" in caught.value.message
        assert "is 9" in caught.value.message
        assert caught.value.mend.startswith(f"allow {needed} or more: ")
        assert caught.value.exit_code == 7
    Budget(Limits(tokens=needed), each_step=Limits(tokens=needed)).before(ASK)


def test_dollars_are_known_before_the_first_call() -> None:
    """By the price table: a million tokens of a prompt and of an answer are not for a cent."""
    with pytest.raises(BudgetSpent) as caught:
        Budget(Limits(cost=0.01)).before(PRICED)
    assert "the next call alone could take $2.25" in caught.value.message
    assert "--max-cost" in caught.value.mend
    budget = Budget(Limits(cost=4.0))
    budget.before(PRICED)
    with pytest.raises(BudgetSpent, match="could break that"):
        budget.before(PRICED)  # beside the first, which is under way


def test_a_price_that_gets_unknown_in_mid_run_ends_it() -> None:
    """Also where a step alone is limited; what was paid stays booked."""
    for limits in ({"limits": Limits(cost=9.0)}, {"each_step": Limits(cost=9.0)}):
        booked: list[Usage] = []
        budget = Budget(**{"limits": Limits(), "book": booked.append, **limits})
        spend(budget)
        spend(budget, Usage(1, 10, 10, None))
        with pytest.raises(UsageError, match="price"):
            budget.before(ASK)
        assert [usage.tokens for usage in booked] == [100, 20]


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf")])
def test_limits_that_are_none(wrong: float) -> None:
    """Nothing, less than nothing and no number never come so far as to be compared with."""
    with pytest.raises(AssertionError, match="BUG"):
        Limits(cost=wrong)
