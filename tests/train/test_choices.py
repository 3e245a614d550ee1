"""The words that choose between cases, out of the source of a function."""

from __future__ import annotations

import pytest

from fnopt.train.choices import choices

BODY = "    return words\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            'def f(order: str = "asc"):\n    if order == "asc":\n        return 1\n'
            '    if "desc" == order.lower():\n        return 2\n',
            {"order": ("asc", "desc")},
        ),
        (
            'def f(unit):\n    if unit.strip().lower() in ("days", "hours"):\n        return 1\n',
            {"unit": ("days", "hours")},
        ),
        (
            'def f(op):\n    match op:\n        case "add" | "plus":\n            return 1\n'
            '        case "sub":\n            return 2\n',
            {"op": ("add", "plus", "sub")},
        ),
        ('async def f(*, a, b="x"):\n    return a == "yes", a == "no"\n', {"a": ("yes", "no")}),
        ('def f(a):\n    other = 1\n    return other == "yes" or other == "no"\n', {}),
        ('def f(s):\n    return s == "0" or s == "1" or s == ""\n', {}),  # values, no cases
        ('def f(s):\n    return s == "yes"\n', {}),
        ('def f(s):\n    return s == 1 < "x" or s.count() == "yes" or s[0] == "no"\n', {}),
        ("def f(:\n", {}),
        ("x = 1\n", {}),
    ],
)
def test_what_a_parameter_is_compared_with(source: str, found: dict[str, tuple[str, ...]]) -> None:
    """Two words or more, the default among them; nothing where there are none."""
    assert choices(source) == found


def test_no_more_than_a_few() -> None:
    """Each costs calls."""
    words = [f"word{chr(97 + at)}" for at in range(20)]
    assert len(choices(f"def f(a):\n    return a in {words!r}\n")["a"]) == 6
