"""Tasks in the keys that evaluation suites share: ours, and Inspect's ``Sample``.

See inspect.aisi.org.uk/datasets.html for the latter: ``input`` is text or a list of chat messages,
``target`` text or a list of which any is right, ``choices`` a list whose letters ``target`` holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fnopt.errors import UsageError
from fnopt.records import Task
from fnopt.tasks.options import lettered, options, require_option
from fnopt.tasks.rows import SHAPE, Row, shown_json

TARGETS = "targets"  # in metadata: the answers of which any is right
_QUESTION = ("question", "input")
_ANSWER = ("answer", "target")


def is_sample(values: Mapping[str, Any]) -> bool:
    """Whether these are the values of an Inspect ``Sample``."""
    return "input" in values and "target" in values


def task(row: Row) -> Task:
    """The task of a row: ``question`` or ``input``, ``answer`` or ``target``.

    ``id`` is optional and then derived from question and answer; all other keys become metadata,
    those inside of ``metadata`` too. Numbers and booleans as answers become text as JSON writes
    them. Raises UsageError.
    """
    values = row.values
    question_key, answer_key = _key(row, _QUESTION), _key(row, _ANSWER)
    question = _question(values[question_key], row.place, question_key)
    answers = _answers(values[answer_key], row.place, answer_key)
    used = ("id", question_key, answer_key, "choices", "metadata")
    metadata = {**_nested(row), **{k: v for k, v in values.items() if k not in used}}
    choices = options(row)
    if choices:
        metadata["choices"] = choices
        question = f"{question}\n\n{lettered(choices)}"
        answers = [", ".join(answers)]  # of several options all are right, of several texts any
        require_option(answers[0], choices, row.place)
    if len(answers) > 1:
        metadata[TARGETS] = answers
    key = values["id"] if values.get("id") is not None else row.key
    identity = scalar(key, row.place, "id") if key is not None else derived(question, answers[0])
    return Task(identity, question, answers[0], metadata, "choice" if choices else None)


def scalar(value: Any, place: str, key: str) -> str:
    """A text that is not empty, or a number or truth value as text. Raises UsageError."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    raise UsageError(
        f"{place}: {key} must be text or a number, not {shown_json(value)}", f"Write {SHAPE}"
    )


def derived(question: str, answer: str) -> str:
    """An id that depends on nothing but question and answer."""
    return hashlib.sha256(json.dumps([question, answer]).encode()).hexdigest()[:12]


def _key(row: Row, names: tuple[str, str]) -> str:
    for name in names:
        if row.values.get(name) is not None:
            return name
    keys = ", ".join(map(str, row.values)) or "none"
    raise UsageError(
        f"{row.place}: neither {names[0]!r} nor {names[1]!r} (its keys: {keys[:80]})",
        f"Write {SHAPE}",
    )


def _question(value: Any, place: str, key: str) -> str:
    if isinstance(value, list) and value and key == "input":
        return _conversation(value, place)
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{place}: {key} must be text, not {shown_json(value)}", f"Write {SHAPE}")
    return value


def _conversation(messages: Sequence[Any], place: str) -> str:
    """Chat messages as one text: the only message as it is, several with who says them."""
    said = [(_role(message, place), _content(message, place)) for message in messages]
    if len(said) == 1:
        return said[0][1]
    return "\n\n".join(f"{role.capitalize()}: {content}" for role, content in said)


def _role(message: Any, place: str) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in ("system", "user", "assistant"):
        raise UsageError(
            f"{place}: input holds what is no message of system, user or assistant: "
            f"{shown_json(message)}",
            'Write {"role": "user", "content": "…"}.',
        )
    return str(role)


def _content(message: Mapping[str, Any], place: str) -> str:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    if len(texts) < len(parts) or not all(isinstance(t, str) and t.strip() for t in texts):
        raise UsageError(
            f"{place}: a message holds more than text, or none: {shown_json(content)}",
            "Agents are asked in text: leave such tasks out.",
        )
    return "\n".join(map(str, texts))


def _answers(value: Any, place: str, key: str) -> list[str]:
    if isinstance(value, list) and value and key == "target":
        return [scalar(one, place, key) for one in value]
    return [scalar(value, place, key)]


def _nested(row: Row) -> Mapping[str, Any]:
    given = row.values.get("metadata")
    if given is None:
        return {}
    return given if isinstance(given, dict) else {"metadata": given}
