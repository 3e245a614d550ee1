"""Evaluations made up, and benches with a real sandbox and a scripted model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from fnopt.records import Evaluation, Score, Trial
from fnopt.sandbox import Sandbox, sandbox


@pytest.fixture(scope="session")
def box() -> Sandbox:
    return sandbox("process", timeout=20.0)


@pytest.fixture
def scored() -> Callable[[Mapping[str, Sequence[float | None]] | Sequence[float | None]], object]:
    """An evaluation with these scores of each task's trials; None is a failure of infrastructure.

    Scores in a list are those of tasks with one trial each.
    """

    def build(scores: Mapping[str, Sequence[float | None]] | Sequence[float | None]) -> Evaluation:
        if not isinstance(scores, Mapping):
            scores = {f"t{at:04}": [score] for at, score in enumerate(scores)}
        trials = [
            Trial(task, n, "k", score=None if s is None else Score(s), error=_error(s))
            for task, values in scores.items()
            for n, s in enumerate(values)
        ]
        return Evaluation("val", "digest", tuple(trials))

    return build


def _error(score: float | None) -> str | None:
    return "rate limit" if score is None else None
