"""Function calls that a model wrote as text, in whatever dress it gave them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

LONGEST = 100_000  # characters of a reply that are searched for calls
NAME = ("name", "function", "tool", "action")
ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input")


def calls_in_text(text: str, known: Iterable[str]) -> list[tuple[str, str]]:
    """Name and arguments (JSON text) of each distinct call of a known function, in order.

    Understood: a bare JSON object, a ```json fence, ``<tool_call>`` tags, doubled braces, a list
    of calls, and an object under ``function`` or ``tool_calls``.
    """
    names = set(known)
    found: dict[tuple[str, str], None] = {}
    for value in _objects(text[:LONGEST]):
        for name, arguments in _calls(value):
            if name in names:
                found[name, _as_json(arguments)] = None
    return list(found)


def arguments_of(text: str) -> dict[str, Any] | str:
    """The arguments of a call as a model sent them; a text says what is wrong with them."""
    candidates = (text, text.replace("{{", "{").replace("}}", "}"), _unfenced(text))
    for candidate in candidates:
        try:
            value = json.loads(candidate or "{}", strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, str):  # encoded twice
            return arguments_of(value) if value != text else _not_an_object(text)
        return value if isinstance(value, dict) else _not_an_object(text)
    return _not_an_object(text)


def _not_an_object(text: str) -> str:
    return f"the arguments must be one JSON object with the parameters' names, not: {text[:200]}"


def _unfenced(text: str) -> str:
    return re.sub(r"^\s*```\w*|```\s*$", "", text).strip()


def _objects(text: str) -> Iterator[Any]:
    """Every outermost JSON object or list in a text."""
    decoder = json.JSONDecoder(strict=False)
    at = 0
    while match := re.compile(r"[{\[]").search(text, at):
        value, end = _decode(decoder, text, match.start())
        if end is None:
            at = match.end()
            continue
        yield value
        at = end


def _decode(decoder: json.JSONDecoder, text: str, start: int) -> tuple[Any, int | None]:
    try:
        return decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    if text.startswith("{{", start):
        single = text[start:].replace("{{", "{").replace("}}", "}")
        try:
            value, _ = decoder.raw_decode(single)
        except (ValueError, RecursionError):
            return None, None
        return value, len(text)
    return None, None


def _calls(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for item in value[:32]:
            yield from _calls(item)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("tool_calls"), list):
        yield from _calls(value["tool_calls"])
    if isinstance(value.get("function"), dict):
        yield from _calls(value["function"])
    name = next((value[key] for key in NAME if isinstance(value.get(key), str)), None)
    arguments = next((value[key] for key in ARGUMENTS if key in value), None)
    if name is not None and arguments is not None:
        yield name.removeprefix("functions."), arguments


def _as_json(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
