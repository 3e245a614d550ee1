"""The interval for a mean: it covers, it narrows, it is symmetric."""

from __future__ import annotations

import random

import pytest

from fnopt.evaluate.betting import mean_interval


@pytest.mark.parametrize("gain", [0.0, 0.3, 1.0])
def test_it_covers_at_least_as_often_as_it_says(gain: float) -> None:
    """On few tasks whose differences are mostly zero."""
    chance, missed, runs = random.Random(gain), 0, 150
    for _ in range(runs):
        drawn = (chance.random() for _ in range(25))
        values = [1.0 if one < gain else -1.0 if one < gain + 0.05 else 0.0 for one in drawn]
        low, high = mean_interval(values, 0.8)
        missed += not low <= gain - min(0.05, 1 - gain) <= high
    assert missed / runs <= 0.2


def test_it_narrows_with_more_values_and_widens_with_more_confidence() -> None:
    """Around the mean of the values."""
    values = [1.0, 0.0, 0.0, 0.0, -1.0, 1.0, 0.0, 1.0]
    widths = []
    for times in (2, 8, 32):
        low, high = mean_interval(values * times, 0.95)
        assert low < 0.25 < high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.4
    low, high = mean_interval(values * 8, 0.999)
    assert high - low > widths[1]


def test_the_other_way_round_it_is_mirrored() -> None:
    """What holds for a gain holds for a loss."""
    values = [1.0, 0.5, 0.0, 0.0, 0.25] * 6
    low, high = mean_interval(values, 0.9)
    mirrored = mean_interval([-value for value in values], 0.9)
    assert mirrored == pytest.approx((-high, -low), abs=0.003)


def test_without_values_nothing_is_known() -> None:
    """All that is possible stays."""
    assert mean_interval([], 0.95) == (-1.0, 1.0)
    assert mean_interval([], 0.95, 0.0, 1.0) == (0.0, 1.0)


def test_the_bounds_are_never_crossed() -> None:
    """However clear it is."""
    low, high = mean_interval([1.0] * 200, 0.95)
    assert high == 1.0
    assert 0.9 < low < 1.0
