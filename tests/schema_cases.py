"""What each type allows and what not: the table by which schemas are judged.

A case is a module with one function ``f`` of one parameter ``x``. ``good`` are values, as JSON has
them, that a caller may rightly give; ``bad`` those that it may not. What is right is Python's
typing and, for limits, what they say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """``annotation`` is that of ``x``, ``default`` its default; ``before`` is what stands above."""

    name: str
    annotation: str
    good: tuple[Any, ...]
    bad: tuple[Any, ...]
    before: str = ""
    default: str = ""

    @property
    def source(self) -> str:
        """The module's text."""
        default = f" = {self.default}" if self.default else ""
        return (
            f"{IMPORTS}\n{self.before}\n\ndef f(x: {self.annotation}{default}) -> int:\n"
            '    """Do it.\n\n    Args:\n        x: What it is given.\n    """\n    return 1\n'
        )


IMPORTS = """\
import dataclasses
import enum
from collections import deque, Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum, auto
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypeAlias, Union
from uuid import UUID

from annotated_types import Ge, Gt, Interval, Le, Len, Lt, MaxLen, MinLen, MultipleOf
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, RootModel
from typing_extensions import NotRequired, Required, TypedDict
"""

POINT = "@dataclass\nclass Point:\n    x: int\n    y: int = 0\n"
NODE = "@dataclass\nclass Node:\n    value: int\n    children: list['Node']\n"
COLOUR = "class Colour(Enum):\n    RED = 'red'\n    BLUE = 'blue'\n"
LEVEL = "class Level(IntEnum):\n    LOW = 1\n    HIGH = auto()\n"
SIDE = "class Side(StrEnum):\n    LEFT = auto()\n    RIGHT = auto()\n"
FILM = "class Film(TypedDict):\n    title: str\n    year: NotRequired[int]\n"
LOOSE = "class Loose(TypedDict, total=False):\n    a: Required[int]\n    b: str\n"
PAIR = "class Pair(NamedTuple):\n    first: int\n    second: str = ''\n"
USER = (
    "class User(BaseModel):\n    name: str = Field(min_length=1)\n"
    "    age: int = Field(ge=0, le=150)\n    tags: list[str] = Field(default_factory=list)\n"
)
SHUT = "class Shut(BaseModel):\n    model_config = ConfigDict(extra='forbid')\n    a: int\n"
NAMED = "class Named(BaseModel):\n    start: date = Field(alias='from')\n"
DEEP = (
    f"{POINT}\n@dataclass\nclass Line:\n    a: Point\n    b: Point\n    label: str | None = None\n"
)
BASE = "@dataclass\nclass Base:\n    a: int\n\n@dataclass\nclass Child(Base):\n    b: str = ''\n"

