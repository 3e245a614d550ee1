"""What became of each function: matched by name, by likeness, by what it says."""

import time

import pytest

from fnopt.library.changes import changes, diff, origin, pairs
from fnopt.library.function import Library, read

DATES = '''import re

WEEK = 7


def _strip(text):
    return re.sub(" ", "", text)


def parse_date(text: str) -> str:
    """Read a date."""
    year, month, day = _strip(text).split("-")
    return f"{year}/{month}/{day}"


def weeks(days: int) -> int:
    """Count whole weeks."""
    return days // WEEK
'''


def library(**sources: str) -> Library:
    """A library of modules in ``functions/``."""
    return read({f"functions/{name}.py": text.encode() for name, text in sources.items()})


def told(before: Library, after: Library) -> list[tuple[str, str, str]]:
    """Kind, old name and new name of all that changed."""
    return [
        (one.kind, one.before.name if one.before else "", one.after.name if one.after else "")
        for one in changes(before, after)
    ]


CASES = [
    ("WEEK = 7", "WEEK = 7", []),
    ("\n\n\ndef weeks", "\n\n\n\n\ndef weeks", []),
    ("days // WEEK", "days / WEEK", [("revised", "weeks", "weeks")]),
    ("WEEK = 7", "WEEK = 5", [("revised", "weeks", "weeks")]),
    ("return re.sub", "return re.subn", [("revised", "parse_date", "parse_date")]),
    ("def weeks(", "def whole_weeks(", [("renamed", "weeks", "whole_weeks")]),
    ("def weeks(", "def _weeks(", [("removed", "weeks", "")]),
    (
        DATES[DATES.index("def weeks") :],
        "def shout(word: str) -> str:\n    return word.upper() + '!'\n",
        [("added", "", "shout"), ("removed", "weeks", "")],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_changes_are_told_by_function(
    old: str, new: str, expected: list[tuple[str, str, str]]
) -> None:
    """Helpers and constants count for who uses them, layout for nobody."""
    before, after = library(dates=DATES), library(dates=DATES.replace(old, new))
    assert told(before, after) == expected


def test_a_move_is_known_by_name() -> None:
    """The same function in another module, with its helper: moved, and not revised."""
    text = DATES[: DATES.index("def weeks")]
    rest = "WEEK = 7\n\n\n" + DATES[DATES.index("def weeks") :]
    before, after = library(dates=DATES), library(parsing=text, dates=rest)
    (change,) = changes(before, after)
    assert (change.kind, change.name, change.moved) == ("moved", "parse_date", True)
    assert len(pairs(before, after)) == 2


def test_a_rename_with_a_new_docstring_and_module_is_still_one() -> None:
    """Name, docstring and place aside, it is the same function."""
    after = library(
        dates=DATES[: DATES.index("def weeks")],
        weeks='WEEK = 7\n\n\ndef count_weeks(days: int) -> int:\n    """New words."""\n'
        "    return days // WEEK\n",
    )
    (change,) = changes(library(dates=DATES), after)
    assert (change.kind, change.moved, change.revised) == ("renamed", True, True)
    assert origin(library(dates=DATES), after, "count_weeks") == change.before


def test_a_rename_alone_is_no_revision() -> None:
    """Recursion follows the name."""
    text = "def fib(n: int) -> int:\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
    (change,) = changes(library(a=text), library(a=text.replace("fib", "fibonacci")))
    assert (change.kind, change.revised) == ("renamed", False)


LONG = '''def parse(text: str, sep: str = ",") -> list[str]:
    """Split a line into its fields."""
    fields = []
    for field in text.split(sep):
        cleaned = field.strip().strip("'")
        if cleaned:
            fields.append(cleaned)
    return fields
'''


def test_a_rename_with_a_revision_is_known_by_what_is_said() -> None:
    """Most of its words are the same."""
    new = LONG.replace("def parse(", "def split_fields(").replace("if cleaned:", "if field != sep:")
    assert told(library(a=LONG), library(b=new)) == [("renamed", "parse", "split_fields")]


def test_short_functions_of_one_form_are_not_each_other() -> None:
    """Where little is said, signatures and keywords make no likeness."""
    upper = 'def loud(text: str) -> str:\n    """Upper."""\n    return text.upper()\n'
    lower = 'def quiet(text: str) -> str:\n    """Lower."""\n    return text.lower()\n'
    assert told(library(a=upper), library(a=lower)) == [
        ("removed", "loud", ""),
        ("added", "", "quiet"),
    ]


def test_of_several_alike_the_nearer_name_is_it() -> None:
    """Each function is matched once."""
    before = library(a="def one_old(): return 1\ndef two_old(): return 1\n")
    after = library(a="def two_new(): return 1\ndef one_new(): return 1\n")
    assert told(before, after) == [
        ("renamed", "one_old", "one_new"),
        ("renamed", "two_old", "two_new"),
    ]


def test_the_diff_is_of_the_function_with_its_helpers() -> None:
    """And of nothing else in its file."""
    after = library(dates=DATES.replace("return re.sub", "return re.subn").replace("7", "5"))
    before = library(dates=DATES)
    first, second = changes(before, after)
    text = diff(before, after, first)
    assert text.startswith(
        "--- functions/dates.py:parse_date\n+++ functions/dates.py:parse_date\n@@ "
    )
    assert "-    return re.sub(" in text
    assert "+    return re.subn(" in text
    assert "WEEK" not in text
    assert "-WEEK = 7\n+WEEK = 5\n" in diff(before, after, second)


def test_origin_of_what_is_new_and_of_what_is_not_there() -> None:
    """None for a new function; asking for an unknown one is a bug of the caller."""
    assert origin(library(), library(a=LONG), "parse") is None
    with pytest.raises(KeyError):
        origin(library(a=LONG), library(), "parse")


def test_hundreds_of_renames_take_a_moment() -> None:
    """No comparison of all with all."""
    text = LONG.replace("cleaned", "cleaned{0}").replace("parse", "old_{0}")
    new = text.replace("old_", "new_").replace("sep)", "sep, 1)")
    before = library(**{f"m{i}": text.replace("{0}", str(i)) for i in range(300)})
    after = library(**{f"n{i}": new.replace("{0}", str(i)) for i in range(300)})
    start = time.perf_counter()
    assert {one.kind for one in changes(before, after)} == {"renamed"}
    assert time.perf_counter() - start < 20
