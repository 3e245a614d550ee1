"""Where the names of annotations lead, what comes back, and the dialects."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fnopt.library.function import Library, read
from fnopt.library.schema import result_schema, schema
from fnopt.library.schema.strict import strict
from fnopt.library.schema.tools import mcp_tool, openai_strict_tool, openai_tool

SHAPES = b'''"""Shapes."""

from dataclasses import dataclass
from enum import Enum


class Unit(Enum):
    """A unit of length."""

    METRE = "m"
    FOOT = "ft"


@dataclass
class Point:
    """A place in the plane.

    Attributes:
        x: To the right.
        unit: What it is measured in.
    """

    x: float
    unit: Unit = Unit.METRE
    """This is read, too."""


ZERO = 0
'''


def library(source: str, **more: bytes) -> Library:
    """A library of the module ``f`` and others."""
    files = {f"functions/{name}.py": data for name, data in more.items()}
    return read({"functions/f.py": source.encode(), **files})


def of_x(source: str, **more: bytes) -> dict[str, Any]:
    """The schema of the argument ``x`` of the function ``f``."""
    one = library(source, **more)
    function = one.get("f")
    assert function is not None
    found: dict[str, Any] = schema(one, function)["properties"]["x"]
    return found


@pytest.mark.parametrize(
    "imports",
    [
        "from functions.shapes import Point",
        "from .shapes import Point",
        "from functions import shapes\nPoint = shapes.Point",
        "import functions.shapes\nPoint = functions.shapes.Point",
        "from functions.more import Point",
        "try:\n    from functions.shapes import Point\nexcept ImportError:\n    Point = None",
        "from typing import *\nif TYPE_CHECKING:\n    from functions.shapes import Point",
    ],
)
def test_a_class_is_found_through_imports(imports: str) -> None:
    """In another module of the library, however it is imported; its words come along."""
    more = {"shapes": SHAPES, "more": b"from functions.shapes import Point as Point\n"}
    found = of_x(f"{imports}\n\n\ndef f(x: 'Point') -> int: ...\n", **more)
    assert found == {
        "type": "object",
        "description": "A place in the plane.",
        "properties": {
            "x": {"type": "number", "description": "To the right."},
            "unit": {
                "type": "string",
                "enum": ["m", "ft"],
                "default": "m",
                "description": "What it is measured in.",
            },
        },
        "required": ["x"],
        "additionalProperties": False,
    }


def test_constants_and_members_are_defaults() -> None:
    """A default that a name stands for is said as its value."""
    source = "from functions.shapes import Unit, ZERO\n\n\ndef f(x: {}) -> int: ...\n"
    assert of_x(source.format("int = ZERO"), shapes=SHAPES)["default"] == 0
    assert of_x(source.format("Unit = Unit.FOOT"), shapes=SHAPES)["default"] == "ft"


@pytest.mark.parametrize(
    "source",
    [
        "from elsewhere import Point\ndef f(x: Point) -> int: ...\n",
        "import numpy as np\ndef f(x: np.ndarray) -> int: ...\n",
        "class Point:\n    def __init__(self): ...\n\ndef f(x: Point) -> int: ...\n",
        "def Point(): ...\ndef f(x: Point) -> int: ...\n",
        "from functions.shapes import nothing\ndef f(x: nothing) -> int: ...\n",
        "import functions.shapes\ndef f(x: functions.shapes) -> int: ...\n",
        "Point = Point\ndef f(x: Point) -> int: ...\n",
        "from functions.f import Point\ndef f(x: Point) -> int: ...\n",
        "class A(A):\n    x: int\ndef f(x: A) -> int: ...\n",
        "class A(B):\n    x: int\nclass B(A):\n    y: int\ndef f(x: A) -> int: ...\n",
        "from enum import Enum\nclass A(Enum):\n    X = object()\n    Y = X()\n"
        "def f(x: 'A.X') -> int: ...\n",
    ],
)
def test_what_is_not_understood_allows_everything(source: str) -> None:
    """Foreign classes, plain classes, names that lead nowhere or in a circle."""
    assert of_x(source, shapes=SHAPES) == {}


def test_a_builtins_name_means_what_the_module_makes_of_it() -> None:
    """A class of one's own is not typing's of the same name."""
    source = "from dataclasses import dataclass\n\n@dataclass\nclass Set:\n    a: int\n\n"
    assert of_x(f"{source}def f(x: Set) -> int: ...\n")["type"] == "object"


def test_an_enum_whose_values_json_cannot_say_goes_by_name() -> None:
    """The sandbox takes either, and the names can be said."""
    source = "from enum import Enum\n\nclass C(Enum):\n    RED = (255, 0)\n    BLUE = (0, 255)\n\n"
    assert of_x(f"{source}def f(x: C) -> int: ...\n") == {"type": "string", "enum": ["RED", "BLUE"]}


def test_what_is_used_once_stands_in_its_place_and_the_rest_is_shared() -> None:
    """Many uses of many classes do not multiply."""
    classes = "".join(
        f"@dataclass\nclass C{n}:\n    a: C{n + 1}\n    b: C{n + 1}\n    c: C{n + 1}\n\n"
        for n in range(40)
    )
    last = "@dataclass\nclass C40:\n    a: int\n\n"
    source = f"from dataclasses import dataclass\n\n{classes}{last}def f(x: C0) -> int: ...\n"
    one = library(source)
    made = schema(one, one.functions[0])
    Draft202012Validator.check_schema(made)
    assert len(str(made)) < 20_000
    assert "$ref" not in made["properties"]["x"]


def test_two_classes_of_one_name_are_told_apart() -> None:
    """Each is found under a name of its own."""
    source = (
        "from functions import b, shapes\n\n\n"
        "def f(x: tuple[shapes.Point, b.Point, shapes.Point, b.Point]) -> int: ...\n"
    )
    other = b"from dataclasses import dataclass\n\n\n@dataclass\nclass Point:\n    z: int\n"
    one = library(source, shapes=SHAPES, b=other)
    function = one.get("f")
    assert function is not None
    assert set(schema(one, function)["$defs"]) == {"Point", "Point_2"}


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("int", {"type": "integer"}),
        ("None", {"type": "null"}),
        ("Decimal", "string"),
        ("Iterator[int]", {"type": "array", "items": {"type": "integer"}}),
        ("Generator[str, None, None]", {"type": "array", "items": {"type": "string"}}),
        ("tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
        ("Unknown", {}),
    ],
)
def test_a_result_is_said_as_it_comes_back(annotation: str, expected: object) -> None:
    """Generators are lists, and decimals texts, when they leave the sandbox."""
    one = library(f"def f() -> {annotation}: ...\n")
    found = result_schema(one, one.functions[0])
    assert found == expected or found.get("type") == expected


def test_mcp_gets_an_object_for_a_result() -> None:
    """What is no object stands under ``result``; what is not known has no schema."""
    of = {
        text: mcp_tool(one, one.functions[0])
        for text in ("int", "dict[str, int]", "Any", "'Node'")
        for one in [library(f"{NODE}def f(a: int) -> {text}:\n    'Do it.'\n")]
    }
    assert of["int"]["outputSchema"] == {
        "type": "object",
        "properties": {"result": {"type": "integer"}},
        "required": ["result"],
    }
    assert of["dict[str, int]"]["outputSchema"] == {
        "type": "object",
        "additionalProperties": {"type": "integer"},
    }
    assert "outputSchema" not in of["Any"]
    assert of["'Node'"]["outputSchema"]["type"] == "object"
    assert of["int"]["inputSchema"]["required"] == ["a"]
    for tool in of.values():
        assert (tool["name"], tool["description"]) == ("f", "Do it.")
        Draft202012Validator.check_schema(tool.get("outputSchema", {}))


NODE = (
    "from dataclasses import dataclass\n\n@dataclass\nclass Node:\n    value: int\n"
    "    children: list['Node']\n\n"
)


def test_strict_mode_says_what_null_stands_for() -> None:
    """What may be left out may be null; the default is told in words."""
    one = library(
        'def f(a: int, b: str = "x", c: int | None = None) -> int:\n'
        '    """Do it.\n\n    Args:\n        b: The word.\n    """\n'
    )
    tool = openai_strict_tool(one, one.functions[0])
    assert isinstance(tool, dict)
    assert tool["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "a": {"type": "integer"},
            "b": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "description": "The word. If null: 'x'.",
            },
            "c": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "required": ["a", "b", "c"],
        "additionalProperties": False,
    }
    assert "strict" not in openai_tool(one, one.functions[0])["function"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def f(a, b: int) -> int: ...\n", "a may be anything"),
        ("def f(a: int, **more: int) -> int: ...\n", "the arguments may have keys of any name"),
        ("def f(a: " + "list[" * 12 + "int" + "]" * 12 + ") -> int: ...\n", "13 levels, of which"),
        (f"def f({', '.join(f'a{n}: int' for n in range(5_001))}): ...\n", "5,001 properties, of"),
        (
            f"from typing import Literal\ndef f(a: Literal{list(range(1_001))}): ...\n",
            "1,001 values",
        ),
    ],
)
def test_strict_mode_is_refused_with_the_reason(source: str, why: str) -> None:
    """OpenAI's limits and rules, each with what breaks it."""
    one = library(source)
    told = openai_strict_tool(one, one.functions[0])
    assert isinstance(told, str)
    assert told.startswith(why)


def test_strict_mode_keeps_recursion() -> None:
    """A class that holds itself is closed at each level."""
    one = library(f"{NODE}def f(x: Node) -> int: ...\n")
    made = strict(schema(one, one.functions[0]))
    assert isinstance(made, dict)
    validator = Draft202012Validator(made)
    leaf: dict[str, Any] = {"value": 2, "children": []}
    assert validator.is_valid({"x": {"value": 1, "children": [leaf]}})
    assert not validator.is_valid({"x": {"value": 1, "children": [{**leaf, "more": 1}]}})
