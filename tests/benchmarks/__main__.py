"""Every figure, or those named: ``python tests/benchmarks [NAME…] [--rounds N] [--json FILE]``.

What is measured at several sizes is told once more, by size. Each benchmark runs in a process of
its own, so that one's memory and caches are not another's.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import boxes
import library
import loop
import optimizer
import publishing
import verifying
from measure import Figure

BENCHMARKS: dict[str, Callable[[], Iterator[Figure]]] = {
    **library.BENCHMARKS,
    **optimizer.BENCHMARKS,
    **loop.BENCHMARKS,
    **boxes.BENCHMARKS,
    **verifying.BENCHMARKS,
    **publishing.BENCHMARKS,
}


def main() -> int:
    """Measure, print the table, write the document."""
    parser = argparse.ArgumentParser(description="Measure fnopt.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = set(given.names) - BENCHMARKS.keys()
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}: {', '.join(BENCHMARKS)}")
    if given.alone:
        figures = (one for name in given.names for one in BENCHMARKS[name]())
        json.dump([asdict(one) for one in figures], sys.stdout)
        return 0
    rows = [row for name in given.names or BENCHMARKS for row in _rows(name, given.rounds)]
    _tell(rows, ("what", "least", "median", "most", "unit", "target", "reached"))
    if grown := growth(rows):
        sys.stdout.write("\n")
        sizes = sorted({size for row in grown for size in row if isinstance(size, int)})
        _tell(grown, ("what", *sizes, "unit", "grows as n to the"))
    if given.json:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        given.json.write_text(
            json.dumps({"schema": 1, **machine, "figures": rows, "growth": grown}, indent=1) + "\n"
        )
    return 0


def _rows(name: str, rounds: int) -> list[dict[str, Any]]:
    told = [_alone(name) for _ in range(rounds)]
    return [_row(name, figures) for figures in zip(*told, strict=True)]


def _alone(name: str) -> list[Figure]:
    words = [sys.executable, str(Path(__file__).parent), name, "--alone"]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    return [Figure(**one) for one in json.loads(done.stdout)]


def _row(name: str, figures: Iterable[Figure]) -> dict[str, Any]:
    given = list(figures)
    values = [one.value for one in given]
    middle, target = statistics.median(values), given[0].target
    return {
        "benchmark": name,
        "what": given[0].name,
        "of": given[0].of,
        "size": given[0].size,
        "unit": given[0].unit,
        "least": min(values),
        "median": middle,
        "most": max(values),
        "target": target,
        "reached": None if target is None else middle <= target,
    }


def growth(rows: list[dict[str, Any]]) -> list[dict[Any, object]]:
    """What was measured at several sizes: the medians by size, and the power of the size by which
    they grow from the last but one to the last."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        if row["of"]:
            found.setdefault(row["of"], {})[row["size"]] = row
    told: list[dict[Any, object]] = []
    for what, by_size in found.items():
        sizes = sorted(by_size)
        if len(sizes) > 1:
            medians = {size: by_size[size]["median"] for size in sizes}
            last, before = sizes[-1], sizes[-2]
            power = math.log(medians[last] / medians[before]) / math.log(last / before)
            unit = by_size[last]["unit"]
            told.append({"what": what, **medians, "unit": unit, "grows as n to the": power})
    return told


def _tell(rows: Sequence[Mapping[Any, object]], heads: Sequence[str | int]) -> None:
    titles = tuple(f"{one:,}" if isinstance(one, int) else one for one in heads)
    lines = [titles, *(tuple(_shown(row.get(head)) for head in heads) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
