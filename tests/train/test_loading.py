"""A module that cannot be imported is refused before a trial is paid for."""

from __future__ import annotations

import pytest

from fnopt.library.function import Library, read
from fnopt.sandbox import sandbox
from fnopt.train.loading import faults

BODY = '\n\ndef f(x: int) -> int:\n    """Do."""\n    return x\n'
SANDBOX = sandbox("process", 20.0)


def library(head: str) -> Library:
    """One module whose imports are these."""
    return read({"functions/f.py": f"{head}{BODY}".encode()})


def told(before: str | None, after: str) -> list[str]:
    """The messages about ``f`` after an edit."""
    old = read({}) if before is None else library(before)
    return [one.message for one in faults(old, library(after), ["f", "gone"], SANDBOX)]


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("from math import is_prime", "ImportError: cannot import name 'is_prime' from 'math'"),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("X = 1 / 0", "ZeroDivisionError: division by zero"),
        ("from functions.other import g", "ModuleNotFoundError: No module named 'functions.other'"),
    ],
)
def test_the_reason_is_told(head: str, why: str) -> None:
    """As Python tells it, in a line."""
    (message,) = told(None, head)
    assert message.startswith(f"the module of f cannot be imported: {why}")


def test_what_loads_is_no_fault() -> None:
    """Whatever it prints."""
    assert told(None, "import json\nprint('{')") == []


def test_what_did_not_load_before_blocks_nothing() -> None:
    """A module that people left broken is theirs to mend."""
    assert told("X = 1 / 0", "X = 1 / 0\nY = 1") == []
    assert told("X = 1", "X = 1 / 0") != []
