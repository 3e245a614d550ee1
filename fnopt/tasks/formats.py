"""Task formats: what the values of a row mean. Published ones are told by their keys.

``read`` is for any of them; a format's name in front, ``gsm8k:FILE``, says which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fnopt.errors import UsageError
from fnopt.records import Task
from fnopt.tasks import published, sample
from fnopt.tasks.rows import SHAPE, Row, read_rows, shown


@dataclass(frozen=True)
class Format:
    """How rows of one kind become tasks: ``fits`` says of a row whether it is of the kind, ``task``
    makes the task or raises UsageError."""

    fits: Callable[[Mapping[str, Any]], bool]
    task: Callable[[Row], Task]


FORMATS: Mapping[str, Format] = {  # the first that fits a file's first task is the file's
    "math": Format(published.is_math, published.math),
    "gaia": Format(published.is_gaia, published.gaia),
    "tabmwp": Format(published.is_tabmwp, published.tabmwp),
    "gsm8k": Format(published.is_gsm8k, published.gsm8k),
    "inspect": Format(sample.is_sample, sample.task),
    "plain": Format(lambda values: True, sample.task),
}


def divided(text: str) -> tuple[str | None, str]:
    """Format and path of ``gsm8k:tasks/train.jsonl``; no format where none is named."""
    name, colon, path = text.partition(":")
    return (name, path) if colon and name in FORMATS else (None, text)


def read(root: Path, text: str) -> tuple[Task, ...]:
    """The tasks that ``text`` names, a path from ``root`` with or without a format before it.

    Raises UsageError with file, line and value.
    """
    name, path = divided(text)
    return read_file(root / path, path, name)


def read_file(path: Path, name: str, format: str | None = None) -> tuple[Task, ...]:
    """The tasks of a file or folder, in its order; ``name`` is what messages call it.

    ``format`` is one of :data:`FORMATS`; None tells it by the first task. Raises UsageError with
    file, line and value.
    """
    tasks: dict[str, Task] = {}
    places: dict[str, str] = {}
    chosen = FORMATS[format] if format else None
    for row in read_rows(path, name):
        chosen = chosen or _recognised(row)
        task = chosen.task(replace(row, file=name))
        if task.id in tasks:
            raise _again(task, row, places[task.id])
        tasks[task.id], places[task.id] = task, row.place
    if not tasks:
        raise UsageError(f"{name}: no tasks in it", f"Write one task a line: {SHAPE}")
    return tuple(tasks.values())


def _recognised(row: Row) -> Format:
    return next(one for one in FORMATS.values() if one.fits(row.values))


def _again(task: Task, row: Row, place: str) -> UsageError:
    line = place.rpartition(":")[2]
    where = f"on line {line}" if line.isdigit() else f"in {place}"
    return UsageError(
        f"{row.place}: the id {shown(task.id)!r} is already {where}",
        "Give every task an id of its own, and list a task once.",
    )
