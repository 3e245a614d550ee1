"""The demo's figures as a document."""

from __future__ import annotations

from fnopt.history.updates import Update
from fnopt.records import Evaluation, Score, Trial, Usage
from fnopt.report.demo import Summary


def evaluation(*values: float) -> Evaluation:
    trials = (Trial(f"t{n}", 0, "key", score=Score(value)) for n, value in enumerate(values))
    return Evaluation("test", "digest", tuple(trials))


def test_the_document() -> None:
    """Every figure by name; accuracy of test is over its trials."""
    update = Update("c", None, 1, "add", "f", 0.0, 0.5, "kept", "better", 7, None)
    tests = (evaluation(0.0, 0.0), evaluation(1.0, 0.0))
    summary = Summary((0.0, 0.5), tests, (update,), Usage(3, 40, 2), 1.26, "enough", "* c")
    found = dict(summary.to_json())
    (step,) = found.pop("steps")
    assert (step["function"], step["verdict"], step["score"]) == ("f", "kept", 0.5)
    assert found == {
        "val": {"base": 0.0, "score": 0.5},
        "test": {"base": 0.0, "score": 0.5, "trials": 2},
        "tokens": 42,
        "seconds": 1.3,
        "stop": "enough",
    }
