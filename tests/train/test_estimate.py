"""What trials are going to cost."""

from __future__ import annotations

import pytest

from fnopt.cli import pace
from fnopt.models.client import Request
from fnopt.records import Usage
from fnopt.store import Store
from fnopt.train.budget import Budget, Limits, Pace
from fnopt.train.estimate import Priced, Rate, measured, total, worst_trial

UNPRICED = Priced("no-such-model", "http://127.0.0.1:1/v1")
ASK = Request("m", ({"role": "user", "content": "x"},), endpoint="e")


def test_the_mean_of_what_was_paid() -> None:
    """A trial without a call (it failed, or was kept by another version) says nothing."""
    assert measured([]) is None
    assert measured([Usage()]) is None
    found = measured([Usage(1, 10, 2, None), Usage(3, 30, 4, None), Usage()])
    assert found == Rate(2.0, 20.0, 3.0, sample=2)


def test_a_trial_at_its_worst() -> None:
    """Every request holds what was said before: replies and results."""
    assert worst_trial(100, 1, 50) == Rate(1, 100, 50)
    assert worst_trial(100, 3, 50) == Rate(3, 3 * 100 + 3 * (50 + 1333), 150)
    assert worst_trial(None, 1, None) == Rate(1, 1000, 1000)


def test_a_total_is_rounded_up_and_never_free_by_ignorance() -> None:
    """Nothing to do costs nothing; an unknown price stays unknown; the embedded model is free."""
    rate = Rate(1.5, 10.4, 2.2)
    assert total(rate, 3, UNPRICED) == Usage(5, 32, 7, None)
    assert total(rate, 0, UNPRICED) == Usage()
    assert total(rate, 3, Priced("local", "local")).cost == 0.0


def test_a_price_grows_with_the_trials() -> None:
    """In proportion, as the table has it."""
    of = Priced("gpt-5-mini", "https://api.openai.com/v1")
    one, ten = (total(Rate(1, 1_000_000, 1_000_000), count, of).cost for count in (1, 10))
    assert one == pytest.approx(2.25)
    assert ten == pytest.approx(22.5)


def test_how_long_calls_took_is_kept_by_model_and_endpoint() -> None:
    """From request to reply, over several commands; a call that failed says nothing."""
    now = [0.0]
    budget = Budget(Limits(), clock=lambda: now[0])
    for seconds, usage in ((3.0, Usage(1, 1, 1, 0.0)), (9.0, None), (2.0, Usage(1, 1, 1, 0.0))):
        budget.before(ASK)
        now[0] += seconds
        budget.after(ASK, usage)
    assert budget.took == {("m", "e"): Pace(2, 5.0)}
    store = Store(None)
    assert pace.known(store, "m", "e") == Pace()
    pace.keep(store, budget.took)
    pace.keep(store, budget.took)
    assert pace.known(store, "m", "e") == Pace(4, 10.0)
    assert pace.known(store, "m", "elsewhere") == Pace()
