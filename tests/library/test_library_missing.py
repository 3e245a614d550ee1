"""Imports from modules of the library of what is not there."""

import pytest

from fnopt.library.function import read
from fnopt.library.policy import check, new_faults

DATES = "WEEK = 7\n\n\ndef weeks(days: int) -> int:\n    return days // WEEK\n"


def missing(**sources: str) -> list[str]:
    """The messages of the rule over modules in ``functions/``."""
    made = read({f"functions/{name}.py": text.encode() for name, text in sources.items()})
    return [one.message for one in check(made) if one.rule == "missing-import"]


@pytest.mark.parametrize(
    "line", ["from functions.dates import gone", "from .dates import weeks, gone as g"]
)
def test_a_name_that_is_not_there(line: str) -> None:
    """Absolute or relative."""
    assert missing(dates=DATES, a=f"{line}\n") == [
        "functions/a.py imports gone from functions/dates.py, which has no such name"
    ]


@pytest.mark.parametrize(
    ("dates", "line"),
    [
        (DATES, "from functions.dates import weeks, WEEK"),
        (DATES, "from . import dates"),
        (DATES, "from functions import dates"),
        (DATES, "from .elsewhere import gone"),
        (DATES, "from json import gone"),
        (DATES, "try:\n    from .dates import gone\nexcept ImportError:\n    gone = None"),
        (DATES + "from math import *\n", "from .dates import sqrt"),
        (DATES + "def __getattr__(name): return 1\n", "from .dates import gone"),
        (DATES + "globals()['gone'] = 1\n", "from .dates import gone"),
    ],
)
def test_what_is_there_or_may_be_is_not_accused(dates: str, line: str) -> None:
    """Names that are made at run time, other libraries, what is tried."""
    assert missing(dates=dates, a=f"{line}\n") == []


def test_an_edit_that_takes_away_what_is_imported_is_refused() -> None:
    """Though nothing calls it yet."""
    files = {"functions/dates.py": DATES.encode(), "functions/a.py": b"from .dates import WEEK\n"}
    after = {**files, "functions/dates.py": DATES.replace("WEEK", "DAYS").encode()}
    assert "missing-import" in {one.rule for one in new_faults(read(files), read(after))}
