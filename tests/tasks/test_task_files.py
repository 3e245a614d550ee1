"""Reading task files: what is accepted, and what the messages of refusal say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.errors import UsageError
from fnopt.records import Task
from fnopt.tasks.formats import read_file


def write(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "t.jsonl"
    path.write_bytes(b"\n".join(x if isinstance(x, bytes) else x.encode() for x in lines))
    return path


def test_both_sets_of_keys_and_metadata(tmp_path: Path) -> None:
    """``question``/``answer`` and ``input``/``target`` are read alike, the rest is metadata."""
    path = write(
        tmp_path,
        '\ufeff{"id": "a", "question": "1+1?", "answer": "2", "level": 3}',
        "",
        '{"id": 7, "input": "true?", "target": true}\r',
    )
    assert read_file(path, "t.jsonl") == (
        Task("a", "1+1?", "2", {"level": 3}),
        Task("7", "true?", "true", {}),
    )


def test_derived_ids_depend_on_content_alone(tmp_path: Path) -> None:
    """Without ``id``, moving a task in its file does not change its id."""
    one, two = '{"question": "q", "answer": 1}', '{"question": "r", "answer": 2}'
    forth = read_file(write(tmp_path, one, two), "t.jsonl")
    back = read_file(write(tmp_path, two, one), "t.jsonl")
    assert forth == back[::-1] and forth[0].id != forth[1].id


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"question": "q", "answer": ', "t.jsonl:2: not valid JSON"),
        ('{"question": "q", "answer": NaN}', "NaN is not JSON"),
        ("[1]", "t.jsonl:2: not an object: [1]"),
        ('{"answer": "a"}', "neither 'question' nor 'input' (its keys: answer)"),
        ('{"question": "q", "answer": null}', "neither 'answer' nor 'target'"),
        ('{"question": 5, "answer": "a"}', "question must be text, not 5"),
        ('{"question": " ", "answer": "a"}', "question must be text"),
        ('{"question": "q", "answer": ["a"]}', 'answer must be text or a number, not ["a"]'),
        ('{"question": "q", "answer": ""}', "answer must be text or a number"),
        ('{"id": [], "question": "q", "answer": "a"}', "id must be text"),
        ('{"id": "x", "question": "q", "answer": "a"}', "id 'x' is already on line 1"),
        (b'{"question": "\xff", "answer": "a"}', "t.jsonl:2: not UTF-8"),
        ('{"question": "\\ud800", "answer": "a"}', "t.jsonl:2: not UTF-8"),
        ("[" * 100_000, "not valid JSON"),
        ('{"question": "q", "answer": ' + "9" * 5000 + "}", "not valid JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str | bytes, says: str) -> None:
    """File, line and value stand in the message, and a mend beside it."""
    path = write(tmp_path, '{"id": "x", "question": "p", "answer": "a"}', line)
    with pytest.raises(UsageError) as caught:
        read_file(path, "t.jsonl")
    assert says in caught.value.message and caught.value.mend
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    """A file without tasks is refused."""
    with pytest.raises(UsageError, match="no tasks"):
        read_file(write(tmp_path, content), "t.jsonl")


def test_an_absent_file(tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is refused by name."""
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(UsageError, match=r"t\.jsonl: "):
            read_file(path, "t.jsonl")


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(_TEXT, _TEXT | st.integers()), min_size=1, unique=True))
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, Any]]
) -> None:
    """Questions and answers come out as they were written, line separators of Unicode included."""
    lines = [
        json.dumps({"id": str(n), "question": q, "answer": a}, ensure_ascii=n % 2 == 0)
        for n, (q, a) in enumerate(rows)
    ]
    tasks = read_file(write(tmp_path_factory.mktemp("any"), *lines), "t.jsonl")
    assert [(task.question, task.answer) for task in tasks] == [(q, str(a)) for q, a in rows]
