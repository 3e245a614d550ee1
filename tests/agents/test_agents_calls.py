"""Calls that a model wrote as text, and arguments in every state."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.agents.calls import arguments_of, calls_alone, calls_in_text

CALL = '{"name": "f", "arguments": {"a": 1}}'
ONE = [("f", '{"a": 1}')]


@pytest.mark.parametrize(
    "text",
    [
        CALL,
        f"I call it.\n{CALL}\nThat should do.",
        f"```json\n{CALL}\n```",
        f"```\n{CALL}\n```",
        f"<tool_call>\n{CALL}\n</tool_call>",
        '{{"name": "f", "arguments": {{"a": 1}}}}',
        '{{"name": "f", "arguments": {"a": 1}}}',
        'Use {x} and {{y}}: ```json\n{{"name": "f", "arguments": {{"a": 1}}}}\n```',
        f"[{CALL}]",
        f"[{CALL}, {CALL}]",
        f"{CALL}\n{CALL}",
        f'{{"tool_calls": [{{"type": "function", "function": {CALL}}}]}}',
        f'{{"tool_calls": [{CALL}]}}',
        f'{{"function": {CALL}}}',
        '{"name": "functions.f", "arguments": {"a": 1}}',
        '{"name": "f", "parameters": {"a": 1}}',
        '{"function": "f", "args": {"a": 1}}',
        '{"tool": "f", "input": {"a": 1}}',
        '{"action": "f", "action_input": {"a": 1}}',
        '{"name": "f", "arguments": "{\\"a\\": 1}"}',
        '{\n  "name": "f",\n  "arguments": {\n    "a": 1\n  }\n}',
    ],
)
def test_a_call_is_read_in_whatever_dress(text: str) -> None:
    """Fence, tags, doubled braces, lists, wrappers and other words for the keys are understood."""
    assert [(name, json.dumps(json.loads(a))) for name, a in calls_in_text(text, ["f"])] == ONE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The set {1, 2} and the list [1, 2].",
        'The result is {"a": 1}.',
        '["f"]',
        '["x", ["f", {"a": 1}]]',
        '{"name": "other", "arguments": {"a": 1}}',
        '{"name": "f"}',
        '{"name": "f", "age": 3}',
        '{"name": "f", "arguments": null}',
        '{"name": 5, "arguments": {"a": 1}}',
        "f(a=1)",
        r"\frac{1}{2} + {x}",
        '{"arguments": {"name": "f", "x": 1}}',
    ],
)
def test_prose_and_other_json_is_no_call(text: str) -> None:
    """Braces, lists, unknown functions and a name without arguments are left alone."""
    assert calls_in_text(text, ["f"]) == []


def test_arguments_as_python_writes_them_are_a_call() -> None:
    """A small model takes a list over as it stands in the question, single quotes and all, and
    writes what it expects behind it."""
    text = """{"name": "f", "arguments": {"xs": ['1', "it's {x}"], "y": 2.5}, "return": ['1']}"""
    [(name, found)] = calls_in_text(text, ["f"])
    assert (name, json.loads(found)) == ("f", {"xs": ["1", "it's {x}"], "y": 2.5})
    alone = "```json\n{'name': 'g', 'arguments': {'b': True, 'c': None}}\n```"
    assert calls_alone(alone) == [("g", '{"b": true, "c": null}')]


@pytest.mark.parametrize(
    ("written", "value"),
    [("28 * 59", 1652), ("1 + 2 * -3", -5), ("(2 - 0.5) * 2", 3.0), ("[1 + 1, 'x']", [2, "x"])],
)
def test_sums_and_products_of_numbers_are_worked_out(written: str, value: object) -> None:
    """A small model that needs two calls writes the first into the second."""
    text = f'{{"name": "add", "arguments": {{"a": {written}, "b": 718}}}}'
    [(name, found)] = calls_in_text(text, ["add"])
    assert (name, json.loads(found)) == ("add", {"a": value, "b": 718})


@pytest.mark.parametrize(
    "arguments",
    [
        *("{1, 2}", "{'a': {1}}", "{'a': b''}", "{'a': f()}", r"{'\x': 1}"),
        *("{'a': 2 ** 9}", "{'a': 1 / 2}", "{'a': 'x' * 3}", "{'a': True + 1}", "{'a': b + 1}"),
        f"{{'a': {'9' * 19} * 2}}",
        f"{{'a': {' * '.join(['999999'] * 9)}}}",
        f"{{'a': {'-' * 5000}1 + 1}}",
    ],
)
def test_python_that_json_does_not_have_is_no_call(arguments: str) -> None:
    """Sets, bytes, calls, escapes and any other arithmetic are left alone."""
    assert calls_in_text(f'{{"name": "f", "arguments": {arguments}}}', ["f"]) == []


def test_braces_in_strings_and_nested_arguments_are_kept() -> None:
    """What stands in a string is never taken apart, doubled braces included."""
    arguments = {"a": 'x } { {{ }} "y" ```', "b": {"name": "f", "arguments": {"deep": [1, {}]}}}
    text = f"Call: {json.dumps({'name': 'f', 'arguments': arguments})} done"
    [(name, found)] = calls_in_text(text, ["f"])
    assert (name, json.loads(found)) == ("f", arguments)


def test_distinct_calls_come_in_their_order() -> None:
    """Two different calls are two, also when every brace is doubled."""
    other = '{"name": "g", "arguments": {"b": 2}}'
    expected = [("f", '{"a": 1}'), ("g", '{"b": 2}')]
    text = f"{CALL}\n{other}\n{CALL}"
    assert calls_in_text(text, ["f", "g"]) == expected
    assert calls_in_text(text.replace("{", "{{").replace("}", "}}"), ["f", "g"]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{" * 100_000,
        "[" * 100_000,
        "{{" * 50_000,
        '{"' * 50_000,
        '{"a":' * 20_000,
        '[{"a":' * 16_000,
        '{"a":[' * 16_000,
        "[1," * 33_000,
        '[{"' * 33_000,
        '{"name": "f", "arguments": {' * 4_000,
        "{" + " " * 100_000,
    ],
)
def test_hostile_text_is_searched_in_no_time(text: str) -> None:
    """A text of nothing but beginnings costs no more than a second."""
    start = time.process_time()
    assert calls_in_text(text, ["f"]) == []
    assert time.process_time() - start < 1.0


def test_a_call_behind_many_braces_is_found() -> None:
    """Formulae before a call do not use up the search."""
    assert calls_in_text(r"\frac{1}{2}" * 2_000 + CALL, ["f"]) == ONE


@pytest.mark.parametrize("depth", [200, 900, 990, 5_000])
def test_endless_nesting_is_survived(depth: int) -> None:
    """Lists and objects that nest beyond Python's stack raise nothing."""
    for opening, closing in (("[", "]"), ('{"function":', "}"), ('{"tool_calls":[', "]}")):
        calls_in_text(opening * depth + CALL + closing * depth, ["f"])
    calls_in_text('{"name": "f", "arguments": ' + "[" * depth + "]" * depth + "}", ["f"])
    arguments_of('{"a": ' + "[" * depth + "]" * depth + "}")


