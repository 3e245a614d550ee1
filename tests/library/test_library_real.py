"""The edits on every function of the standard library and of installed packages; none may fail."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import pytest
from fuzz.real_functions import RealModule, real_modules
from real_edits import HELD, PROPERTIES, trial

LEAST = 2_000
"""Functions on which the properties must be shown."""


def counted(modules: Iterable[RealModule], jobs: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """How often each property came out how, and what is wrong."""
    told = Counter[tuple[str, str]]()
    wrong: list[str] = []
    with ProcessPoolExecutor(jobs) as pool:
        for outcomes in pool.map(trial, modules, chunksize=8):
            for name, function, outcome in outcomes:
                fails = outcome != HELD and not outcome.startswith("skipped")
                told[name, "failed" if fails else outcome] += 1
                wrong += [f"{name} {function}: {outcome}"] if fails else []
    return told, wrong


def test_the_edits_hold_on_some_modules() -> None:
    """A sample of what the slow test does for all."""
    told, wrong = counted(itertools.islice(real_modules(), 0, None, 60), 1)
    assert not wrong, "\n".join(wrong)
    assert all(told[name, HELD] > 20 for name in PROPERTIES)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_edits_hold_on_all(capsys: pytest.CaptureFixture[str]) -> None:
    """Thousands of functions, failures counted and none; the count is printed."""
    told, wrong = counted(real_modules(), 2)
    with capsys.disabled():
        sys.stdout.write("\n")
        for (name, outcome), count in sorted(told.items()):
            sys.stdout.write(f"{name:<9} {count:>6} {outcome}\n")
    assert not wrong, "\n".join(wrong)
    assert all(told[name, HELD] >= LEAST for name in PROPERTIES)
