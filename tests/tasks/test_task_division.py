"""Dividing one source: shares in every stratum, and who stays where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.errors import UsageError
from fnopt.records import Split, Task
from fnopt.tasks.division import NAMES, divide, share


def task(number: int, question: str = "", **metadata: object) -> Task:
    return Task(str(number), question or f"question number {number}", "a", metadata)


def places(divided: Mapping[Split, tuple[Task, ...]]) -> dict[str, Split]:
    return {one.id: name for name, part in divided.items() for one in part}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), max_size=120), st.data())
def test_shares_in_every_stratum(kinds: list[tuple[str, int]], data: st.DataObject) -> None:
    """Every split has its share of every stratum, give or take a task; adding moves nobody."""
    tasks = [task(n, type=kind, level=level) for n, (kind, level) in enumerate(kinds)]
    divided = places(divide(tasks))
    assert len(divided) == len(tasks)
    for stratum, size in Counter(kinds).items():
        found = Counter(divided[str(n)] for n, kind in enumerate(kinds) if kind == stratum)
        for name, part in zip(NAMES, (0.4, 0.4, 0.2), strict=True):
            assert part * size - 3 <= found[name] <= part * size + 1.5 + 1e-9
    before = data.draw(st.integers(0, len(tasks)))
    if before and tasks[:before]:
        assert places(divide(tasks[:before])).items() <= divided.items()


def test_few_move_when_one_is_added_in_front() -> None:
    """Most tasks keep their split when the file changes before them."""
    tasks = [task(n, family="f") for n in range(200)]
    before, after = places(divide(tasks)), places(divide([task(999, family="f"), *tasks]))
    assert sum(before[one.id] != after[one.id] for one in tasks) < 60


def test_without_strata_the_hash_alone_decides() -> None:
    """So it is where strata are switched off, and where no task has such metadata."""
    tasks = [task(n, type="a") for n in range(40)]
    bare = [task(n) for n in range(40)]
    for divided in (divide(tasks, ()), divide(bare)):
        assert all(share(one.question) == name for name in NAMES for one in divided[name])


def test_copies_stay_together() -> None:
    """A question follows what it nearly repeats, unless near-duplicates are allowed."""
    asked = (
        "A farmer has twelve sheep and sells all but nine of them; how many sheep are left? ({})"
    )
    tasks = [
        one
        for n in range(30)
        for one in (
            task(n, asked.format(n)),
            task(n + 100, asked.format(n).replace("sells", "eats")),
        )
    ]
    divided = places(divide(tasks))
    assert all(divided[str(n)] == divided[str(n + 100)] for n in range(30))
    apart = places(divide(tasks, near=False))
    assert any(apart[str(n)] != apart[str(n + 100)] for n in range(30))


def test_strata_that_are_not_there() -> None:
    """A configured key that no task has is an error that names those that they have."""
    with pytest.raises(UsageError) as caught:
        divide([task(1, kind="a")], ("kinds",))
    assert "kinds" in caught.value.message and "kind" in caught.value.mend
    assert divide([task(1, kind="a")], ("kinds", "kind"))
