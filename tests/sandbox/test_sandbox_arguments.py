"""What a schema accepts arrives as the annotation says: JSON in, Python's own values out."""

from __future__ import annotations

import sys
import types
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter
from schema_cases import CASES, Case

from fnopt.sandbox import sandbox
from fnopt.sandbox.arguments import WrongArguments, bind, signature_of
from fnopt.sandbox.values import to_json


def function(source: str) -> Any:
    """The function ``f`` of a module's text; it is ours, so it may run here."""
    module = types.ModuleType("a_case")
    sys.modules["a_case"] = module  # dataclasses look their module up
    exec(compile(source, "a_case", "exec", dont_inherit=True), module.__dict__)
    return module.f


def given(of: Any, **arguments: Any) -> dict[str, Any]:
    """What the function would be called with."""
    return dict(bind("f", signature_of(of), arguments).arguments)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_value_arrives_as_its_type(case: Case) -> None:
    """Each right value of the table passes pydantic's strict check, and can go back as JSON."""
    of = function(case.source)
    check = TypeAdapter(get_type_hints(of, include_extras=True)["x"])
    for value in case.good:
        arrived = given(of, x=value)["x"]
        if not (arrived is None and case.default):
            check.validate_python(arrived, strict=True)
        to_json(arrived)


POINT = (
    "from dataclasses import dataclass\nfrom typing import *\n"
    "@dataclass\nclass Point:\n    x: int\n    y: int = 7\n"
)


@pytest.mark.parametrize(
    ("annotation", "value", "complaint"),
    [
        ("Point", {}, "Point: .*missing 1 required positional argument: 'x'"),
        ("Point", {"x": 1, "z": 2}, "Point: .*unexpected keyword argument 'z'"),
        ("list[Point]", [{"y": 1}], "missing 1 required"),
        ("Point | None", {"y": 1}, "missing 1 required"),
    ],
)
def test_an_object_that_lacks_a_field_is_refused(
    annotation: str, value: Any, complaint: str
) -> None:
    """The model is told, rather than the function given what it cannot use."""
    with pytest.raises(WrongArguments, match=complaint):
        given(function(f"{POINT}def f(x: {annotation}): ...\n"), x=value)


def test_a_typed_dict_is_checked_for_its_keys() -> None:
    """Those it needs are there, and no others."""
    of = function(
        "from typing import *\nclass Film(TypedDict):\n    title: str\n    year: NotRequired[int]\n"
        "def f(x: Film): ...\n"
    )
    assert given(of, x={"title": "a", "year": "1999"}) == {"x": {"title": "a", "year": 1999}}
    with pytest.raises(WrongArguments, match="missing 'title'; expected Film of title, year"):
        given(of, x={"year": 1})
    with pytest.raises(WrongArguments, match="unexpected 'by'"):
        given(of, x={"title": "a", "by": "b"})


def test_null_stands_for_a_default_where_it_is_no_value() -> None:
    """As OpenAI's strict mode needs it, which wants every argument; in fields, too."""
    of = function(f"{POINT}def f(x: int = 3, y: str | None = 'a', z=1, p: Point = None): ...\n")
    found = given(of, x=None, y=None, z=None, p={"x": 1, "y": None})
    assert (found["x"], found["y"], found["z"]) == (3, None, None)
    assert vars(found["p"]) == {"x": 1, "y": 7}


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        ("Literal[1, '1']", "1", "1"),
        ("Literal[1, '1']", 1, 1),
        ("Literal[1, 2]", "2", 2),
        ("Point", '{"x": 1}', "Point(x=1, y=7)"),
        ("Point | str", "no object", "no object"),
        ("dict[str, int] | Point", {"z": "1"}, {"z": 1}),
    ],
)
def test_a_value_is_read_in_the_one_way_there_is(
    annotation: str, value: Any, expected: Any
) -> None:
    """Literals by type first; text that is JSON; the first of a union that fits."""
    arrived = given(function(f"{POINT}def f(x: {annotation}): ...\n"), x=value)["x"]
    assert (repr(arrived) if type(arrived).__name__ == "Point" else arrived) == expected


