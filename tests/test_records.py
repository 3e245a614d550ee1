"""The values that are passed around: their arithmetic and their JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.records import Call, Evaluation, Score, Trial, Usage

costs = st.none() | st.floats(0, 100)
counts = st.integers(0, 10_000)
usages = st.builds(Usage, counts, counts, counts, costs)
calls = st.builds(Call, st.text(), st.text(), st.text(), st.none() | st.text(), st.text())
scores = st.none() | st.builds(Score, st.floats(0, 1), st.text())
messages = st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.booleans())
trials = st.builds(
    Trial,
    task=st.text(),
    number=counts,
    key=st.text(),
    answer=st.text(),
    score=scores,
    calls=st.lists(calls, max_size=3).map(tuple),
    closures=st.dictionaries(st.text(), st.text(), max_size=3),
    messages=st.lists(messages, max_size=3).map(tuple),
    usage=usages,
    error=st.none() | st.text(),
)


@settings(max_examples=50, deadline=None)
@given(trials)
def test_a_trial_survives_json(trial: Trial) -> None:
    """Written and read again it is equal."""
    assert Trial.from_json(json.loads(json.dumps(trial.to_json()))) == trial


def test_a_trial_of_another_shape() -> None:
    """A missing or a foreign field is an error, not half a trial."""
    with pytest.raises((KeyError, TypeError)):
        Trial.from_json({"task": "a"})
    with pytest.raises(TypeError):
        Trial.from_json({**Trial("a", 0, "k").to_json(), "foreign": 1})


@given(usages, usages)
def test_usage_adds_up(one: Usage, two: Usage) -> None:
    """Calls and tokens add; one unknown price makes the sum unknown."""
    total = one + two
    assert total.tokens == one.tokens + two.tokens
    assert total.calls == one.calls + two.calls
    assert (total.cost is None) == (one.cost is None or two.cost is None)
    assert one + Usage() == one


def test_an_evaluation_counts_what_was_scored() -> None:
    """Trials that infrastructure failed are neither right nor wrong."""
    trials = (
        Trial("a", 0, "k", score=Score(1.0), usage=Usage(1, 2, 3, 0.5)),
        Trial("b", 0, "k", score=Score(0.5), usage=Usage(1, 2, 3, 0.5)),
        Trial("c", 0, "k", error="time-\n out", usage=Usage(1, 2, 3, 0.5)),
    )
    evaluation = Evaluation("val", "lib", trials)
    assert evaluation.score == 0.75
    assert evaluation.right == 1
    assert evaluation.scored == trials[:2]
    assert evaluation.usage == Usage(3, 6, 9, 1.5)
    assert (evaluation.error, Evaluation("val", "lib", trials[:2]).error) == ("time- out", None)


def test_an_empty_evaluation() -> None:
    """No trials: score 0, nothing right, nothing spent."""
    evaluation = Evaluation("val", "lib", ())
    assert (evaluation.score, evaluation.right, evaluation.usage) == (0.0, 0, Usage())