@given(st.text(alphabet='{}[]":, \\\n`fname1', max_size=200))
def test_any_text_is_survived(text: str) -> None:
    """No text raises, and what is found is a call of a known function."""
    assert all(name == "f" for name, _ in calls_in_text(text, ["f"]))
    assert isinstance(arguments_of(text), dict | str)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '{{"a": 1}}',
        '"{\\"a\\": 1}"',
        json.dumps(json.dumps('{"a": 1}')),
        '```json\n{"a": 1}\n```',
        ' {"a": 1}\n',
    ],
)
def test_arguments_are_mended_where_that_is_safe(text: str) -> None:
    """Doubled braces, a string twice encoded and a fence are undone."""
    assert arguments_of(text) == {"a": 1}


def test_no_arguments_are_an_empty_object() -> None:
    """A function without parameters is called with nothing."""
    assert arguments_of("") == {}


@pytest.mark.parametrize("text", ["[1, 2]", "5", "null", "a=1", '{"a": 1', '"just words"', "{'a'}"])
def test_what_is_no_object_is_told_with_its_beginning(text: str) -> None:
    """The model is told what was expected and what it sent."""
    said = arguments_of(text)
    assert isinstance(said, str)
    assert "one JSON object" in said


def test_what_is_wrong_is_said_briefly() -> None:
    """A megabyte of something else is not sent back."""
    said = arguments_of("x" * 1_000_000)
    assert isinstance(said, str)
    assert len(said) < 500


def test_a_call_that_has_no_end_counts_when_its_arguments_have_one() -> None:
    """As models write it that go on with the result which they expect, until they are cut off."""
    cut = '```json\n{\n "name": "f",\n "arguments": {"x": 1},\n "result": "2 x 2 x 2'
    assert calls_in_text(cut, ["f"]) == [("f", '{"x": 1}')]
    assert calls_in_text(cut, ["g"]) == []
    assert calls_in_text('{"name": "f", "arguments": {"x": "2 x 2', ["f"]) == []
    assert calls_in_text('{"name": "f", "arguments": {"x": 1' * 20_000, ["f"]) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "gone", "arguments": {"word": "x"}}',
        '```json\n{"name": "gone", "arguments": {"word": "x"}}\n```\nwhich gives x',
        '  {"function": "gone", "args": {"word": "x"}, "result": "x x x',
    ],
)
def test_a_reply_that_is_a_call_is_one_whatever_it_calls(text: str) -> None:
    """Its end may be missing, as above."""
    assert calls_alone(text) == [("gone", '{"word": "x"}')]


@pytest.mark.parametrize(
    "text",
    [
        'Say {"name": "gone", "arguments": {}}',
        '{"name": "Ann", "age": 3}',
        '{"name": "gone", "arguments": {"word": "x',
        '{"name": "gone", "arguments": "x"}',
        "[1, 2]",
        "",
    ],
)
def test_what_only_looks_like_a_call_is_none(text: str) -> None:
    """Prose around it, other objects, arguments that have no end or are none."""
    assert calls_alone(text) == []
