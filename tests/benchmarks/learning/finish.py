"""After an arm has learned: its curve on val, its test, and the documents that tell of them.

None of these trials is of the budget, and nothing that they show reaches the arm any more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.learning.accepted import write
from benchmarks.learning.ledger import Row, load
from benchmarks.learning.stand import EMPTY, Stand

from fnopt.library.function import Library, read
from fnopt.records import Evaluation, Task

LEARNED = "learned.json"
START = {"note": "start", "trials": 0, "tokens": {"agent": 0, "optimizer": 0}, "wall": 0.0}


def finish(stand: Stand, why: str) -> Mapping[str, Any]:
    """Measure the libraries that were accepted; returns the result, which is written last."""
    if not (stand.folder / LEARNED).is_file():
        write(stand.folder / LEARNED, _learned(stand, why))
    points = [{"library": EMPTY.digest, **START}, *stand.accepted.entries]
    write(stand.folder / "curve.json", [_point(stand, point) for point in points])
    learned = json.loads((stand.folder / LEARNED).read_text())
    return {**learned, **_result(stand, points[-1]["library"])}


def _learned(stand: Stand, why: str) -> Mapping[str, Any]:
    return {
        "stopped": why,
        "trials": stand.ledger.used,
        "tokens": {role: vars(stand.spent(role)) for role in ("agent", "optimizer")},
        "seconds": round(stand.ledger.wall, 1),
    }


def _point(stand: Stand, point: Mapping[str, Any]) -> Mapping[str, Any]:
    done = _measured(stand, _library(stand, point["library"]), "val", stand.val)
    stand.say(f"val {done.right} of {len(done.scored)} after {point['trials']} trials")
    return {**point, "val": done.score, "right": done.right, "total": len(done.scored)}


def _result(stand: Stand, digest: str) -> Mapping[str, Any]:
    library = _library(stand, digest)
    done = _measured(stand, library, "test", stand.test)
    stand.say(f"test {done.right} of {len(done.scored)}")
    after = [row for row in stand.ledger.rows if row["phase"] == "after"]
    return {
        "library": digest,
        "functions": [function.name for function in library.functions],
        "test": per_family(rows_of(stand.ledger.rows, "test", digest)),
        "trials_after": dict(Counter(row["split"] for row in after)),
        "tokens_after": stand.spent("after").tokens,
        "seconds_in_all": round(stand.ledger.wall, 1),
    }


def _measured(stand: Stand, library: Library, split: str, tasks: Sequence[Task]) -> Evaluation:
    """Trials out of the budget; those that another library's stand for are written down too."""
    done = stand.final.evaluate(library, split, tasks)
    known = {row["task"] for row in rows_of(stand.ledger.rows, split, library.digest)}
    for trial in done.scored:
        if trial.task not in known:
            stand.ledger.keep(trial, library, "again")
    return done


def _library(stand: Stand, digest: str) -> Library:
    return read(load(stand.folder / "libraries", digest))


def rows_of(rows: Iterable[Row], split: str, digest: str) -> list[Row]:
    """The last scored trial of each task of a split with a library."""
    found = {
        row["task"]: row
        for row in rows
        if (row["split"], row["library"]) == (split, digest) and row["score"] is not None
    }
    return [found[task] for task in sorted(found)]


def per_family(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Right and total of each family."""
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        count = counts.setdefault(row["family"], {"right": 0, "total": 0})
        count["total"] += 1
        count["right"] += row["score"] >= 1.0
    return dict(sorted(counts.items()))
