"""The simulations in small: each cell's figures are what they are called."""

from __future__ import annotations

import pytest
from benchmarks.judging import claims, gates, runs


@pytest.mark.parametrize("trials", [1, 3])
def test_no_effect_is_kept_no_more_often_than_the_confidence_allows(trials: int) -> None:
    """In blocks as at once; a gain is found nearly as often, on fewer tasks."""
    cell = {"tasks": 60, "trials": trials, "confidence": 0.6}
    nothing = gates.simulate({**cell, "gain": 0.0}, 300)
    assert nothing["kept"] <= nothing["one_look"] + 0.05 <= 0.5
    assert nothing["kept"] < nothing["upper"] < nothing["kept"] + 0.1
    gain = gates.simulate({**cell, "gain": 0.2}, 100)
    assert gain["kept"] > 0.9
    assert gain["met"] < 0.75 < 1.0
    assert gain["predicted"] == pytest.approx(gain["kept"], abs=0.1)
    assert "60 | " in gates.table([nothing, *[gain] * 3])


def test_the_upper_bound_is_one() -> None:
    """Exact for few, and near to it for many; a cell that is above what is allowed is missed."""
    assert gates.upper(0, 10) == pytest.approx(1 - 0.01**0.1, abs=1e-6)
    assert gates.upper(200, 500) == pytest.approx(gates.upper(201, 502), abs=0.003)
    cell = {"tasks": 20, "trials": 1, "confidence": 0.99, "gain": 0.0}
    assert gates.simulate(cell, 10)["missed"]


def test_a_strict_gate_starves_a_run_on_few_tasks() -> None:
    """More is kept and learned at 0.6 than at 0.99; nothing is spent beyond the budget by much."""
    cell = {"tasks": 40, "mix": "a third", "rho": 1.5}
    usual, strict = (runs.simulate({**cell, "confidence": one}, 10) for one in (0.6, 0.99))
    assert usual["quality"] > strict["quality"] >= runs.START
    assert usual["kept"] > strict["kept"]
    assert usual["trials"] < runs.BUDGET + 2 * 40 + runs.DRAFT


def test_claims_cover_the_truth() -> None:
    """On the tasks that chose the updates, too; there the interval is wider."""
    cell = {"tasks": 40, "mix": "a third"}
    val, test = (claims.simulate({**cell, "split": split}, 20) for split in ("val", "test"))
    assert val["covered"] >= 0.9
    assert test["covered"] >= 0.9
    assert val["width"] > test["width"]
    assert "| a third | val | 40 |" in claims.table([val, test])
