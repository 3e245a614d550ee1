"""Inspect's samples: messages, several targets, options, metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fnopt.errors import UsageError
from fnopt.records import Task
from fnopt.tasks import scorer
from fnopt.tasks.formats import read


def one(root: Path, **values: Any) -> Task:
    (root / "t.jsonl").write_text(json.dumps(values))
    return read(root, "t.jsonl")[0]


def test_messages(tmp_path: Path) -> None:
    """One message is the question; of several it is said whose they are."""
    ask = {"role": "user", "content": "Why?"}
    parts = {
        "role": "user",
        "content": [{"type": "text", "text": "See"}, {"type": "text", "text": "x"}],
    }
    assert one(tmp_path, input=[ask], target="a").question == "Why?"
    several = [
        {"role": "system", "content": "Be brief."},
        ask,
        {"role": "assistant", "content": "?"},
    ]
    assert one(tmp_path, input=several, target="a").question == (
        "System: Be brief.\n\nUser: Why?\n\nAssistant: ?"
    )
    assert one(tmp_path, input=[parts], target="a").question == "See\nx"


def test_any_target_is_right(tmp_path: Path) -> None:
    """Of a list of targets each counts, with every scorer that compares."""
    task = one(tmp_path, input="q", target=["two", "2"])
    assert task.answer == "two" and task.metadata == {"targets": ["two", "2"]}
    for name in (None, "exact", "contains"):
        assert [scorer(name)(given, task).value for given in ("two", "2", "3")] == [1.0, 1.0, 0.0]
    assert scorer("number")("2.0", task).value == 1.0


def test_options(tmp_path: Path) -> None:
    """They are asked with letters; letter or text is right, and of several right ones all."""
    task = one(tmp_path, input="Which?", target="B", choices=["a cat", "a dog"], id=3)
    assert task.question == "Which?\n\nA) a cat\nB) a dog" and task.scorer == "choice"
    score = scorer(None)
    assert [score(given, task).value for given in ("b", "A dog.", "(A)", "a cat")] == [1, 1, 0, 0]
    both = one(tmp_path, input="Which?", target=["A", "B"], choices=["x", "y", "z"])
    assert both.answer == "A, B"
    assert [score(given, both).value for given in ("B and A", "A")] == [1, 0]


def test_metadata_is_unfolded(tmp_path: Path) -> None:
    """What stands inside of ``metadata`` is the task's, as what stands beside it."""
    task = one(tmp_path, input="q", target="a", metadata={"level": 2}, files={"x": "y"})
    assert task.metadata == {"level": 2, "files": {"x": "y"}}
    (tmp_path / "t.csv").write_text(
        'input,target,choices,metadata\nq?,A,"[""x"", ""y""]","{""level"": 3}"\n'
    )
    (row,) = read(tmp_path, "t.csv")
    assert row.metadata == {"level": 3, "choices": ["x", "y"]}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"input": [], "target": "a"}, "input must be text, not []"),
        ({"input": ["q"], "target": "a"}, 'no message of system, user or assistant: "q"'),
        ({"input": [{"role": "tool", "content": "x"}], "target": "a"}, "no message of system"),
        ({"input": [{"role": "user", "content": [{"type": "image", "image": "x"}]}],
          "target": "a"}, "more than text"),
        ({"input": "q", "target": []}, "target must be text or a number, not []"),
        ({"input": "q", "target": ["a", {}]}, "target must be text or a number, not {}"),
        ({"input": "q", "target": "C", "choices": ["x", "y"]}, "the answer 'C' is none of the 2"),
        ({"input": "q", "target": "A", "choices": ["x"] * 27}, "27 choices"),
        ({"input": "q", "target": "A", "choices": [{}]}, "choices must be a list of texts"),
    ],
)  # fmt: skip
def test_what_is_no_sample(tmp_path: Path, values: Any, says: str) -> None:
    """The line and the value are named."""
    with pytest.raises(UsageError) as caught:
        one(tmp_path, **values)
    assert says in caught.value.message and "t.jsonl:1: " in caught.value.message
