"""Examples in docstrings, run in the real sandbox."""

import pytest

from fnopt.library.function import read
from fnopt.records import Fault
from fnopt.sandbox import sandbox
from fnopt.train.examples import faults

BOX = sandbox("process", 5.0)
CODE = '''import math

_UNIT = 2


def half(number: float) -> float:
    """Give the half.

    {0}
    """
    return number / _UNIT
'''


def found(*lines: str) -> tuple[Fault, ...]:
    """The faults of a function with these lines in its docstring."""
    source = CODE.format("\n    ".join(lines))
    return faults(read({"functions/half.py": source.encode()}), ["half"], BOX)


@pytest.mark.parametrize(
    "lines",
    [
        ("No example.",),
        (">>> half(4)", "2.0"),
        (">>> number = half(4)", ">>> number", "2.0", ">>> math.floor(number) + _UNIT", "4"),
        (
            ">>> half('a')  # doctest: +IGNORE_EXCEPTION_DETAIL",
            "Traceback (most recent call last):",
            "TypeError: whatever",
        ),
        (">>> half(1)  # doctest: +SKIP", "9"),
        (">>> half(1 / 3)  # doctest: +ELLIPSIS", "0.1666..."),
        (">>> for n in (2, 4):", "...     print(half(n))", "1.0", "2.0"),
        (">>> print('a  b')  # doctest: +NORMALIZE_WHITESPACE", "a b"),
    ],
)
def test_examples_that_hold(lines: tuple[str, ...]) -> None:
    """Values, names, exceptions, options and blocks, as doctest knows them."""
    assert found(*lines) == ()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((">>> half(4)", "3.0"), "half: half(4) gives 2.0, not 3.0"),
        ((">>> half(4)",), "gives 2.0, not nothing"),
        ((">>> half(0) / half(0)", "1"), "gives ZeroDivisionError: float division by zero, not 1"),
        ((">>> half(", "1"), "SyntaxError"),
        ((">>> while True: pass",), "its examples do not run"),
        ((">>>half(4)", "2.0"), "its examples cannot be read"),
        ((">>> import os; os._exit(0)",), "its examples do not run"),
    ],
)
def test_examples_that_do_not_hold(lines: tuple[str, ...], said: str) -> None:
    """The first of them is named with what it gives; none can hang or end us."""
    (fault,) = found(*lines)
    assert said in fault.message
    assert (fault.rule, fault.function, fault.file, fault.line) == (
        "doctest",
        "half",
        "functions/half.py",
        6,
    )


def test_what_an_example_prints_cannot_pass_for_another() -> None:
    """The examples are told apart by more than their order on one stream."""
    assert len(found(">>> print('2.0')", "2.0", ">>> half(4)", "9.0")) == 1
