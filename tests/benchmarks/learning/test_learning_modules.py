"""From what models and rivals write to modules that fnopt's agent can be offered."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.learning.described import library_of, module
from benchmarks.learning.modules import code_of, functions
from benchmarks.learning.reflective import PATH
from benchmarks.learning.reflective import library_of as reflected
from benchmarks.learning.stand import EMPTY

from fnopt.library.schema.tools import openai_tool

FIRST = "def first(n):\n    return _helper(n)"
HELPER = "def _helper(n):\n    return SHIFT + n"


def described(code: str, name: str = "first", **more: Any) -> dict[str, Any]:
    """A function as AutoGen has it."""
    arguments = {"n": {"type": "integer", "description": "A number."}}
    return {"name": name, "description": "Shift it.", "arguments": arguments, "code": code, **more}


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("x = 1", "x = 1"),
        ("Here:\n```python\nx = 1\n```\nDone.", "x = 1\n"),
        ("```python\nx = 1\n```\nand\n```py\ny = 2\n```", "x = 1\n\n\ny = 2\n"),
        ("```json\n{}\n```\n```python\nx = 1\n```", "x = 1\n"),
        ("```python\nx = 1\n", "x = 1\n"),
    ],
)
def test_the_code_of_a_reply(reply: str, code: str) -> None:
    """Its Python blocks, the last closed or not; all of it where there is none."""
    assert code_of(reply) == code


def test_each_function_has_what_its_module_gives_it() -> None:
    """Imports, constants and private helpers go along; other functions and what runs do not."""
    text = (
        f"import math\nSHIFT = 3\n{HELPER}\n{FIRST}\ndef second(n):\n    return n\nprint(first(1))"
    )
    found = dict(functions(text))
    assert list(found) == ["first", "second"]
    assert found["first"] == f"import math\nSHIFT = 3\n\n{HELPER}\n\n{FIRST}\n"


def test_a_module_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    """The functions before the cut are whole; what is no Python at all gives none."""
    assert [name for name, _ in functions(f"{FIRST}\n\ndef second(n):\n    return (n +")] == [
        "first"
    ]
    assert list(functions("no, I cannot")) == []


def test_a_described_function_is_typed_by_its_schema() -> None:
    """Types become annotations and the description the docstring, so that the agent sees both."""
    library = library_of([described(f"SHIFT = 3\n{HELPER}\n{FIRST}")])
    (function,) = library.functions
    about = openai_tool(library, function)["function"]
    assert (about["name"], about["description"]) == ("first", "Shift it.")
    assert about["parameters"]["properties"]["n"]["type"] == "integer"


@pytest.mark.parametrize(
    ("schema", "annotation"),
    [
        ({"type": "string"}, "str"),
        ({"type": "number"}, "float"),
        ({"type": "array", "items": {"type": "integer"}}, "list[int]"),
        ({"type": "array"}, "list"),
        ({"type": ["string", "null"]}, ""),
        ({}, ""),
        ("a number", ""),
    ],
)
def test_the_types_of_a_schema(schema: Any, annotation: str) -> None:
    """What a schema says of a type; where it says none, the parameter has none."""
    text = module(described("def first(n):\n    return n", arguments={"n": schema}))
    wanted = f"n: {annotation}" if annotation else "n"
    assert f"def first({wanted}):" in text


def test_annotations_of_the_code_stay() -> None:
    """What the code says itself is better than what its schema says."""
    assert "def first(n: str)" in module(described("def first(n: str):\n    return n"))


def test_only_the_named_function_is_offered() -> None:
    """Other functions of its code become private, with all who use them."""
    code = "def twice(n):\n    return 2 * n\n\ndef first(n):\n    return twice(n) + len('twice')"
    library = library_of([described(code)])
    assert [function.name for function in library.functions] == ["first"]
    assert "return _twice(n) + len('twice')" in module(described(code))


@pytest.mark.parametrize(
    "one",
    [
        described("def other(n):\n    return n"),
        described("def first(n:"),
        described("def first(n):\n    return n", name="no name"),
        {**described("def first(n):\n    return n"), "name": None},
    ],
)
def test_what_cannot_be_called_is_not_offered(one: dict[str, Any]) -> None:
    """Code that does not define its name, no Python, or no name: nothing to offer."""
    assert library_of([one]).functions == ()


def test_the_right_code_stands_behind_each_name() -> None:
    """Two functions are two modules, each with its own code."""
    one = described("def first(n):\n    return 1")
    two = described("def second(n):\n    return 2", name="second")
    sources = {f.name: f.source for f in library_of([one, two]).functions}
    assert "return 1" in sources["first"]
    assert "return 2" in sources["second"]
    assert library_of([]) == EMPTY


def test_a_candidate_is_one_module() -> None:
    """As it was written; what cannot be read is told, and a comment alone is no function."""
    text = "def first(n: int) -> int:\n    return n\n"
    library, why = reflected(text)
    assert (dict(library.files), why) == ({PATH: text.encode()}, "")
    library, why = reflected("def first(n:")
    assert library == EMPTY
    assert why
    assert reflected("# nothing yet") == (EMPTY, "")
