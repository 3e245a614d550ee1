"""The figures of a set, from the folders of its arms alone: every one follows from raw trials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.learning.figures import paired, wilson
from benchmarks.learning.finish import LEARNED, START, per_family, rows_of
from benchmarks.learning.ledger import Row, read
from benchmarks.learning.stand import EMPTY

MARKS = (0.4, 0.6, 0.8)  # of val, whose price in tokens is told
RESULT = "result.json"


@dataclass(frozen=True)
class Done:
    """One finished arm of one seed."""

    seed: int
    folder: Path

    @cached_property
    def rows(self) -> list[Row]:
        """All of its trials."""
        return read(self.folder)

    @cached_property
    def learned(self) -> Mapping[str, Any]:
        """What learning cost."""
        return dict(json.loads((self.folder / LEARNED).read_text()))

    @cached_property
    def points(self) -> list[Mapping[str, Any]]:
        """The empty library, and those that were accepted, with their scores on val."""
        path = self.folder / "accepted.json"
        accepted = json.loads(path.read_text()) if path.is_file() else []
        points = [{"library": EMPTY.digest, **START}, *accepted]
        return [{**one, "val": _share(rows_of(self.rows, "val", one["library"]))} for one in points]

    @property
    def test(self) -> list[Row]:
        """A trial of each test task with the library that came out."""
        return rows_of(self.rows, "test", self.points[-1]["library"])

    @property
    def trials(self) -> int:
        """Trials of the budget that were made."""
        return sum(row["phase"] == "learn" and row["score"] is not None for row in self.rows)

    def tokens(self, role: str) -> int:
        """Tokens that a role cost while it learned."""
        usage = self.learned["tokens"][role]
        return int(usage["prompt_tokens"] + usage["completion_tokens"])

    def tokens_to(self, mark: float) -> int | None:
        """Tokens until a library that was accepted reached ``mark`` on val; None if none did."""
        reached = (sum(one["tokens"].values()) for one in self.points if one["val"] >= mark)
        return next(reached, None)


def report(folder: Path) -> dict[str, Any]:
    """The document of the set in ``folder``."""
    arms = _finished(folder)
    return {
        "schema": 1,
        "set": folder.name,
        "arms": {name: _arm(done) for name, done in arms.items()},
        "differences": [
            {"arm": one, "against": other, **_difference(arms[one], arms[other])}
            for one in arms
            for other in arms
            if one != other
        ],
    }


def _finished(folder: Path) -> dict[str, list[Done]]:
    """The finished arms, each with its seeds in order."""
    found: dict[str, list[Done]] = {}
    for path in sorted(folder.glob(f"*/*/{RESULT}"), key=lambda one: int(one.parts[-3])):
        found.setdefault(path.parts[-2], []).append(Done(int(path.parts[-3]), path.parent))
    return dict(sorted(found.items()))


def _arm(done: Sequence[Done]) -> dict[str, Any]:
    rows = [row for one in done for row in one.test]
    right = sum(row["score"] >= 1.0 for row in rows)
    return {
        "seeds": [one.seed for one in done],
        "right": right,
        "total": len(rows),
        "accuracy": right / len(rows) if rows else 0.0,
        "interval": wilson(right, len(rows)),
        "families": per_family(rows),
        "per_seed": [
            {
                "seed": one.seed,
                "right": sum(row["score"] >= 1.0 for row in one.test),
                "total": len(one.test),
                "val": one.points[-1]["val"],
                "trials": one.trials,
                "tokens": {role: one.tokens(role) for role in ("agent", "optimizer")},
                "seconds": one.learned["seconds"],
                "stopped": one.learned["stopped"],
                "accepted": len(one.points) - 1,
                "tokens_to": {f"{mark:.0%}": one.tokens_to(mark) for mark in MARKS},
            }
            for one in done
        ],
    }


def _difference(one: Sequence[Done], other: Sequence[Done]) -> dict[str, Any]:
    """Of the test tasks of seeds that both have, paired, seeds together."""
    ours, theirs = _scores(one), _scores(other)
    common = sorted(ours.keys() & theirs.keys())
    mean, low, high = paired([ours[key] for key in common], [theirs[key] for key in common])
    return {"tasks": len(common), "difference": mean, "interval": [low, high]}


def _scores(done: Sequence[Done]) -> dict[tuple[int, str], float]:
    return {(one.seed, row["task"]): float(row["score"] >= 1.0) for one in done for row in one.test}


def _share(rows: Sequence[Row]) -> float:
    return sum(row["score"] >= 1.0 for row in rows) / len(rows) if rows else 0.0
