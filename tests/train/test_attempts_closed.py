"""Which attempts in vain stay closed, and which may be made once more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fnopt.history.updates import Update
from fnopt.train.attempts import Attempt, closed


def attempt(step: int, verdict: str, base: float | None, score: float | None) -> Attempt:
    """A step for one task."""
    revert = "r" if verdict == "reverted" else None
    update = Update("c", revert, step, "add", "f", base, score, verdict, "", 0, None)
    return Attempt(update, ("t",), f"def f{step}(): ...", ())


KEPT = attempt(2, "kept", 0.4, 0.5)


@pytest.mark.parametrize(
    ("base", "score", "again"),
    [
        (0.4, 0.4, True),
        (0.4, 0.45, True),
        (0.4, 0.39, False),
        (0.4, None, False),  # screened: it met no val task
        (None, None, False),
    ],
)
def test_what_lost_no_point_is_open_when_the_library_has_changed(
    base: float | None, score: float | None, *, again: bool
) -> None:
    """It may have been bad luck, and what it competes with is another library now."""
    lost = attempt(1, "reverted", base, score)
    assert closed([lost]) == [lost]
    assert closed([lost, attempt(2, "refused", None, None)])[0] == lost
    assert (lost not in closed([lost, KEPT])) == again
    assert closed([lost, KEPT, lost])[-1] == lost


def test_what_is_kept_stays() -> None:
    """Only attempts in vain are made again."""
    assert closed([KEPT, attempt(3, "kept", 0.5, 0.6)]) == [KEPT, attempt(3, "kept", 0.5, 0.6)]


def test_what_a_person_has_kept_was_not_in_vain() -> None:
    """It lost, and there is no revert of it that holds."""
    lost = attempt(1, "reverted", 0.4, 0.3)
    assert lost.in_vain
    assert not Attempt(replace(lost.update, revert=None), ("t",), "", ()).in_vain
