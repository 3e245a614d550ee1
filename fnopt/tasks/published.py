"""Data sets in the form that they were published in: MATH, GSM8K, TabMWP, GAIA.

The answer stands in ``Task.answer`` only: worked solutions are left out of the metadata.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from fnopt.errors import UsageError
from fnopt.records import Task
from fnopt.tasks.options import LETTERS, lettered, options, require_option
from fnopt.tasks.rows import Row, shown, shown_json
from fnopt.tasks.sample import derived, scalar

_HASHES = re.compile(r"^####[ \t]*(\S.*?)\s*\Z", re.MULTILINE)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*(?:\{|(?=[^\s{]))")


def is_math(values: Mapping[str, Any]) -> bool:
    """``problem`` with ``solution``: Hendrycks et al. 2021 (arXiv 2103.03874)."""
    return "problem" in values and "solution" in values


def math(row: Row) -> Task:
    """The answer is ``answer`` where that is published too, else the solution's last box."""
    problem, solution = _text(row, "problem"), _text(row, "solution")
    answer = row.values.get("answer")
    answer = boxed(solution) if answer is None else scalar(answer, row.place, "answer")
    if answer is None:
        raise UsageError(
            f"{row.place}: no \\boxed{{…}} answer in the solution: {shown(solution[-60:])}",
            "Mark the answer in the solution, or add it as answer.",
        )
    key = row.values.get("unique_id", row.key)
    identity = derived(problem, answer) if key is None else scalar(key, row.place, "unique_id")
    kept = _without(row, ("problem", "solution", "answer", "unique_id"))
    return Task(identity, problem, answer, kept, "math")


def boxed(solution: str) -> str | None:
    r"""What stands in the last ``\boxed{…}`` of a solution, whatever braces are in it, or None."""
    starts = list(_BOXED.finditer(solution))
    if not starts:
        return None
    start = starts[-1].end()
    if solution[start - 1] != "{":  # \boxed 2, as a few have it
        return re.split(r"[$\s]", solution[start:], maxsplit=1)[0] or None
    depth, end = 1, start
    for brace in re.finditer(r"\\.|[{}]", solution[start:], re.DOTALL):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            end = start + brace.start()
            break
    return solution[start:end].strip() or None


def is_gsm8k(values: Mapping[str, Any]) -> bool:
    """``answer`` ends with a line ``#### 42``: Cobbe et al. 2021 (arXiv 2110.14168)."""
    answer = values.get("answer")
    return "question" in values and isinstance(answer, str) and bool(_HASHES.search(answer))


def gsm8k(row: Row) -> Task:
    """The answer is what stands behind the ``####`` of the last line."""
    question, worked = _text(row, "question"), _text(row, "answer")
    found = _HASHES.search(worked)
    if found is None:
        raise UsageError(
            f"{row.place}: the answer does not end with a line '#### …': {shown(worked[-60:])}",
            "Write it as GSM8K does, or name another format: plain:FILE.",
        )
    return Task(
        _identity(row, "id", question, found[1]),
        question,
        found[1],
        _without(row, ("id", "question", "answer")),
        "number",
    )


def is_tabmwp(values: Mapping[str, Any]) -> bool:
    """``question``, ``answer`` and ``table``: Lu et al. 2023 (arXiv 2209.14610)."""
    return {"question", "answer", "table"} <= values.keys()


def tabmwp(row: Row) -> Task:
    """Table, title, unit and options stand in the question, as people see them."""
    question, answer = _text(row, "question"), scalar(row.values["answer"], row.place, "answer")
    title, unit = row.values.get("table_title"), row.values.get("unit")
    choices = options(row)
    text = f"Table{f': {title}' if title else ''}\n{_text(row, 'table')}\n\n{question}"
    text += f" (unit: {unit})" if unit else ""
    kept = _without(row, ("id", "question", "answer", "choices", "solution"))
    if not choices:
        return Task(_identity(row, "id", text, answer), text, answer, kept, "number")
    text = f"{text}\n\n{lettered(choices)}"
    if answer in choices and len(answer) == 1:  # an option "B" that is not the second
        answer = LETTERS[choices.index(answer)]
    require_option(answer, choices, row.place)
    kept["choices"] = choices
    return Task(_identity(row, "id", text, answer), text, answer, kept, "choice")


def is_gaia(values: Mapping[str, Any]) -> bool:
    """``Question`` and ``Final answer``: Mialon et al. 2023 (arXiv 2311.12983)."""
    return "Question" in values and ("Final answer" in values or "task_id" in values)


def gaia(row: Row) -> Task:
    """A question with a file names it, by the path beside the task file. No answer is made up for
    those that are kept secret."""
    question = _text(row, "Question")
    answer = scalar(row.values.get("Final answer"), row.place, "Final answer").strip()
    if answer == "?":
        raise UsageError(
            f"{row.place}: its answer is hidden ('?'), as in GAIA's test set",
            "Take the validation set: its answers are public.",
        )
    file = row.values.get("file_name")
    if file:
        question = f"{question}\n\nFile: {PurePosixPath(row.file).parent / str(file)}"
    kept = _without(row, ("task_id", "Question", "Final answer", "Annotator Metadata"))
    return Task(_identity(row, "task_id", question, answer), question, answer, kept, "gaia")


def _identity(row: Row, name: str, question: str, answer: str) -> str:
    key = row.values.get(name, row.key)
    return derived(question, answer) if key is None else scalar(key, row.place, name)


def _text(row: Row, key: str) -> str:
    value = row.values.get(key)
    if not isinstance(value, str) or not value.strip():
        keys = ", ".join(row.values)[:80] or "none"
        said = f"not {shown_json(value)}" if key in row.values else f"and is not there ({keys})"
        raise UsageError(
            f"{row.place}: {key} must be text, {said}",
            "Write it, or name the format that the file has: plain:FILE.",
        )
    return value


def _without(row: Row, used: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in row.values.items() if key not in used}
