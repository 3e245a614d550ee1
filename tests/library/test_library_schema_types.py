"""Where the names of annotations lead, what comes back, and the dialects."""

from __future__ import annotations

import json
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


def whole(source: str) -> dict[str, Any]:
    """The schema of the one function, which is a valid one."""
    one = library(source)
    made: dict[str, Any] = schema(one, one.functions[-1])
    Draft202012Validator.check_schema(made)
    return made


DATA = "from dataclasses import *\nfrom enum import *\nfrom typing import *\nimport attr\n\n"


def test_an_alias_and_the_classes_that_name_it() -> None:
    """Each finds the other under ``$defs``."""
    made = whole(
        f"{DATA}@dataclass\nclass Add:\n    l: 'Expr'\n    r: 'Expr'\n\n@dataclass\nclass Num:\n"
        "    v: int\n\nExpr = Add | Num\n\ndef f(x: Expr) -> int: ...\n"
    )
    leaf = {"v": 1}
    validator = Draft202012Validator(made)
    assert validator.is_valid({"x": {"l": leaf, "r": {"l": leaf, "r": leaf}}})
    assert not validator.is_valid({"x": {"l": leaf, "r": {"l": leaf}}})


@pytest.mark.parametrize(
    "source",
    [
        "A0 = int\n"
        + "".join(f"A{n + 1} = tuple[{', '.join([f'A{n}'] * 4)}]\n" for n in range(14))
        + "def f(x: A14) -> int: ...\n",
        "T0 = int\n"
        + "".join(
            f"T{n + 1} = TypedDict('T{n + 1}', {{'a': T{n}, 'b': T{n}, 'c': T{n}}})\n"
            for n in range(12)
        )
        + "def f(x: T12) -> int: ...\n",
        "".join(f"class C{n}({', '.join(f'C{m}' for m in range(n))}): ...\n" for n in range(12))
        + "def f(x: C11) -> int: ...\n",
        "class E(Enum):\n"
        + "".join(f"    A{n} = auto()\n" for n in range(4_000))
        + "\ndef f(x: E) -> int: ...\n",
        "M = M\ndef f(x: Annotated[int, M]) -> int: ...\n",
        f"def f(x: Annotated[int, Ge(0x{'f' * 5_000})]) -> int: ...\n",
        "def f(x: Annotated[float, Ge(1e999)]) -> int: ...\n",
        "class P(NamedTuple):\n    pass\n\ndef f(x: P) -> int: ...\n",
        "def f(x: Annotated[int, '\\ud800']) -> int: ...\n",
    ],
    ids=["aliases", "typed dicts", "bases", "enum", "itself", "huge", "infinite", "empty", "half"],
)
def test_no_text_is_too_much(source: str) -> None:
    """In time, within bounds, and in UTF-8."""
    made = whole(f"{DATA}{source}")
    assert len(json.dumps(made, allow_nan=False, ensure_ascii=False).encode()) < 100_000
    one = library(f"{DATA}{source}")
    openai_strict_tool(one, one.functions[-1])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class E(Enum):\n    A: int = 1\n    B = 2\n", {"type": "integer", "enum": [1, 2]}),
        ("class E(Enum):\n    A, B = 1, 2\n    C = 3\n", {"type": "integer", "enum": [1, 2, 3]}),
        ("class E(str, Enum):\n    A = auto()\n", {"type": "string", "enum": ["A"]}),
        ("class E(Enum):\n    A = 1\n    g = lambda x: 1\n", {"type": "integer", "enum": [1]}),
        ("if 1:\n    E = int\nelse:\n    E = str\n", {}),
        ("E = tuple[int, *tuple[str, ...]]\n", {"type": "array"}),
        ("@dataclass(init=False)\nclass E:\n    x: int\n", {}),
        ("@attr.s\nclass E:\n    x = attr.ib()\n", {}),
    ],
)
def test_odd_classes_are_said_as_they_are(source: str, expected: dict[str, Any]) -> None:
    """Or not at all."""
    assert whole(f"{DATA}{source}\ndef f(x: E) -> int: ...\n")["properties"]["x"] == expected


@pytest.mark.parametrize(
    ("source", "names", "required"),
    [
        ("@dataclass\nclass A:\n    x: int\nclass E(A):\n    y: int\n", ["x"], ["x"]),
        ("@dataclass\nclass E:\n    x: int\n    y: 'ClassVar[int]' = 1\n", ["x"], ["x"]),
        (
            "@dataclass\nclass A:\n    x: int = 0\n\n@dataclass\nclass E(A):\n"
            "    x: int = field(init=False)\n    y: int = 1\n",
            ["y"],
            [],
        ),
        ("@attr.define\nclass E:\n    _x: int\n", ["x"], ["x"]),
    ],
)
def test_fields_are_what_can_be_given(source: str, names: list[str], required: list[str]) -> None:
    """What ``__init__`` does not take is not offered."""
    made = whole(f"{DATA}{source}\ndef f(x: E) -> int: ...\n")["properties"]["x"]
    assert (list(made["properties"]), made["required"]) == (names, required)
