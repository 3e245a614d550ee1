"""The same function is recognised under another name, docstring and layout."""

from __future__ import annotations

import pytest

from fnopt.library.likeness import likeness

CODE = 'def twice(n: int) -> int:\n    """Return twice n."""\n    return 2 * n\n'


@pytest.mark.parametrize(
    "other",
    [
        CODE.replace("twice", "double"),
        CODE.replace('"""Return twice n."""', '"""Other words."""'),
        CODE.replace("2 * n", "(2 * n)  # why not"),
        f"import math\n\n\n{CODE}",
    ],
    ids=["name", "docstring", "layout", "imports"],
)
def test_the_same_again(other: str) -> None:
    """Name, docstring, comments, layout and imports make no other function."""
    assert likeness(other) == likeness(CODE) is not None


@pytest.mark.parametrize("other", [CODE.replace("2", "3"), CODE.replace("n: int", "n: float")])
def test_another_function(other: str) -> None:
    """What it computes, and from what, does."""
    assert likeness(other) != likeness(CODE)


@pytest.mark.parametrize("code", ["", "def (", "x = 1\n", CODE + CODE.replace("twice", "again")])
def test_not_one_function(code: str) -> None:
    """There must be one public function to be like."""
    assert likeness(code) is None
