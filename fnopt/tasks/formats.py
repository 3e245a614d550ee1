"""Task files: JSONL, one object a line, in the keys that evaluation suites use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fnopt.errors import UsageError
from fnopt.records import Task

_QUESTION = ("question", "input")
_ANSWER = ("answer", "target")
_SHAPE = '{"question": "…", "answer": "…"}'


def read_jsonl(path: Path, name: str) -> tuple[Task, ...]:
    """The tasks of a file, in its order; ``name`` is what messages call the file.

    ``id`` is optional and then derived from question and answer; ``question`` or ``input``,
    ``answer`` or ``target``; all other keys become metadata. Numbers and booleans as answers become
    text as JSON writes them. Raises UsageError with file, line and value.
    """
    try:
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{name}: {reason}", "Name an existing task file (JSONL).") from None
    tasks: dict[str, Task] = {}
    lines: dict[str, int] = {}
    for number, task in _parse(text, name):
        if task.id in tasks:
            raise UsageError(
                f"{name}:{number}: the id {task.id!r} is already on line {lines[task.id]}",
                "Give every task an id of its own, and list a task once.",
            )
        tasks[task.id], lines[task.id] = task, number
    if not tasks:
        raise UsageError(f"{name}: no tasks in it", f"Write one task a line: {_SHAPE}")
    return tuple(tasks.values())


def _parse(text: bytes, name: str) -> Iterator[tuple[int, Task]]:
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line.strip():
            yield number, _task(_object(line, f"{name}:{number}"), f"{name}:{number}")


def _object(line: bytes, place: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()  # fails on half a surrogate pair
    except UnicodeError:
        raise UsageError(f"{place}: not UTF-8: {_shown(line)}", "Save it as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        reason = f"not valid JSON ({error}): {_shown(line)}"
        raise UsageError(f"{place}: {reason}", f"Write one object a line: {_SHAPE}") from None
    if not isinstance(value, dict):
        raise UsageError(f"{place}: not an object: {_shown(line)}", f"Write {_SHAPE}")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _task(value: Mapping[str, Any], place: str) -> Task:
    question_key, answer_key = _key(value, _QUESTION, place), _key(value, _ANSWER, place)
    question, answer = value[question_key], _scalar(value[answer_key], place, answer_key)
    if not isinstance(question, str) or not question.strip():
        raise UsageError(
            f"{place}: {question_key} must be text, not {_shown(question)}", f"Write {_SHAPE}"
        )
    metadata = {k: v for k, v in value.items() if k not in ("id", question_key, answer_key)}
    if value.get("id") is None:
        identity = _derived(question, answer)
    else:
        identity = _scalar(value["id"], place, "id")
    return Task(id=identity, question=question, answer=answer, metadata=metadata)


def _key(value: Mapping[str, Any], names: tuple[str, str], place: str) -> str:
    for name in names:
        if value.get(name) is not None:
            return name
    keys = ", ".join(value) or "none"
    raise UsageError(
        f"{place}: neither {names[0]!r} nor {names[1]!r} (its keys: {keys[:80]})",
        f"Write {_SHAPE}",
    )


def _scalar(value: Any, place: str, key: str) -> str:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    raise UsageError(
        f"{place}: {key} must be text or a number, not {_shown(value)}", f"Write {_SHAPE}"
    )


def _derived(question: str, answer: str) -> str:
    return hashlib.sha256(json.dumps([question, answer]).encode()).hexdigest()[:12]


def _shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
