"""What an agent is told of a function."""

import json
from typing import Any

import pytest

from fnopt.library.function import Function, Library, read
from fnopt.library.schema import MAX_DESCRIPTION, description
from fnopt.library.schema import schema as schema_of
from fnopt.library.schema.tools import openai_tool


def library(source: str) -> Library:
    """A library of one module."""
    return read({"f/a.py": source.encode()})


def function(source: str) -> Function:
    """The one function of a source."""
    return library(source).functions[0]


def schema(source: str) -> dict[str, Any]:
    """The schema of the one function of a source."""
    one = library(source)
    return schema_of(one, one.functions[0])


def of_type(annotation: str) -> dict[str, Any]:
    """The schema of a parameter of that type."""
    given: dict[str, Any] = schema(f"def f(x: {annotation}): pass\n")
    return given["properties"]["x"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("str", {"type": "string"}),
        ("int", {"type": "integer"}),
        ("float", {"type": "number"}),
        ("bool", {"type": "boolean"}),
        ("None", {"type": "null"}),
        ("list", {"type": "array"}),
        ("list[int]", {"type": "array", "items": {"type": "integer"}}),
        ("List[Any]", {"type": "array"}),
        ("typing.Sequence[str]", {"type": "array", "items": {"type": "string"}}),
        ("dict", {"type": "object"}),
        (
            "dict[str, float]",
            {"type": "object", "additionalProperties": {"type": "number"}},
        ),
        (
            "set[str]",
            {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
        ),
        ("tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
        (
            "tuple[int, str]",
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        ("int | None", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("Optional[int]", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (
            "Union[int, str, None]",
            {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
        ),
        ("int | Unknown", {}),
        ("Literal['a', 'b']", {"type": "string", "enum": ["a", "b"]}),
        ("Literal[1, 'b', None]", {"enum": [1, "b", None]}),
        ("Literal[True]", {"type": "boolean", "enum": [True]}),
        ("Annotated[int, 'a number']", {"type": "integer", "description": "a number"}),
        ("'list[int]'", {"type": "array", "items": {"type": "integer"}}),
        ("'not ( a type'", {}),
        ("date", {"type": "string", "format": "date"}),
        ("datetime.datetime", {"type": "string", "format": "date-time"}),
        ("numpy.ndarray", {}),
        ("Unknown", {}),
        ("Unknown[int]", {}),
        ("Any", {}),
        ("list[" * 100 + "int" + "]" * 100, None),
    ],
)
def test_types_are_said_in_json_schema(annotation: str, expected: dict[str, Any] | None) -> None:
    """What is not understood allows everything, rather than something wrong."""
    found = of_type(annotation)
    assert expected is None or found == expected


def test_parameters_without_default_are_required() -> None:
    """Defaults that JSON can say are said; the others only make the parameter optional."""
    source = "def f(a, /, b: int, c: str = 'x', *, d, e: float = inf, g: list = [1]): pass\n"
    made = schema(source)
    assert made["required"] == ["a", "b", "d"]
    assert made["properties"]["c"] == {"type": "string", "default": "x"}
    assert made["properties"]["e"] == {"type": "number"}
    assert made["properties"]["g"]["default"] == [1]
    assert made["additionalProperties"] is False


def test_defaults_that_json_would_change_are_not_said() -> None:
    """Sets, tuples, bytes, infinities and half characters have no JSON."""
    source = "def f(a=(1,), b={1}, c=b'x', d=1e999, e='\\ud800', g={1: 2}): pass\n"
    made = schema(source)
    assert all(one == {} for one in made["properties"].values())
    assert made["required"] == []


def test_stars_are_no_parameters() -> None:
    """``*args`` cannot be said; ``**kwargs`` opens the object."""
    made = schema("def f(a, *args, **kwargs): pass\n")
    assert list(made["properties"]) == ["a"]
    assert made["additionalProperties"] is True


GOOGLE = (
    "Do it.\n\n    Args:\n        a: The first,\n            and more.\n"
    "        b (int): The second."
)
NUMPY = (
    "Do it.\n\n    Parameters\n    ----------\n    a : str\n        The first,\n        and more.\n"
    "    b : int\n        The second."
)
SPHINX = "Do it.\n\n    :param a: The first, and more.\n    :param int b: The second."


@pytest.mark.parametrize("doc", [GOOGLE, NUMPY, SPHINX])
def test_arguments_are_described_by_the_docstring(doc: str) -> None:
    """Google, NumPy and Sphinx style say the same; the description leaves the arguments out."""
    source = f'def f(a: str, b: int):\n    """{doc}\n    """\n'
    one = function(source)
    properties = schema(source)["properties"]
    assert properties["a"]["description"] == "The first, and more."
    assert properties["b"]["description"] == "The second."
    assert description(one) == "Do it."


def test_a_tool_is_what_openai_takes() -> None:
    """Type, name, description and parameters; JSON all through."""
    one = library('def f(a: int) -> int:\n    """Do it.\n\n    Returns:\n        N."""\n')
    tool = openai_tool(one, one.functions[0])
    assert tool["type"] == "function"
    assert tool["function"]["name"] == "f"
    assert tool["function"]["description"] == "Do it.\n\nReturns: N."
    json.dumps(tool)


def test_without_a_docstring_the_signature_describes() -> None:
    """An agent is told at least how to call it."""
    assert description(function("def f(a: int) -> int: pass\n")) == "f(a: int) -> int"


def test_a_long_docstring_is_cut() -> None:
    """OpenAI refuses longer descriptions."""
    one = function(f'def f():\n    """{"x " * 2_000}"""\n')
    assert len(description(one)) == MAX_DESCRIPTION


def test_changing_a_schema_does_not_change_the_next() -> None:
    """Every call gives a value of its own."""
    source = "def f(a: int): pass\n"
    schema(source)["properties"].clear()
    assert "a" in schema(source)["properties"]
