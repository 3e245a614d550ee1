"""Arguments for a function out of the text of a question, by its parameters' types.

What a function needs mostly stands in the question word for word: numbers, quoted texts, lists,
what follows the last colon. Trying these costs no model call. It is a guess: that none of them
fits says little where the question has to be understood first.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

MOST = 200
"""Calls that are tried for one question."""

LONGEST = 4_000  # characters of a question that are read
EACH = 8  # values that are tried for one parameter

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")
_QUOTED = re.compile(r"\"([^\"\n]{1,500})\"|(?<!\w)'([^'\n]{1,500})'(?!\w)|`([^`\n]{1,500})`")
_AFTER = re.compile(r":[ \t]*\n?[ \t]*([^\n]+)")
_BRACKETS = re.compile(r"\[[^\[\]]{0,1000}(?:\[[^\[\]]*\][^\[\]]*){0,50}\]|\{[^{}]{1,1000}\}")
_WORD = re.compile(r"[^\W_]+")

Schema = Mapping[str, Any]
Values = dict[str, Any]


def candidates(schema: Schema, question: str) -> list[Values]:
    """Arguments to try, likeliest first, at most :data:`MOST`; none where a type has no values.

    ``schema`` is the JSON schema of the parameters. Only those that are required are given.
    """
    text = question[:LONGEST]
    wanted: list[str] = list(schema.get("required", ()))
    properties = schema.get("properties", {})
    found = [_distinct(_values(properties[name], text))[:EACH] for name in wanted]
    if not wanted or not all(found):
        return []
    kinds = [str(properties[name].get("type")) for name in wanted]
    ranked = sorted(itertools.islice(_places(found), 20_000), key=lambda at: _odds(at, kinds))
    picked = ranked[:MOST]
    return [
        {name: found[n][at] for n, (name, at) in enumerate(zip(wanted, one, strict=True))}
        for one in picked
    ]


def _places(found: Sequence[Sequence[Any]]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(len(values)) for values in found))


def _odds(places: tuple[int, ...], kinds: Sequence[str]) -> tuple[int, int]:
    """Parameters of one type take what stands in the text in its order, each another."""
    doubles = sum(
        one == other
        for kind in set(kinds)
        for one, other in itertools.combinations(_of(kind, places, kinds), 2)
    )
    wanted = (list(kinds[:n]).count(kind) for n, kind in enumerate(kinds))
    return doubles, sum(abs(at - want) for at, want in zip(places, wanted, strict=True))


def _of(kind: str, places: tuple[int, ...], kinds: Sequence[str]) -> list[int]:
    return [at for at, other in zip(places, kinds, strict=True) if other == kind]


def _values(schema: Schema, text: str) -> Iterator[Any]:
    """Values of one type in a text, likeliest first."""
    if "enum" in schema:
        yield from schema["enum"]
        return
    match schema.get("type"):
        case "integer":
            yield from (int(one) for one in _numbers(text) if one.is_integer())
        case "number":
            yield from _numbers(text)
        case "boolean":
            yield from (True, False)
        case "array":
            yield from _lists(schema, text)
        case "object":
            yield from (one for one in _literals(text) if isinstance(one, dict))
        case "string" | None:
            yield from _texts(text)


def _numbers(text: str) -> Iterator[float]:
    for match in _NUMBER.finditer(text):
        yield float(match[0].replace(",", ""))


def _texts(text: str) -> Iterator[str]:
    """What is quoted, what follows a colon, numbers, what stands in brackets, the whole."""
    quoted = [next(filter(None, one)) for one in _QUOTED.findall(text)]
    after = [one.strip() for one in _AFTER.findall(text)]
    yield from quoted
    for one in reversed(after):
        yield one
        yield from (part for part in (one.rstrip(".?!"), one.split(". ")[0]) if part != one)
    yield from (one for one in _WORD.findall(text) if any(map(str.isdigit, one)))
    yield from (one for one in _BRACKETS.findall(text))
    lines = [one.strip() for one in text.splitlines() if one.strip()]
    yield from lines[-1:]
    words = [one for line in lines[-1:] for one in _WORD.findall(line)]
    yield from (*words[-1:], text.strip())


def _lists(schema: Schema, text: str) -> Iterator[list[Any]]:
    of = schema.get("items", {}).get("type")
    yield from (_fitted(one, of) for one in _literals(text) if isinstance(one, list))
    rows = [_AFTER.findall(text)[-1]] if _AFTER.search(text) else []
    rows += [line for line in text.splitlines() if line.count(",") >= 1]
    for row in rows:
        parts = [part.strip().strip("'\"`.") for part in row.split(",")]
        if of == "string" or of is None:
            yield parts
    if of in ("integer", "number"):
        yield _fitted(list(_numbers(text)), of)


def _fitted(values: list[Any], of: str | None) -> list[Any]:
    if of == "integer":
        return [int(one) for one in values if isinstance(one, int | float) and one == int(one)]
    return [str(one) for one in values] if of == "string" else values


def _literals(text: str) -> Iterator[Any]:
    """Lists and objects that are written as Python or JSON."""
    for match in _BRACKETS.finditer(text):
        try:
            yield ast.literal_eval(match[0])
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            bare = match[0].strip("[]{}")
            yield [part.strip().strip("'\"") for part in bare.split(",")]


def _distinct(values: Iterable[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for value in itertools.islice(values, 200):
        found.setdefault(json.dumps(value, sort_keys=True, default=str), value)
    return list(found.values())
