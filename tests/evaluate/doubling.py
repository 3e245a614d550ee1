"""A model that doubles numbers by calling ``double``, as a script for servers; some numbers fail.

Served in the test's own process, or by ``scripted_server.py`` in one of its own.
"""

from __future__ import annotations

import re
import time

from scripted_server import Answer, Fail, Json, Slow, calls

from fnopt.library.function import Library, read
from fnopt.records import Task

DOUBLE = '''
def double(number: int) -> int:
    """Double a number."""
    return 2 * number
'''


def library(double: str = DOUBLE) -> Library:
    """One function."""
    return read({"functions/a.py": double.encode()})


def tasks(count: int) -> list[Task]:
    """So many numbers to double."""
    return [Task(f"t{n}", f"Double the number {n}", str(2 * n), {"n": n}) for n in range(count)]


def number_of(request: Json) -> int:
    """The number that a conversation is about."""
    [number] = re.findall(r"\d+", request["messages"][1]["content"])
    return int(number)


def respond(request: Json) -> Answer:
    """Call double, then answer what it returned."""
    if request["messages"][-1]["role"] == "tool":
        return f"ANSWER: {request['messages'][-1]['content']}"
    return calls(("double", {"number": number_of(request)}))


def slowly(request: Json) -> Answer:
    """The same, after some time."""
    time.sleep(0.05)
    return respond(request)


__all__ = ["DOUBLE", "Fail", "Slow", "library", "number_of", "respond", "slowly", "tasks"]
