"""Power: what gain so many tasks can show, against McNemar's test counted by hand and by chance."""

from __future__ import annotations

import random
from math import comb

import pytest

from fnopt.evaluate.permutation import sign_flip
from fnopt.evaluate.power import EXACT, Design


def by_hand(tasks: int, gain: float, alpha: float) -> float:
    """Without noise only gains happen: at least so many of them that 0.5**n is at most alpha."""
    enough = next(n for n in range(1, tasks + 2) if 0.5**n <= alpha)
    return sum(
        comb(tasks, n) * gain**n * (1 - gain) ** (tasks - n) for n in range(enough, tasks + 1)
    )


@pytest.mark.parametrize(("tasks", "gain"), [(10, 0.2), (40, 0.05), (40, 0.3), (25, 1.0)])
@pytest.mark.parametrize("confidence", [0.6, 0.95])
def test_without_noise_it_is_a_binomial(tasks: int, gain: float, confidence: float) -> None:
    """So many tasks have to gain, and none loses."""
    found = Design(noise=0.0, confidence=confidence).power(tasks, gain)
    assert found == pytest.approx(by_hand(tasks, gain, 1 - confidence), abs=1e-6)


@pytest.mark.parametrize(
    ("tasks", "gain", "trials", "margin"),
    [
        (30, 0.1, 1, 0.0),
        (60, 0.0, 1, 0.0),
        (60, 0.1, 3, 0.0),
        (40, 0.05, 5, 0.0),
        (60, 0.15, 1, 0.1),
        (60, 0.1, 1, 0.1),
        (60, 0.15, 3, 0.1),
    ],
)
def test_it_is_how_often_the_gate_would_keep_it(
    tasks: int, gain: float, trials: int, margin: float
) -> None:
    """Simulated with the test itself; several trials by an approximation, to 0.08."""
    noise, alpha, runs = 0.2, 0.4, 600
    chance = random.Random(f"{tasks} {gain} {trials}")

    def difference() -> float:
        if chance.random() < gain:
            return 1.0
        if chance.random() >= 2 * noise:  # so many tasks are answered by the toss of a coin
            return 0.0
        return sum(chance.choice((-1, 0, 0, 1)) for _ in range(trials)) / trials

    kept = 0
    for _ in range(runs):
        differences = [difference() for _ in range(tasks)]
        beyond = sum(differences) > margin * tasks + 1e-9
        kept += beyond and sign_flip(differences) <= alpha
    design = Design(trials, noise, 1 - alpha, margin)
    assert design.power(tasks, gain) == pytest.approx(kept / runs, abs=0.08)


def test_more_tasks_and_trials_show_more() -> None:
    """The visible gain falls, and never is one that is not seen four times in five."""
    for trials in (1, 3):
        design = Design(trials, 0.15, 0.6)
        found = [design.visible(tasks) for tasks in (20, 40, 100, 400, 4000)]
        gains = [gain for gain in found if gain is not None]
        assert gains == sorted(gains, reverse=True)
        assert len(gains) == 5
        for tasks, gain in zip((20, 40, 100, 400, 4000), gains, strict=True):
            assert design.power(tasks, gain) >= 0.8
    assert Design(3, 0.3).visible(100) < Design(1, 0.3).visible(100)  # type: ignore[operator]


def test_the_needed_tasks_show_it() -> None:
    """They do, and many fewer do not; both sides of the change to an approximation agree."""
    design = Design(1, 0.1, 0.95)
    needed = design.needed(0.05)
    assert needed is not None
    assert design.power(needed, 0.05) >= 0.8 > design.power(needed - 40, 0.05)
    exact, normal = design.power(EXACT, 0.02), design.power(EXACT + 1, 0.02)
    assert exact == pytest.approx(normal, abs=0.03)


def test_too_few_tasks_show_nothing() -> None:
    """Two tasks are never p = 0.05."""
    assert Design(confidence=0.95).visible(2) is None
    assert Design(confidence=0.95).power(2, 1.0) == 0.0


@pytest.mark.parametrize("trials", [1, 3])
def test_a_margin_has_to_be_exceeded(trials: int) -> None:
    """It takes more tasks then, or a larger gain; no number of tasks shows one within it."""
    plain, strict = Design(trials, 0.1), Design(trials, 0.1, margin=0.1)
    assert strict.power(100, 0.15) < plain.power(100, 0.15)
    assert strict.visible(100) > plain.visible(100)  # type: ignore[operator]
    assert strict.needed(0.2) > plain.needed(0.2)  # type: ignore[operator]
    assert strict.needed(0.1) is None
    assert strict.needed(0.05) is None
    assert Design(noise=0.0, margin=0.5).power(2, 1.0) == 1.0
    assert Design(noise=0.0, margin=1.0).power(2, 1.0) == 0.0
