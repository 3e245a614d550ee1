"""Containers of tasks: JSON, CSV, YAML, folders; and what the messages of refusal say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnopt.errors import UsageError
from fnopt.records import Task
from fnopt.tasks.formats import read


def tasks(root: Path, name: str, content: str | bytes) -> list[tuple[str, str, str]]:
    path = root / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(task.id, task.question, task.answer) for task in read(root, name)]


PAIR = [("a", "1+1?", "2"), ("b", "Was, she\nsaid?", "no")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.json", '[{"id": "a", "question": "1+1?", "answer": 2},\n'
         '{"id": "b", "input": "Was, she\\nsaid?", "target": "no"}]'),
        ("t.json", '{"a": {"question": "1+1?", "answer": "2"},'
         ' "b": {"question": "Was, she\\nsaid?", "answer": "no"}}'),
        ("t.json", '{"id": "a", "question": "1+1?", "answer": "2"}\n'
         '{"id": "b", "question": "Was, she\\nsaid?", "answer": "no"}\n'),
        ("t.csv", '\ufeffid,question,answer\r\na,1+1?,2\r\n\r\nb,"Was, she\nsaid?",no\r\n'),
        ("t.csv", 'id;input;target\na;1+1?;2\nb;"Was, she\nsaid?";no'),
        ("t.tsv", 'id\tquestion\tanswer\na\t1+1?\t2\nb\t"Was, she\nsaid?"\tno\n'),
        ("t.yaml", '- {id: a, question: "1+1?", answer: 2}\n'
         '- id: b\n  question: |-\n    Was, she\n    said?\n  answer: no\n'),
        ("t.yml", 'a:\n  question: 1+1?\n  answer: "2"\n'
         'b: {question: "Was, she\\nsaid?", answer: no}\n'),
    ],
)  # fmt: skip
def test_the_same_tasks_in_every_container(tmp_path: Path, name: str, content: str) -> None:
    """However they are written down, they are the same tasks."""
    assert tasks(tmp_path, name, content) == PAIR


@pytest.mark.parametrize(
    ("written", "answer"),
    [("1:20", "1:20"), ("no", "no"), ("010", "010"), ("1_000", "1_000"), ("true", "true"),
     ("2024-01-31", "2024-01-31"), ("-7", "-7"), ("2.5", "2.5"), ("1e3", "1000.0"), (".", ".")],
)  # fmt: skip
def test_plain_values_of_yaml(tmp_path: Path, written: str, answer: str) -> None:
    """What YAML 1.1 took for times, truth values or octal numbers is the text that it is."""
    found = tasks(tmp_path, "t.yaml", f"- question: q\n  answer: {written}\n")
    assert [given for _, _, given in found] == [answer]


def test_a_folder_of_json_files(tmp_path: Path) -> None:
    """A file is a task, called by its path; in the order of their numbers."""
    for name in ("b/2", "b/10", "b/1", "a/1"):
        path = tmp_path / "set" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"question": name, "answer": "x", "level": 1}))
    assert [task.id for task in read(tmp_path, "set")] == ["a/1", "b/1", "b/2", "b/10"]
    assert read(tmp_path, "set")[0] == Task("a/1", "a/1", "x", {"level": 1})
    (tmp_path / "set/out.json").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match=r"set/out\.json: links to outside"):
        read(tmp_path, "set")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", "question,text\nq,a\n", "t.csv:2: neither 'answer' nor 'target' (its keys: que"),
        ("t.csv", "question,answer\nq,a\nq", "t.csv:3: 1 cells, for 2 columns: q"),
        ("t.csv", "question,answer\nq,a,b", "t.csv:2: 3 cells, for 2 columns: q, a, b"),
        ("t.csv", "question,answer,answer\n", "t.csv:1: a column stands there twice"),
        ("t.csv", 'question,answer\n"q,a\n', "t.csv:2: not valid CSV"),
        ("t.csv", "question,answer\nq,\n", "t.csv:2: neither 'answer'"),
        ("t.csv", b"question,answer\nq,a\n\xe9,a\n", "t.csv:3: not UTF-8"),
        ("t.csv", "question,answer\n", "t.csv: no tasks in it"),
        ("t.csv", "", "t.csv: no tasks in it"),
        ("t.csv", "question,answer\n" + "q" * 200_000 + ",a", "t.csv:2: not valid CSV: field"),
        ("t.json", "", "t.json: no tasks in it"),
        ("t.json", "[]", "t.json: no tasks in it"),
        ("t.json", "{}", "t.json: no tasks in it"),
        ("t.json", "[1]", "t.json, item 1: not an object: 1"),
        ("t.json", '{"data": [1]}', "t.json: neither 'question' nor 'input' (its keys: data)"),
        ("t.json", '{"x": {"question": "q"}}', "t.json, x: neither 'answer'"),
        ("t.json", '{"x": {}, "x": {}}', "the key x stands there twice"),
        ("t.json", b"\xff\xfe{\0}\0", "t.json:1: not UTF-8"),
        ("t.yaml", "", "t.yaml: no tasks in it"),
        ("t.yaml", "- question: q\n  answer: a\n- 5\n", "t.yaml:3: not an object: 5"),
        ("t.yaml", "- question: q\n- {}\n", "t.yaml:1: neither 'answer'"),
        ("t.yaml", "- question: [\n", "t.yaml:2: not valid YAML"),
        ("t.yaml", "- question: !!python/name:os.system q\n", "t.yaml:1: not valid YAML: could"),
        ("t.yaml", "- question: !own q\n  answer: a", "t.yaml:1: not valid YAML"),
        ("t.yaml", "- {question: q, answer: !!binary aGk=}", "a tag makes a bytes of a value"),
        ("t.yaml", "- {question: q, answer: a, 5: x}", "a key is not text"),
        ("t.yaml", BOMB, "its aliases stand for too much"),
        ("t.yaml", "- &a [*a]", "its aliases stand for too much"),
        ("t.yaml", "[" * 5_000, "not valid YAML"),
        ("t.yaml", "a: \x07", "not valid YAML"),
        ("folder", None, "folder: no .json files in this folder"),
        ("gsm8k:absent.jsonl", None, "absent.jsonl: No such file"),
    ],
)  # fmt: skip
def test_bad_files(tmp_path: Path, name: str, content: str | bytes | None, says: str) -> None:
    """File, place and value stand in the message, in one line, and a mend beside it."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError) as caught:
        read(tmp_path, name) if content is None else tasks(tmp_path, name, content)
    assert says in caught.value.message and caught.value.mend
    assert len(caught.value.message) < 300 and "\n" not in caught.value.message
