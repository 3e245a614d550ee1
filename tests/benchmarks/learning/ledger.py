"""The books of one arm: every trial as it ends, and whether the budget lets another one begin.

``trials.jsonl`` is the truth that a resumed arm begins with: one line a trial, written before
anything else learns of it. What a killed process left of a line is cut off.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fnopt.errors import BudgetSpent
from fnopt.library.function import Library
from fnopt.records import Task, Trial

Phase = Literal["learn", "after", "again", "vote"]
Row = Mapping[str, Any]
NAME = "trials.jsonl"


@dataclass(frozen=True)
class Place:
    """Where a task belongs."""

    split: str
    family: str


class Ledger:
    """Counts and keeps trials; safe for threads.

    Only trials of phase ``learn`` that infrastructure let happen are of the budget; ``after`` it
    others are made; ``again`` stand those of another library that this one could not have changed,
    and a ``vote`` is what several of ``after`` came to.
    """

    def __init__(self, folder: Path, budget: int, places: Mapping[str, Place]) -> None:
        self.folder = folder
        self.budget = budget
        self._places = places
        self._lock = threading.Lock()
        self._under_way = 0
        self.rows = list(_whole(folder / NAME))
        self.used = sum(map(counts, self.rows))
        self._saved: set[str] = set()
        self._before = max((row["wall"] for row in self.rows), default=0.0)
        self._began = time.monotonic()

    @property
    def wall(self) -> float:
        """Seconds of work, those of earlier processes included."""
        return self._before + time.monotonic() - self._began

    def take(self) -> None:
        """Let one trial of the budget begin. Raises BudgetSpent when none is left."""
        with self._lock:
            if self.used + self._under_way >= self.budget:
                now = self.used + self._under_way
                raise BudgetSpent(f"{now} of {self.budget} trials are spent or under way")
            self._under_way += 1

    def give_back(self) -> None:
        """The trial that :meth:`take` allowed has ended, one way or another."""
        with self._lock:
            self._under_way -= 1

    def keep(self, trial: Trial, library: Library, phase: Phase) -> None:
        """Write a trial down, with the library that it had."""
        place = self._places[trial.task]
        assert phase != "learn" or place.split != "test", "BUG: an arm learns on the test split"
        row = {
            "task": trial.task,
            "family": place.family,
            "split": place.split,
            "phase": phase,
            "library": library.digest,
            "answer": trial.answer,
            "score": trial.score.value if trial.score else None,
            "calls": [call.function for call in trial.calls],
            "tokens": trial.usage.tokens,
            "wall": round(self.wall, 1),
            "trial": trial.to_json(),
        }
        with self._lock:
            self._save(library)
            with (self.folder / NAME).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            self.rows.append(row)
            self.used += counts(row)

    def _save(self, library: Library) -> None:
        """Write the library's files below ``libraries/DIGEST``."""
        if library.digest not in self._saved:
            save(self.folder / "libraries", library)
            self._saved.add(library.digest)

    def finish(self) -> None:
        """Compress the trials: nothing is added any more."""
        plain = self.folder / NAME
        if plain.is_file():
            packed, whole = plain.with_suffix(".jsonl.partial"), plain.with_suffix(".jsonl.gz")
            packed.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
            packed.replace(whole)
            plain.unlink()


def save(folder: Path, library: Library) -> None:
    """The files of a library in a folder that is called by its digest's beginning."""
    target = folder / library.digest[:16]
    for path, content in library.files.items():
        file = target / path
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


def load(folder: Path, digest: str) -> dict[str, bytes]:
    """The files of a library that was saved; none for the empty one."""
    target = folder / digest[:16]
    return {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in sorted(target.rglob("*.py"))
    }


def read(folder: Path) -> list[Row]:
    """The trials of an arm, finished or not; nothing is changed."""
    packed = folder / f"{NAME}.gz"
    if packed.is_file():
        return [json.loads(line) for line in gzip.decompress(packed.read_bytes()).splitlines()]
    plain = folder / NAME
    lines = plain.read_bytes().splitlines(keepends=True) if plain.is_file() else []
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def _whole(path: Path) -> Iterator[Row]:
    """The rows of a file, after what is half of its last line has been cut off."""
    if not path.is_file():
        return
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        path.write_bytes(whole)
    for line in whole.splitlines():
        yield json.loads(line)


def counts(row: Row) -> bool:
    """Whether a trial is of the budget."""
    return row["phase"] == "learn" and row["score"] is not None


def places(tasks: Mapping[str, tuple[Task, ...]]) -> dict[str, Place]:
    """Where each task of the splits belongs; tasks without a family are of family ``tasks``."""
    return {
        task.id: Place(split, str(task.metadata.get("family", "tasks")))
        for split, given in tasks.items()
        for task in given
    }
