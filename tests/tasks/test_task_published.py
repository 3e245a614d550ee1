"""Data sets as they were published: what is asked, what is right, and which scorer says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fnopt.errors import UsageError
from fnopt.records import Task
from fnopt.tasks import load, scorer
from fnopt.tasks.formats import read
from fnopt.tasks.published import boxed

MATH = {
    "problem": "What is half of three?",
    "level": "Level 1",
    "type": "Prealgebra",
    "solution": "Not \\boxed{1}, but $\\boxed{\\frac{3}{2}}$.",
}
GSM8K = {
    "question": "Ann has 3 apples and buys 4 more. How many?",
    "answer": "She has 3+4=<<3+4=7>>7 apples.\n#### 7",
}
TABMWP = {
    "question": "Is it linear?", "choices": ["linear", "nonlinear"], "answer": "nonlinear",
    "unit": None, "table_title": "A function", "table": "x | y\n1 | 2\n2 | 9", "grade": 8,
    "ques_type": "multi_choice", "ans_type": "boolean_text", "split": "train",
    "solution": "It jumps.",
}  # fmt: skip
GAIA = {
    "task_id": "g-1", "Question": "Who is named, and when?", "Level": 2,
    "Final answer": "Ada Lovelace, 1,843", "file_name": "letter.pdf",
    "Annotator Metadata": {"Steps": "read it"},
}  # fmt: skip


def one(root: Path, *values: Any, name: str = "t.jsonl", prefix: str = "") -> Task:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("\n".join(map(json.dumps, values)))
    return read(root, f"{prefix}{name}")[0]


def test_math(tmp_path: Path) -> None:
    """A folder of files, or lines; the answer is the last box, the solution is left out."""
    kept = {"level": "Level 1", "type": "Prealgebra"}
    wanted = Task("prealgebra/7", MATH["problem"], "\\frac{3}{2}", kept, "math")
    folder = tmp_path / "MATH/prealgebra"
    folder.mkdir(parents=True)
    (folder / "7.json").write_text(json.dumps(MATH))
    assert read(tmp_path, "MATH") == (wanted,)
    answered = {**MATH, "answer": "1.5", "unique_id": "u"}
    assert one(tmp_path, answered) == Task("u", MATH["problem"], "1.5", kept, "math")


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("\\boxed{a{b{c}}d} x", "a{b{c}}d"),
        ("\\boxed{\\left\\{1\\right\\}}", "\\left\\{1\\right\\}"),
        ("so \\fbox{ 5 }", "5"),
        ("$\\boxed 12$.", "12"),
        ("\\boxed{1} and \\boxed{\\text{B}}", "\\text{B}"),
        ("\\boxed{1} \\boxed{un{closed}", None),
        ("\\boxed{}", None),
        ("nothing", None),
    ],
)
def test_boxes(solution: str, answer: str | None) -> None:
    """The last box counts, whatever braces stand in it."""
    assert boxed(solution) == answer


def test_gsm8k(tmp_path: Path) -> None:
    """The answer stands behind the hashes; how it came about is left out."""
    task = one(tmp_path, GSM8K)
    assert (task.question, task.answer, task.metadata) == (GSM8K["question"], "7", {})
    assert scorer(None)("It is $7.00", task).value == 1.0
    assert one(tmp_path, GSM8K, prefix="plain:").answer == GSM8K["answer"]


def test_tabmwp_with_options(tmp_path: Path) -> None:
    """Title, table, question and options are asked; the option's text or letter is right."""
    (tmp_path / "problems_train.json").write_text(json.dumps({"12": TABMWP}))
    (task,) = read(tmp_path, "problems_train.json")
    assert task.id == "12" and task.answer == "nonlinear"
    assert task.question == (
        "Table: A function\nx | y\n1 | 2\n2 | 9\n\nIs it linear?\n\nA) linear\nB) nonlinear"
    )
    assert "solution" not in task.metadata and task.metadata["grade"] == 8
    score = scorer(None)
    assert [score(given, task).value for given in ("Nonlinear.", "(B)", "The answer is B")] == [
        1.0
    ] * 3
    assert [score(given, task).value for given in ("linear", "A", "", "C")] == [0.0] * 4
    swapped = {**TABMWP, "choices": ["B", "A"], "answer": "B"}
    assert one(tmp_path, swapped).answer == "A"


