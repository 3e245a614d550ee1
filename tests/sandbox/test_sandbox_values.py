"""Conversions between JSON and Python, in the child and on their own."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import json
from typing import Any, Literal, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.sandbox import sandbox
from fnopt.sandbox.arguments import WrongArguments, bind, convert, signature_of
from fnopt.sandbox.values import Unconvertible, to_json


class Colour(enum.Enum):
    RED = "red"


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
)


@settings(max_examples=50)
@given(_JSON)
def test_json_values_pass_unchanged(value: Any) -> None:
    """What is JSON already comes out equal and of the same types."""
    assert json.dumps(to_json(value)) == json.dumps(value)


def test_converted_values() -> None:
    """Each convertible type has its one form."""
    cases: list[tuple[Any, Any]] = [
        ((1, (2,)), [1, [2]]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", 1}), ["b", 1]),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 1, 2), "2024-02-29T01:02:00"),
        (datetime.time(1, 2), "01:02:00"),
        (decimal.Decimal("1.10"), "1.10"),
        (fractions.Fraction(1, 3), "1/3"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Colour.RED, "red"),
        ((n * n for n in range(3)), [0, 1, 4]),
        (range(2), [0, 1]),
        (
            {2: "a", None: "b", True: "c", (0, 1): "d"},
            {"2": "a", "null": "b", "true": "c", "(0, 1)": "d"},
        ),
        ({"a": 1}.items(), [["a", 1]]),
        ("\ud800", "\\ud800"),
    ]
    assert [to_json(value) for value, _ in cases] == [expected for _, expected in cases]


@pytest.mark.parametrize("value", [b"x", object(), {1: "a", "1": "b"}, len, [complex(1)]])
def test_refused_values(value: Any) -> None:
    """What has no one form is refused."""
    with pytest.raises(Unconvertible):
        to_json(value)


def test_a_value_within_itself_and_one_without_end() -> None:
    """Cycles and endless iterators are refused rather than followed."""
    cycle: list[Any] = []
    cycle.append(cycle)
    for value in (cycle, iter(int, 1)):
        with pytest.raises(Unconvertible):
            to_json(value)


def test_values_through_a_child() -> None:
    """Dataclasses, coroutines, numpy and huge integers arrive as JSON from a real child."""
    source = b"""
import asyncio, dataclasses

@dataclasses.dataclass
class Point:
    x: int
    y: tuple

async def point():
    await asyncio.sleep(0)
    return Point(1, (2, 3))

def huge(): return [7 ** 20_000, 3]
def array():
    import numpy
    return {"a": numpy.arange(4).reshape(2, 2), "b": numpy.float32(0.5), "c": numpy.bool_(True)}
def strange(): return [object()]
"""
    box = sandbox("process", 20.0)
    results = {
        name: box.call({"m.py": source}, "m", name, {})
        for name in ("point", "huge", "array", "strange")
    }
    assert results["point"].result == {"x": 1, "y": [2, 3]}
    assert len(results["huge"].result[0]) == 16902 and results["huge"].result[1] == 3
    assert results["strange"].error.startswith("the result holds a object, which has no JSON form")
    if "ModuleNotFoundError" not in (results["array"].error or ""):
        assert results["array"].result == {"a": [[0, 1], [2, 3]], "b": 0.5, "c": True}


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ("12", int, 12),
        (" -3 ", int, -3),
        (12.0, int, 12),
        (12.5, int, 12.5),
        ("1_0", int, "1_0"),
        ("twelve", int, "twelve"),
        ("2.5", float, 2.5),
        ("nan", float, "nan"),
        (2, float, 2),
        ("True", bool, True),
        ("yes", bool, "yes"),
        (12, str, "12"),
        ("[1, 2]", list, [1, 2]),
        ('["1", 2]', list[int], [1, 2]),
        (["1"], "list[int]", ["1"]),
        ("1, 2", list[int], "1, 2"),
        ([1, "2"], tuple[int, int], (1, 2)),
        ([1, 1], set[int], {1}),
        ('{"a": "1"}', dict[str, int], {"a": 1}),
        ("12", int | None, 12),
        (None, int | None, None),
        ("12", int | str, "12"),
        (["1"], Optional[list[int]], [1]),  # noqa: UP045
        ("2024-02-29", datetime.date, datetime.date(2024, 2, 29)),
        ("1.10", decimal.Decimal, decimal.Decimal("1.10")),
        ("red", Colour, Colour.RED),
        ("RED", Colour, Colour.RED),
        ("2", Literal[1, 2], 2),
        ("5", Literal[1, 2], "5"),
        ("12", Any, "12"),
    ],
)
def test_arguments_convert_where_there_is_one_way(
    value: Any, annotation: Any, expected: Any
) -> None:
    """Text becomes what the annotation says when it plainly is that, and stays otherwise."""
    converted = convert(value, annotation)
    assert converted == expected and type(converted) is type(expected)


def test_binding_kinds_of_parameters() -> None:
    """Positional-only, default, starred and keyword-only parameters are all named in JSON."""

    def f(a: int, b: int = 2, /, *rest: int, c: int = 3, **more: int) -> Any:
        return a, b, rest, c, more

    def call(**arguments: Any) -> Any:
        bound = bind("f", signature_of(f), arguments)
        return f(*bound.args, **bound.kwargs)

    assert call(a="1") == (1, 2, (), 3, {})
    assert call(a=1, rest=["4", 5], c="6", d="7") == (1, 2, (4, 5), 6, {"d": 7})


def test_wrong_arguments_name_the_signature() -> None:
    """One line says what is missing, what is too much and what was expected."""

    def scale(x: int, factor: float = 1.5) -> float:
        return x * factor

    with pytest.raises(WrongArguments) as caught:
        bind("scale", signature_of(scale), {"y": 1})
    assert str(caught.value) == (
        "wrong arguments: missing 'x'; unexpected 'y'; "
        "expected scale(x: int, factor: float = 1.5) -> float"
    )
