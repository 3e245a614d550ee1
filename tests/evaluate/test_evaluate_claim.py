"""Claims and noise, on evaluations made up for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fnopt.evaluate.claim import claim, libraries
from fnopt.evaluate.noise import noise
from fnopt.records import Evaluation

Scored = Callable[[Any], Evaluation]


def test_a_claim_has_its_figures_and_an_interval(scored: Scored) -> None:
    """Thirty of forty tasks better is a gain beyond doubt; two are not."""
    base = scored([0.0] * 40)
    found = claim([(base, scored([1.0] * 30 + [0.0] * 10))])
    assert found is not None
    assert (found.base, found.score, found.gain, found.tasks) == (0.0, 0.75, 0.75, 40)
    assert (found.better, found.worse, found.lost) == (30, 0, 0)
    assert 0 < found.low < 0.75 < found.high <= 1
    assert found.proven
    little = claim([(base, scored([1.0] * 2 + [0.0] * 38))])
    assert little is not None
    assert not little.proven


def test_what_val_chose_from_widens_the_interval(scored: Scored) -> None:
    """The more libraries the run could have ended with, the less its last one says."""
    block = (scored([0.0] * 40), scored([1.0] * 20 + [0.0] * 20))
    one, many = claim([block]), claim([block], libraries(12, 3))
    assert one is not None
    assert many is not None
    assert many.low < one.low < one.high < many.high
    assert (one.gain, many.libraries) == (many.gain, 299)


def test_libraries_are_counted() -> None:
    """Which of the judged updates were kept, at most so many of them."""
    assert [libraries(judged, kept) for judged, kept in ((0, 0), (5, 0), (5, 1), (5, 5))] == [
        *(1, 1, 6, 32)
    ]


def test_tasks_without_a_pair_are_left_out_and_counted(scored: Scored) -> None:
    """And when none is left there is nothing to claim."""
    found = claim([(scored([0.0, 0.0, None]), scored([1.0, None, 1.0]))])
    assert found is not None
    assert (found.tasks, found.lost) == (1, 2)
    assert claim([(scored([None]), scored([1.0]))]) is None


def test_noise_is_what_repeats_of_one_library_differ_by(scored: Scored) -> None:
    """One task of four flips: both scores, the share, and what it does to a score."""
    found = noise(scored({"a": [1, 1], "b": [0, 1], "c": [0, 0], "d": [1, 1]}))
    assert found is not None
    assert found.scores == (0.5, 0.75)
    assert (found.flips, found.tasks) == (0.25, 4)
    assert found.spread == pytest.approx((0.5 / 4 / 4) ** 0.5)


def test_noise_needs_repeats(scored: Scored) -> None:
    """Trials that infrastructure failed are no repeats."""
    assert noise(scored({"a": [1], "b": [0]})) is None
    assert noise(scored({"a": [1, None]})) is None