def test_tabmwp_with_a_number(tmp_path: Path) -> None:
    """The unit is asked for; numbers are compared as numbers."""
    given = {**TABMWP, "choices": None, "answer": "1,235", "unit": "pounds", "table_title": None}
    task = one(tmp_path, given)
    assert task.question == "Table\nx | y\n1 | 2\n2 | 9\n\nIs it linear? (unit: pounds)"
    assert scorer(None)("1235 pounds", task).value == 1.0


def test_gaia(tmp_path: Path) -> None:
    """Its file is named by its path from the repository; annotations are left out."""
    task = one(tmp_path, GAIA, name="gaia/metadata.jsonl")
    assert task.id == "g-1" and task.metadata == {"Level": 2, "file_name": "letter.pdf"}
    assert task.question == f"{GAIA['Question']}\n\nFile: gaia/letter.pdf"
    assert scorer(None)("ada lovelace;1;843", task).value == 1.0


@pytest.mark.parametrize(
    ("expected", "answer", "verdict"),
    [
        ("17", "17.0", True),
        ("17", "$17%", True),
        ("1500", "1,500", True),
        ("17", "17 apples", False),
        ("17", "", False),
        ("Saint-Petersburg", "saint petersburg", True),
        ("St. Petersburg", "stpetersburg.", True),
        ("Paris", "Paris, France", False),
        ("a, b", "A,B", True),
        ("a, b", "b, a", False),
        ("a, b", "a", False),
        ("x; 5", "x, 5.0", True),
        ("x; 5", "x, $6", False),
        ("a.b, c", "ab, c", False),
        ("nan", "inf", False),
    ],
)
def test_gaias_scorer(expected: str, answer: str, verdict: bool) -> None:
    """Numbers, lists and texts, each in its own way."""
    outcome = scorer("gaia")(answer, Task("t", "q", expected))
    assert (outcome.value == 1.0) is verdict and outcome.note == ""


@pytest.mark.parametrize(
    ("values", "prefix", "says"),
    [
        ({**GAIA, "Final answer": "?"}, "", "its answer is hidden ('?')"),
        ({**GAIA, "Final answer": ""}, "", "Final answer must be text or a number"),
        ({**MATH, "solution": "It is 5."}, "", "no \\boxed{…} answer in the solution: It is 5."),
        ({**MATH, "solution": ""}, "", "solution must be text"),
        ({**GSM8K, "answer": "7"}, "gsm8k:", "does not end with a line '#### …': 7"),
        ({**TABMWP, "answer": "cubic"}, "", "the answer 'cubic' is none of the 2 choices"),
        ({**TABMWP, "choices": "linear"}, "", "choices must be a list of texts"),
        ({**TABMWP, "table": ""}, "", "table must be text"),
        ({"question": "q", "answer": "a"}, "math:", "problem must be text, and is not there"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_task(tmp_path: Path, values: Any, prefix: str, says: str) -> None:
    """File, line and value stand in the message, and a mend beside it."""
    with pytest.raises(UsageError) as caught:
        one(tmp_path, values, prefix=prefix)
    assert says in caught.value.message and "t.jsonl:1: " in caught.value.message
    assert caught.value.mend


def test_a_row_of_another_kind(tmp_path: Path) -> None:
    """The first row says what a file is; what does not fit is named, with the way out."""
    with pytest.raises(UsageError) as caught:
        one(tmp_path, GSM8K, {"question": "q", "answer": "7"})
    assert "t.jsonl:2" in caught.value.message and "plain:FILE" in caught.value.mend


def test_a_scorer_that_is_configured_comes_first(tmp_path: Path) -> None:
    """``tasks.scorer`` overrules what the format brings."""
    task = one(tmp_path, GSM8K)
    assert scorer("exact")("7.0", task).value == 0.0
    assert load(tmp_path, train="t.jsonl").train[0].scorer == "number"
