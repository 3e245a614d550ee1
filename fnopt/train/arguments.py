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
from dataclasses import dataclass
from typing import Any

MOST = 200
"""Calls that are tried for one question."""

LONGEST = 4_000  # characters of a question that are read
EACH = 8  # values that are tried for one parameter
FEW = 3  # words behind a colon that are tried each, and pieces of arithmetic

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")
_QUOTED = re.compile(r"\"([^\"\n]{1,500})\"|(?<!\w)'([^'\n]{1,500})'(?!\w)|`([^`\n]{1,500})`")
_AFTER = re.compile(r":[ \t]*\n?[ \t]*([^\n]+)")
_BRACKETS = re.compile(r"\[[^\[\]]{0,1000}(?:\[[^\[\]]*\][^\[\]]*){0,50}\]|\{[^{}]{1,1000}\}")
_WORD = re.compile(r"[^\W_]+")
_EXPRESSION = re.compile(
    r"(?<![\w.])(?:0[xXbBoO][\da-fA-F]+|\d+(?:\.\d+)?(?![\w.]*[A-Za-z_])"
    r"|\*\*|//|<<|>>|[-+*/%()^&|~ \t])+"
)
_IS_EXPRESSION = re.compile(r"[\da-fA-F)]\s*(?:\*\*|//|<<|>>|[-+*/%^&|])\s*[-+(~]*\s*\d")

Schema = Mapping[str, Any]
Values = dict[str, Any]
Found = tuple[str, Any]
"""Where a value stands in the text (``number 2``, ``quoted 0``), and the value."""


@dataclass(frozen=True)
class Candidate:
    """Arguments to try. Two questions for which they come from the same places share ``places``:
    a function that is right for one by luck is not right for both from there."""

    places: tuple[str, ...]
    values: Mapping[str, Any]


def candidates(
    schema: Schema, question: str, choices: Mapping[str, Sequence[str]] | None = None
) -> list[Candidate]:
    """Arguments to try, likeliest first, at most :data:`MOST`; none where a type has no values.

    ``schema`` is the JSON schema of the parameters; ``choices`` are the words that some of them are
    compared with. Of parameters with a default only those are given that choose between cases.
    """
    text = question[:LONGEST]
    required: list[str] = list(schema.get("required", ()))
    properties = schema.get("properties", {})
    cases = _cases(properties, choices or {})
    wanted = [*required, *(name for name in cases if name not in required)]
    found = [cases.get(name) or _read(properties[name], text) for name in wanted]
    if not required or not all(found):
        return []
    kinds = [name if name in cases else str(properties[name].get("type")) for name in wanted]
    ranked = sorted(itertools.islice(_places(found), 20_000), key=lambda at: _odds(at, kinds))
    return [_candidate(wanted, found, at) for at in ranked[:MOST]]


def _cases(properties: Schema, choices: Mapping[str, Sequence[str]]) -> dict[str, list[Found]]:
    """The values of the parameters that choose between cases. Which it is, a question may say in
    any words: all come from one place."""
    found: dict[str, Sequence[Any]] = dict(choices)
    for name, one in properties.items():
        if one.get("type") == "boolean":
            found[name] = [False, True] if one.get("default") is False else [True, False]
        elif "enum" in one:
            found[name] = one["enum"]
    return {name: [("choice", one) for one in found[name]] for name in properties if name in found}


def _read(schema: Schema, text: str) -> list[Found]:
    """Values of one parameter in a text."""
    return _distinct(_values(schema, text))[:EACH]


def _candidate(
    wanted: Sequence[str], found: Sequence[Sequence[Found]], places: tuple[int, ...]
) -> Candidate:
    picked = [values[at] for values, at in zip(found, places, strict=True)]
    values = {name: value for name, (_, value) in zip(wanted, picked, strict=True)}
    return Candidate(tuple(place for place, _ in picked), values)


def _places(found: Sequence[Sequence[Found]]) -> Iterator[tuple[int, ...]]:
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


def _values(schema: Schema, text: str) -> Iterator[Found]:
    """Values of one type in a text, likeliest first."""
    match schema.get("type"):
        case "integer":
            yield from ((at, int(one)) for at, one in _numbers(text) if one.is_integer())
        case "number":
            yield from _numbers(text)
        case "array":
            yield from _lists(schema, text)
        case "object":
            found = (one for one in _literals(text) if isinstance(one, dict))
            yield from _placed("object", found)
        case "string" | None:
            yield from _texts(text)


def _placed(what: str, values: Iterable[Any]) -> Iterator[Found]:
    return ((f"{what} {number}", value) for number, value in enumerate(values))


def _numbers(text: str) -> Iterator[tuple[str, float]]:
    """Counted from the end: examples and explanations stand before what is asked, if anywhere."""
    found = [float(match[0].replace(",", "")) for match in _NUMBER.finditer(text)]
    return ((f"number {number - len(found)}", one) for number, one in enumerate(found))


def _texts(text: str) -> Iterator[Found]:
    """What is quoted, arithmetic, what follows a colon, numbers, what stands in brackets, the
    whole."""
    quoted = [next(filter(None, one)) for one in _QUOTED.findall(text)]
    yield from _placed("quoted", quoted)
    yield from _placed("expression", _expressions(text))
    if len(apart := _apart(text)) <= FEW:
        yield from ((f"after, word {at}", one) for at, one in enumerate(apart))
    for at, one in enumerate(reversed([one.strip() for one in _AFTER.findall(text)])):
        yield f"after {at}", one
        yield f"after {at}, bare", one.rstrip(".?!")
        yield f"after {at}, sentence", one.split(". ")[0]
    digits = [one for one in _WORD.findall(text) if any(map(str.isdigit, one))]
    yield from ((f"digits {at - len(digits)}", one) for at, one in enumerate(digits))
    yield from _placed("brackets", _BRACKETS.findall(text))
    lines = [one.strip() for one in text.splitlines() if one.strip()]
    yield from (("last line", one) for one in lines[-1:])
    words = [one for line in lines[-1:] for one in _WORD.findall(line)]
    yield from (("last word", one) for one in words[-1:])
    yield "whole", text.strip()


def _expressions(text: str) -> list[str]:
    """Arithmetic with an operator between numbers, the longest first."""
    found = [match[0].strip() for match in _EXPRESSION.finditer(text)]
    return sorted(filter(_IS_EXPRESSION.search, found), key=len, reverse=True)[:FEW]


def _apart(text: str) -> list[str]:
    """What follows the last colon, cut at its white space; nothing where that is one word."""
    words = [one.strip(",;") for after in _AFTER.findall(text)[-1:] for one in after.split()]
    return words if len(words) > 1 else []


def _lists(schema: Schema, text: str) -> Iterator[Found]:
    of = schema.get("items", {}).get("type")
    written = (_fitted(one, of) for one in _literals(text) if isinstance(one, list))
    yield from _placed("list", written)
    if of == "string" or of is None:
        rows = [("after", one) for one in _AFTER.findall(text)[-1:]]
        rows += [("row", line) for line in text.splitlines() if "," in line]
        for at, row in rows:
            yield at, [part.strip().strip("'\"`.") for part in row.split(",")]
        yield "after, words", _apart(text)
    if of in ("integer", "number"):
        yield "numbers", _fitted([one for _, one in _numbers(text)], of)


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


def _distinct(values: Iterable[Found]) -> list[Found]:
    """Each value from the first place where it stands."""
    found: dict[str, Found] = {}
    for at, value in itertools.islice(values, 200):
        found.setdefault(json.dumps(value, sort_keys=True, default=str), (at, value))
    return list(found.values())
