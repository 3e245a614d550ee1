"""The sign-flip test against counting every sign pattern."""

from __future__ import annotations

import itertools
import random
import time
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.evaluate.permutation import sign_flip

GRID = st.sampled_from([Fraction(n, d) for d in range(1, 11) for n in range(-d, d + 1)])
ANY = st.floats(-1, 1, allow_nan=False)


def brute(values: list[Fraction]) -> float:
    """The share of all sign patterns of the differences that are not zero."""
    sizes = [abs(value) for value in values if value]
    patterns = list(itertools.product((1, -1), repeat=len(sizes)))
    sums = [sum(s * size for s, size in zip(signs, sizes, strict=True)) for signs in patterns]
    return sum(total >= sum(values) for total in sums) / len(patterns)


@given(st.lists(GRID, max_size=10))
def test_is_exact_for_means_of_up_to_ten_trials(values: list[Fraction]) -> None:
    """Fractions with denominators up to ten come out to the last bit."""
    assert sign_flip([float(value) for value in values]) == brute(values)


@given(st.lists(ANY, max_size=8))
def test_is_never_below_the_exact_value(values: list[float]) -> None:
    """Off the grid, rounding makes the p-value larger if anything."""
    counted = [Fraction(v) for v in values if abs(v) > 1e-9]  # smaller ones are zero
    assert sign_flip(values) >= brute(counted) - 1e-12


@given(st.lists(ANY, max_size=60))
def test_is_a_probability(values: list[float]) -> None:
    """Above 0, at most 1."""
    assert 0 < sign_flip(values) <= 1


@given(st.lists(GRID, max_size=12), st.integers(0, 5))
def test_zeros_carry_no_information(values: list[Fraction], zeros: int) -> None:
    """Tasks that did not change make no difference."""
    given_ = [float(value) for value in values]
    assert sign_flip(given_ + [0.0] * zeros) == sign_flip(given_)


@given(st.lists(GRID, min_size=1, max_size=12), st.data())
def test_a_greater_gain_is_never_less_convincing(
    values: list[Fraction], data: st.DataObject
) -> None:
    """When one task's difference grows, p does not."""
    at = data.draw(st.integers(0, len(values) - 1))
    more = data.draw(GRID.filter(lambda value: value >= values[at]))
    grown = [*values[:at], more, *values[at + 1 :]]
    assert sign_flip([float(v) for v in grown]) <= sign_flip([float(v) for v in values])


@given(st.lists(GRID, max_size=12))
def test_order_does_not_matter(values: list[Fraction]) -> None:
    """The same differences in another order have the same p."""
    given_ = [float(value) for value in values]
    assert sign_flip(given_) == sign_flip(given_[::-1])


@pytest.mark.parametrize(
    ("values", "p"),
    [
        ([], 1.0),
        ([0.0, 0.0], 1.0),
        ([1.0], 0.5),
        ([1.0] * 3, 1 / 8),
        ([-1.0] * 3, 1.0),
        ([1.0, -1.0], 3 / 4),
        ([1.0] * 50, 2.0**-50),
    ],
)
def test_known_values(values: list[float], p: float) -> None:
    """Nothing at all, one task, and all in one direction."""
    assert sign_flip(values) == p


@pytest.mark.parametrize("tasks", [60, 400, 2_000])
def test_one_or_zero_scores_are_a_sign_test(tasks: int) -> None:
    """With differences of one, p is the binomial tail, also where counts are shortened."""
    better = tasks // 2 + tasks // 40
    exact = sum(comb(tasks, k) for k in range(better, tasks + 1)) / 2**tasks
    found = sign_flip([1.0] * better + [-1.0] * (tasks - better))
    assert exact <= found * (1 + 1e-12)
    assert found == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("tasks", [100, 400, 1_000])
def test_any_scores_of_many_tasks_are_quick_and_honest(tasks: int) -> None:
    """Arbitrary floats take about a second, and p lies a little above the exact value."""
    source = random.Random(tasks)
    values = [source.uniform(-0.9, 1) for _ in range(tasks)]
    start = time.process_time()
    found = sign_flip(values)
    assert time.process_time() - start < 2  # half a second on a quiet machine
    draws = 4_000
    hits = sum(
        sum(source.choice((1, -1)) * value for value in values) >= sum(values)
        for _ in range(draws if tasks == 100 else 0)
    )
    if tasks == 100:
        assert found == pytest.approx(hits / draws, abs=0.03)
