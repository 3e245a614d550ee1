"""What an agent is told of a task: never its answer."""

from __future__ import annotations

import json

import pytest

from fnopt.agents.agent import Asked
from fnopt.records import Task


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"level": 3, "topic": "lcm"}, {"level": 3, "topic": "lcm"}),
        ({"target": "36", "level": 3}, {"level": 3}),
        ({"Final answer": "x", "Solution": "so it is 36"}, {}),
        ({"result": 36, "same": " 36 ", "about": "36 is not all"}, {"about": "36 is not all"}),
        ({"row": {"answer": "y", "unit": "cm"}}, {"row": {"unit": "cm"}}),
        ({"rows": [{"expected": [36]}, 7]}, {"rows": [{}, 7]}),
    ],
)
def test_metadata_without_the_answer(metadata: dict[str, object], told: dict[str, object]) -> None:
    """Keys that sources keep it under go, and values that are it; everything else stays."""
    asked = Asked.of(Task("t", "How much?", "36", metadata))
    assert (asked.id, asked.question, asked.metadata) == ("t", "How much?", told)


def test_metadata_is_a_copy() -> None:
    """What an agent does to it reaches no other trial."""
    task = Task("t", "?", "36", {"row": {"cells": [1, 2]}})
    before = json.dumps(task.metadata)
    asked = Asked.of(task)
    asked.metadata["row"]["cells"].append(3)
    assert json.dumps(task.metadata) == before