CASES = (
    Case("str", "str", ("", "a"), (1, None, True, ["a"], {})),
    Case("int", "int", (0, -3), (1.5, "a", None, [1])),
    Case("float", "float", (0, 1.5, -2), ("a", None, [])),
    Case("bool", "bool", (True, False), (2, "yes", None)),
    Case("None", "None", (None,), (0, "", False)),
    Case("any", "Any", (1, "a", None, [], {}), ()),
    Case("list", "list", ([], [1, "a"]), (1, {}, "a")),
    Case("list of int", "list[int]", ([], [1, 2]), (["a"], [1.5], 1, None)),
    Case("list of lists", "list[list[float]]", ([[1.5], []],), ([1], [["a"]])),
    Case("Sequence", "Sequence[str]", (["a"],), ([1], {})),
    Case("Iterable", "Iterable[int]", ([1],), (["a"], 1)),
    Case("deque", "deque[int]", ([1],), (["a"], 1)),
    Case("dict", "dict", ({}, {"a": 1}), ([], 1)),
    Case("dict of int", "dict[str, int]", ({}, {"a": 1}), ({"a": "b"}, [], 1)),
    Case("dict by int", "dict[int, str]", ({"1": "a"}, {}), ({"a": "b"}, {"1": 2})),
    Case("dict by choice", "dict[Literal['a', 'b'], int]", ({"a": 1},), ({"c": 1}, {"a": "x"})),
    Case("Mapping", "Mapping[str, float]", ({"a": 1.5},), ({"a": "b"}, [])),
    Case("OrderedDict", "OrderedDict[str, int]", ({"a": 1},), ({"a": "b"}, [])),
    Case("Counter", "Counter[str]", ({"a": 1},), ({"a": "b"}, [])),
    Case("pair", "tuple[int, str]", ([1, "a"],), ([1], [1, "a", 2], ["a", 1], 1)),
    Case("tuple of any length", "tuple[int, ...]", ([], [1, 2, 3]), (["a"], 1)),
    Case("empty tuple", "tuple[()]", ([],), ([1], 1)),
    Case("set", "set[str]", ([], ["a", "b"]), ([1], ["a", "a"], "a")),
    Case("frozenset", "frozenset[int]", ([1, 2],), ([1, 1], ["a"])),
    Case("Optional", "Optional[int]", (1, None), ("a", 1.5)),
    Case("or None", "int | None", (1, None), ("a",)),
    Case("union", "Union[int, str]", (1, "a"), (None, [], 1.5)),
    Case("union of containers", "list[int] | dict[str, int]", ([1], {"a": 1}), (["a"], {"a": "b"})),
    Case("Literal", "Literal['a', 'b']", ("a", "b"), ("c", 1, None)),
    Case("Literal of numbers", "Literal[1, 2]", (1, 2), (3, "1")),
    Case("Literal, mixed", "Literal['a', 1, None]", ("a", 1, None), ("b", 2)),
    Case("Literal of an Enum", "Literal[Colour.RED]", ("red",), ("blue", "RED"), COLOUR),
    Case("Enum", "Colour", ("red", "blue"), ("green", 1, None), COLOUR),
    Case("IntEnum with auto", "Level", (1, 2), (3, "LOW"), LEVEL),
    Case("StrEnum with auto", "Side", ("left", "right"), ("up", 1), SIDE),
    Case("list of Enum", "list[Colour]", (["red"], []), (["green"], "red"), COLOUR),
    Case(
        "dataclass",
        "Point",
        ({"x": 1}, {"x": 1, "y": 2}),
        ({}, {"x": "a"}, {"y": 1}, {"x": 1, "z": 3}, [1, 2], 1),
        POINT,
    ),
    Case("list of dataclass", "list[Point]", ([], [{"x": 1}]), ([{"y": 1}], {"x": 1}), POINT),
    Case("optional dataclass", "Point | None", (None, {"x": 1}), ({}, 1), POINT),
    Case(
        "dataclass of dataclasses",
        "Line",
        ({"a": {"x": 1}, "b": {"x": 2}}, {"a": {"x": 1}, "b": {"x": 2}, "label": None}),
        ({"a": {"x": 1}}, {"a": {}, "b": {"x": 2}}, {"a": {"x": 1}, "b": {"x": 2}, "label": 1}),
        DEEP,
    ),
    Case("dataclass that inherits", "Child", ({"a": 1}, {"a": 1, "b": "c"}), ({"b": "c"},), BASE),
    Case(
        "recursive dataclass",
        "Node",
        ({"value": 1, "children": [{"value": 2, "children": []}]},),
        ({"value": 1, "children": [{"value": "a", "children": []}]}, {"value": 1}),
        NODE,
    ),
    Case(
        "TypedDict", "Film", ({"title": "a"}, {"title": "a", "year": 1}), ({}, {"title": 1}), FILM
    ),
    Case("TypedDict, not total", "Loose", ({"a": 1}, {"a": 1, "b": "c"}), ({}, {"b": "c"}), LOOSE),
    Case("TypedDict, other keys", "Film", (), ({"title": "a", "director": "b"},), FILM),
    Case("NamedTuple", "Pair", ([1, "a"],), (["a", 1], [1, "a", 2], 1), PAIR),
    Case(
        "pydantic model",
        "User",
        ({"name": "a", "age": 3}, {"name": "a", "age": 3, "tags": ["b"]}),
        ({"name": "", "age": 3}, {"name": "a", "age": -1}, {"name": "a"}, {"age": 1}, 1),
        USER,
    ),
    Case("pydantic model, closed", "Shut", ({"a": 1},), ({"a": 1, "b": 2}, {}), SHUT),
    Case("pydantic alias", "Named", ({"from": "2024-02-29"},), ({"start": 1}, {}), NAMED),
    Case(
        "RootModel", "Scores", ({"a": 1},), ({"a": "b"}, 1), "Scores = RootModel[dict[str, int]]\n"
    ),
    Case("bounds", "Annotated[int, Ge(0), Le(9)]", (0, 9), (-1, 10, "a", 1.5)),
    Case("open bounds", "Annotated[float, Gt(0), Lt(1)]", (0.5,), (0, 1, "a")),
    Case("Interval", "Annotated[int, Interval(ge=1, lt=5)]", (1, 4), (0, 5)),
    Case("MultipleOf", "Annotated[int, MultipleOf(5)]", (0, 10), (3,)),
    Case("Len of a text", "Annotated[str, Len(1, 3)]", ("a", "abc"), ("", "abcd", 1)),
    Case("MinLen of a list", "Annotated[list[int], MinLen(1)]", ([1],), ([], ["a"])),
    Case(
        "MaxLen of a dict",
        "Annotated[dict[str, int], MaxLen(1)]",
        ({}, {"a": 1}),
        ({"a": 1, "b": 2},),
    ),
    Case("Field", "Annotated[str, Field(pattern='^a+$', max_length=3)]", ("aa",), ("b", "aaaa")),
    Case("bounds within", "list[Annotated[int, Ge(0)]]", ([0, 1],), ([-1],)),
    Case("bounds of an option", "Annotated[int, Ge(0)] | None", (None, 1), (-1, "a")),
    Case("PositiveInt", "PositiveInt", (1,), (0, -1, "a")),
    Case("NonNegativeInt", "NonNegativeInt", (0, 1), (-1,)),
    Case("date", "date", ("2024-02-29",), ("tomorrow", 1.5, None, "2024-13-01")),
    Case("datetime", "datetime", ("2024-02-29T12:30:00Z",), ("noon", None, "2024-02-30T12:00:00Z")),
    Case("time", "time", ("12:30:00Z",), ("noon", None)),
    Case("Decimal", "Decimal", (1, 1.5, "1.50", "-3"), ("a", None, [])),
    Case("UUID", "UUID", ("12345678-1234-5678-1234-567812345678",), ("a", 1)),
    Case("Path", "Path", ("a/b.txt",), (1, None)),
    Case("NewType", "Age", (3,), ("a", 1.5), "Age = NewType('Age', int)\n"),
    Case("alias", "Vector", ([1.5, 2],), (["a"], 1), "Vector = list[float]\n"),
    Case("explicit alias", "Vector", ([1.5],), (["a"],), "Vector: TypeAlias = 'list[float]'\n"),
    Case("quoted", "'list[int]'", ([1],), (["a"],)),
    Case("default", "int", (3,), ("a", None), default="3"),
    Case("default None", "Optional[str]", (None, "a"), (1,), default="None"),
    Case("implicit option", "int", (None, 1), ("a",), default="None"),
    Case("default that is an Enum's", "Colour", ("red",), ("x",), COLOUR, "Colour.RED"),
)
