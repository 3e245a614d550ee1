"""Arguments for a function out of the text of a question."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.train.arguments import MOST, candidates


def schema(**types: Any) -> dict[str, Any]:
    """A schema with these parameters, all required; a string stands for its type."""
    properties = {
        name: {"type": one} if isinstance(one, str) else one for name, one in types.items()
    }
    return {"type": "object", "properties": properties, "required": list(types)}


INTEGERS = {"type": "array", "items": {"type": "integer"}}
STRINGS = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("types", "question", "wanted"),
    [
        ({"n": "integer"}, "How many 1 bits are there in 1,337?", {"n": 1337}),
        ({"x": "number"}, "Round -2.5 to a whole number", {"x": -2.5}),
        (
            {"letter": "string", "text": "string"},
            'How often is the letter "s" in the text: "me see"?',
            {"letter": "s", "text": "me see"},
        ),
        ({"word": "string"}, "Spell this backward (example: sun -> nus): fox", {"word": "fox"}),
        ({"sum": "string"}, "Calculate -(2.5 + 3) * 4 / 2.", {"sum": "-(2.5 + 3) * 4 / 2"}),
        ({"sum": "string"}, "In 3 days, what is 0x1f << 2 - 1?", {"sum": "0x1f << 2 - 1"}),
        ({"text": "string"}, "Decrypt this text: ABC DEF. Say no more.", {"text": "ABC DEF"}),
        ({"numbers": INTEGERS}, "The LCM of these numbers: 60, 100", {"numbers": [60, 100]}),
        ({"words": STRINGS}, "Sort these words: be, at", {"words": ["be", "at"]}),
        ({"rows": {"type": "array"}}, "Sum [[1, 2], [3]] up", {"rows": [[1, 2], [3]]}),
        (
            {"number": "string", "base": "integer", "to": "integer"},
            "If it is > 10, use a-z above 9.\nConvert the base-6 number 2541 to base-13",
            {"number": "2541", "base": 6, "to": 13},
        ),
        ({"up": "boolean"}, "Is it so?", {"up": False}),
        ({"way": {"enum": ["up", "down"]}}, "Which way?", {"way": "down"}),
        ({"prices": {"type": "object"}}, "With {'a': 1} how much?", {"prices": {"a": 1}}),
    ],
)
def test_what_stands_in_the_question_is_tried(
    types: dict[str, Any], question: str, wanted: dict[str, Any]
) -> None:
    """Numbers, quoted texts, what follows a colon, lists, by each parameter's type."""
    assert wanted in [one.values for one in candidates(schema(**types), question)]


def test_arguments_come_in_the_order_of_the_text_first() -> None:
    """Two parameters of one type take two values, the first of them first."""
    first = candidates(schema(low="integer", high="integer"), "Primes between 7 and 90?")[0]
    assert first.values == {"low": 7, "high": 90}


def test_where_a_type_has_no_value_nothing_is_tried() -> None:
    """No number in the text; no parameters at all."""
    assert candidates(schema(n="integer"), "Which colour is it?") == []
    assert candidates(schema(), "What time is it? 12") == []


def test_only_what_is_required_is_given() -> None:
    """Defaults are the function's own business."""
    told = schema(n="integer", base="integer") | {"required": ["n"]}
    assert [one.values for one in candidates(told, "Convert 7")] == [{"n": 7}]


def test_what_chooses_between_cases_is_given_in_every_case() -> None:
    """With a default or without; a question may say in any words which it is: one place."""
    told = schema(words=STRINGS, down="boolean", order="string") | {"required": ["words"]}
    found = candidates(told, "Sort these words: be, at", {"order": ("asc", "desc")})
    begin = [one.values for one in found if one.values["words"] == ["be", "at"]]
    assert {(one["down"], one["order"]) for one in begin} == {
        (down, order) for down in (False, True) for order in ("asc", "desc")
    }
    assert {one.places[1:] for one in found} == {("choice", "choice")}


def test_words_behind_a_colon_are_tried_each() -> None:
    """Two strings that only white space parts; not the words of a sentence."""
    told = schema(one="string", other="string")
    assert candidates(told, "Are these alike:\nabc bcd")[0].values == {"one": "abc", "other": "bcd"}
    found = candidates(told, "Reverse this: a b c d")
    assert not any("word" in place for one in found for place in one.places if "after" in place)


@given(st.text(max_size=300))
def test_any_question_is_read(question: str) -> None:
    """Whatever it holds; what comes of it is JSON, and bounded."""
    told = schema(a="string", b=STRINGS, c="number", d=INTEGERS, e="object", f="integer")
    for types in (told, schema(a="string", b="string", c="string"), schema(d=INTEGERS)):
        found = candidates(types, question)
        assert len(found) <= MOST
        json.dumps([dict(one.values) for one in found])


def test_a_long_question_is_read_in_no_time() -> None:
    """Two megabytes of what each pattern likes best."""
    told = schema(a="string", b=STRINGS, c="number")
    began = time.process_time()
    for piece in ("[", "{'", "'a", ": ", "1,", "[[1],", "`"):
        candidates(told, piece * (2_000_000 // len(piece)))
    assert time.process_time() - began < 20
