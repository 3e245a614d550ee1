"""What a benchmark measures and how it is told."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")

TIMES = 5


@dataclass(frozen=True)
class Figure:
    """One figure, the less the better; ``target`` is the most that it should be, if anything.

    ``of`` and ``size``: what is measured at several sizes, and at which this was.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    of: str = ""
    size: int = 0


def once(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds that the work takes when it is done for the first time, and what comes of it."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of several rounds, after one to warm up: others only disturb."""
    work()
    return min(once(work)[0] for _ in range(TIMES))


def peak() -> float:
    """The most memory that this process has had so far, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024**2 if sys.platform == "darwin" else 1024)