def test_classes_of_data_go_through_the_sandbox_both_ways() -> None:
    """In a real child: a dataclass, a pydantic model and a class of attrs come back as objects."""
    source = (
        "from dataclasses import dataclass\nfrom pydantic import BaseModel\n\n"
        "@dataclass\nclass Point:\n    x: int\n\n"
        "class User(BaseModel):\n    name: str\n    at: Point\n\n"
        "def f(user: User, point: Point) -> list[User]:\n"
        '    """Move."""\n'
        "    assert isinstance(user.at, Point) and isinstance(point, Point)\n"
        "    return [user, user.model_copy(update={'at': point})]\n"
    )
    user = {"name": "a", "at": {"x": 1}}
    arguments = {"user": user, "point": {"x": 2}}
    outcome = sandbox("process", 20.0).call({"f.py": source.encode()}, "f", "f", arguments)
    assert outcome.ok, outcome.error
    assert outcome.result == [user, {"name": "a", "at": {"x": 2}}]


CLASSES = (
    "from dataclasses import dataclass\nfrom typing import *\nfrom datetime import date\n"
    "from enum import Enum\nfrom pydantic import BaseModel\n"
    "@dataclass\nclass A:\n    kind: Literal['a']\n\n"
    "@dataclass\nclass B:\n    kind: Literal['b']\n\n"
    "class M(BaseModel):\n    x: int = 0\n\nclass N(BaseModel):\n    y: int\n\n"
    "class P(NamedTuple):\n    x: int\n    y: int\n\n"
    "class E(Enum):\n    ONE = 1\n    TWO = 2\n\n"
)


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        ("A | B", {"kind": "b"}, "B(kind='b')"),
        ("list[A | B]", [{"kind": "b"}, {"kind": "a"}], "[B(kind='b'), A(kind='a')]"),
        ("M | N", {"y": 1}, "N(y=1)"),
        ("list[str] | list[int]", [1, 2], "[1, 2]"),
        ("dict[str, str] | dict[str, int]", {"a": 1}, "{'a': 1}"),
        ("Literal['None', 'x']", None, "None"),
        ("E", "2", "<E.TWO: 2>"),
        ("E", "TWO", "<E.TWO: 2>"),
    ],
)
def test_of_several_types_the_one_that_fits_is_taken(
    annotation: str, value: Any, expected: str
) -> None:
    """By the keys and literals of classes, and by what containers hold."""
    arrived = given(function(f"{CLASSES}def f(x: {annotation}): ...\n"), x=value)["x"]
    assert repr(arrived) == expected


@pytest.mark.parametrize(
    ("annotation", "value", "complaint"),
    [
        ("P", [1, 2, 3], "P: takes 2 items at most"),
        ("date", "2024-02-30", "'2024-02-30' is no date"),
        ("E", "nope", "'nope' is no E"),
        ("list[date]", ["x"], "'x' is no date"),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(
    annotation: str, value: Any, complaint: str
) -> None:
    """The model is told in a line, instead of the function failing on a text."""
    with pytest.raises(WrongArguments, match=complaint):
        given(function(f"{CLASSES}def f(x: {annotation}): ...\n"), x=value)


def test_a_typed_dict_with_quoted_annotations_needs_what_it_says() -> None:
    """Python's own record of the required keys is wrong then."""
    source = (
        "from __future__ import annotations\nfrom typing import *\n"
        "class Film(TypedDict):\n    x: int\n    y: NotRequired[int]\n\n"
        "class Loose(TypedDict, total=False):\n    x: Required[int]\n\n"
        "def f(a: Film, b: Loose = None): ...\n"
    )
    of = function(source)
    assert given(of, a={"x": 1})["a"] == {"x": 1}
    with pytest.raises(WrongArguments, match="missing 'x'"):
        given(of, a={"x": 1}, b={})
