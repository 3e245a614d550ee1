"""Near a limit calls wait for those under way in other threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError, wait

import pytest

from fnopt.errors import BudgetSpent
from fnopt.models.client import Reply, Request
from fnopt.models.meter import Metered
from fnopt.models.scripted import Scripted
from fnopt.records import Usage
from fnopt.train.budget import UNLIMITED, Budget, Limits, estimate_tokens

ASK = Request("m", ({"role": "user", "content": "x" * 300},), max_tokens=100)
SMALL = Usage(1, 5, 5, 0.0)
PRICED = Usage(1, 1_000, 0, 0.1)  # what a token costs is known from it
ONE = estimate_tokens(ASK)
SHORT = 0.1  # seconds in which a call that need not wait would be allowed


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    """Another thread."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def still_waits(future: Future[None]) -> bool:
    """Whether a call is not allowed yet."""
    try:
        future.result(SHORT)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize(
    "limits",
    [
        {"limits": Limits(tokens=ONE + 20)},
        {"limits": Limits(), "each_step": Limits(tokens=ONE + 20)},
    ],
    ids=["run", "step"],
)
def test_a_call_waits_for_what_others_leave(
    other: ThreadPoolExecutor, limits: dict[str, Limits]
) -> None:
    """It is allowed once the one under way has taken less than it might have."""
    budget = Budget(limits.get("limits", UNLIMITED), each_step=limits.get("each_step", UNLIMITED))
    budget.before(ASK)
    asked = other.submit(budget.before, ASK)
    assert still_waits(asked)
    budget.after(ASK, SMALL)
    asked.result(30)
    other.submit(budget.after, ASK, SMALL).result(30)
    assert budget.spent.tokens == 20


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(tokens=ONE), f"{ONE} of {ONE} tokens are spent; the next"),
        (Limits(calls=1), "1 of 1 calls are made$"),
        (Limits(cost=0.13), r"\$0.15 of \$0.13 are spent; the next"),
    ],
    ids=["tokens", "calls", "dollars"],
)
def test_a_call_that_waited_in_vain_is_refused(
    other: ThreadPoolExecutor, limits: Limits, said: str
) -> None:
    """When nothing is under way any more, what is said is what is spent."""
    budget = Budget(limits, PRICED if limits.cost else Usage())
    budget.before(ASK)
    asked = other.submit(budget.before, ASK)
    budget.after(ASK, Usage(1, ONE, 0, 0.05))
    with pytest.raises(BudgetSpent, match=said):
        asked.result(30)


def test_a_failed_call_makes_room(other: ThreadPoolExecutor) -> None:
    """Also for a limit on calls."""
    budget = Budget(Limits(calls=1))
    budget.before(ASK)
    asked = other.submit(budget.before, ASK)
    assert still_waits(asked)
    budget.after(ASK, None)
    asked.result(30)


def test_what_can_make_no_room_is_not_waited_for(other: ThreadPoolExecutor) -> None:
    """A call that the rest of the limit is too small for is refused at once."""
    budget = Budget(Limits(tokens=2 * ONE), Usage(1, ONE - 1, 0, 0.0))
    small = Request("m", (), max_tokens=1)
    budget.before(small)
    large = Request("m", ASK.messages, max_tokens=200)
    with pytest.raises(BudgetSpent):
        other.submit(budget.before, large).result(30)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (
            Limits(tokens=ONE),
            f"0 of {ONE} tokens are spent, {ONE} more are reserved by 1 under way",
        ),
        (
            Limits(cost=0.13),
            r"\$0.10 of \$0.13 are spent, \$0.02 more are reserved by 1 under way",
        ),
    ],
    ids=["tokens", "dollars"],
)
def test_a_thread_never_waits_for_itself(limits: Limits, said: str) -> None:
    """As an executor's, which reserves whole trials: it is refused, and told what is reserved."""
    budget = Budget(limits, PRICED if limits.cost else Usage())
    budget.before(ASK)
    with pytest.raises(BudgetSpent, match=said):
        budget.before(ASK)


def test_a_thread_with_a_call_under_way_waits_for_no_other(other: ThreadPoolExecutor) -> None:
    """Or two could wait for each other for ever."""
    budget = Budget(Limits(tokens=2 * ONE))
    budget.before(ASK)
    other.submit(budget.before, ASK).result(30)
    refused = [other.submit(budget.before, ASK).exception(30), _refused(budget.before)]
    assert [type(one) for one in refused] == [BudgetSpent, BudgetSpent]


def _refused(before: Callable[[Request], None]) -> Exception | None:
    try:
        before(ASK)
    except BudgetSpent as error:
        return error
    return None


def test_most_of_a_small_limit_is_spent_by_many_threads() -> None:
    """Eight at once make as many calls as one alone would, and all of them end."""
    limit = 3 * ONE
    budget = Budget(Limits(tokens=limit))
    client = Metered(Scripted(lambda _: Reply("yes", usage=SMALL)), budget)

    def work() -> None:
        while True:
            client.complete(ASK)

    with ThreadPoolExecutor(8) as pool:
        ends = [pool.submit(work) for _ in range(8)]
        assert not wait(ends, 60).not_done
    assert {type(one.exception()) for one in ends} == {BudgetSpent}
    assert limit - ONE < budget.spent.tokens <= limit
