"""Which annotations allow all that others do."""

import ast

import pytest

from fnopt.library.subtype import covers

CASES = [
    # wide, narrow, whether
    ("int", "int", True),
    ("float", "int", True),
    ("int", "float", False),
    ("int", "bool", True),
    ("str", "int", False),
    ("str | None", "str", True),
    ("str", "str | None", False),
    ("Optional[str]", "None | str", True),
    ("Union[int, str]", "str", True),
    ("int", "Union[int, str]", False),
    ("str", "Optional[str]", False),
    ("'str | int'", "int", True),
    ("Literal['a', 'b']", "Literal['b']", True),
    ("Literal['a']", "Literal['a', 'b']", False),
    ("str", "Literal['a', 'b']", True),
    ("Literal['a']", "str", False),
    ("Literal[1]", "Literal[True]", False),
    ("Literal[-1, 1]", "Literal[-1]", True),
    ("Literal[True, False]", "bool", True),
    ("list[float]", "list[int]", True),
    ("list[int]", "list[float]", False),
    ("list", "list[int]", True),
    ("list[int]", "list", False),
    ("list[Any]", "list", True),
    ("List[int]", "list[int]", True),
    ("typing.List[int]", "list[int]", True),
    ("Sequence[str]", "list[str]", True),
    ("list[str]", "Sequence[str]", False),
    ("Iterable[str]", "str", None),
    ("Iterable", "str", True),
    ("dict[str, float]", "dict[str, int]", True),
    ("dict[str, int]", "dict[str, str]", False),
    ("Mapping[str, int]", "dict[str, int]", True),
    ("tuple[int, ...]", "tuple[int, int]", True),
    ("tuple[int, int]", "tuple[int, ...]", False),
    ("tuple[int, int]", "tuple[int]", False),
    ("tuple", "tuple[int]", True),
    ("date", "datetime", True),
    ("datetime", "date", False),
    ("Annotated[int, Ge(0)]", "int", True),
    ("Any", "int", True),
    ("object", "int", True),
    ("int", "Any", None),
    ("Money", "int", None),
    ("int", "Money", None),
    ("Money", "Money", True),
    ("Money | None", "Money", True),
    ("Money", "Money | None", None),
    ("list[Money]", "list[Money]", True),
    ("Color.RED", "int", None),
    ("Callable[[int], str]", "Callable[[int], str]", True),
    ("'str | ('", "int", True),
]


@pytest.mark.parametrize(("wide", "narrow", "expected"), CASES)
def test_what_one_annotation_allows_of_another(
    wide: str, narrow: str, expected: bool | None
) -> None:
    """True, False, or None for what nobody can know."""
    parts = [ast.parse(one, mode="eval").body for one in (wide, narrow)]
    assert covers(parts[0], parts[1], {}, {}) is expected


def test_nothing_said_is_never_accused() -> None:
    """A missing annotation allows all; what it allowed is not known to be lost."""
    integer = ast.parse("int", mode="eval").body
    assert covers(None, integer, {}, {}) is True
    assert covers(integer, None, {}, {}) is None


def test_aliases_are_followed_and_end() -> None:
    """Each side by its own module's."""
    kind = ast.parse("Kind", mode="eval").body
    old = {"Kind": ast.parse("Literal['a', 'b']", mode="eval").body}
    new = {"Kind": ast.parse("Literal['a']", mode="eval").body}
    assert covers(kind, kind, new, old) is False
    assert covers(kind, kind, old, new) is True
    assert covers(kind, kind, {"Kind": kind}, old) is True


def test_deep_annotations_are_not_known() -> None:
    """No recursion without bound."""
    deep = ast.parse("list[" * 60 + "int" + "]" * 60, mode="eval").body
    assert covers(deep, ast.parse("list[int]", mode="eval").body, {}, {}) is not True
