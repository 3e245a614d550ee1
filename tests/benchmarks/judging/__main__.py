"""Simulate how updates are judged: ``python tests/benchmarks/judging gates|runs|claims``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder: its modules are of a package
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.judging import claims, gates, runs

KINDS = {"gates": gates, "runs": runs, "claims": claims}


def main() -> int:
    """Simulate every cell, tell each as it ends, and write the table."""
    given = _parser().parse_args()
    kind = KINDS[given.kind]
    cells = kind.cells()
    with ProcessPoolExecutor(given.jobs) as pool:
        found = [*_told(pool.map(kind.simulate, cells, [given.times or kind.TIMES] * len(cells)))]
    text = kind.table(found)
    print(text)  # noqa: T201 - what the command is for
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / f"{given.kind}.md").write_text(f"{text}\n")
        rows = "".join(json.dumps(row) + "\n" for row in found)
        (given.out / f"{given.kind}.jsonl").write_text(rows)
    return int(any(row.get("missed") for row in found))


def _told(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows, each said on stderr as it comes."""
    for row in rows:
        sys.stderr.write(f"{json.dumps(row)}\n")
        yield row


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks/judging")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--times", type=int, help="simulations a cell")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder for the table and its rows")
    return parser


if __name__ == "__main__":
    sys.exit(main())
