"""Claims after whole runs: does the interval cover the true gain as often as it says?

The runs are those of ``runs``, at the default confidence; the true gain is that on all tasks, as it
shows through the agent's noise.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product
from statistics import mean
from typing import Any

from benchmarks.judging.runs import MIXES, NOISE, START, Run

from fnopt.evaluate.betting import mean_interval
from fnopt.evaluate.claim import CONFIDENCE, libraries
from fnopt.evaluate.sequential import RHO

TIMES = 1000
TASKS = (20, 40, 80, 160)


def cells() -> list[dict[str, Any]]:
    """Val and test splits of several sizes, after runs with few and many good proposals."""
    names = ("tasks", "mix", "split")
    return [dict(zip(names, cell, strict=True)) for cell in product(TASKS, MIXES, ("val", "test"))]


def simulate(cell: dict[str, Any], times: int) -> dict[str, Any]:
    """How often the interval holds the true gain, its width, and how often it proves a gain."""
    covered = proven = 0
    widths, biases = [], []
    for time in range(times):
        run = Run(random.Random(f"{time} {cell}"), {**cell, "confidence": 0.6, "rho": RHO}).go()
        true = run.quality - START
        values = fresh(run, cell["split"])
        chosen = libraries(run.proposals, run.kept) if cell["split"] == "val" else 1
        low, high = mean_interval(values, 1 - (1 - CONFIDENCE) / chosen)
        covered += low <= _observable(true) <= high
        proven += low > 0
        widths.append(high - low)
        biases.append(mean(values) - _observable(true))
    row = {**cell, "covered": covered / times, "width": mean(widths), "proven": proven / times}
    missed = covered / times < CONFIDENCE
    return {**row, "bias": mean(biases), "times": times, "missed": missed}


def fresh(run: Run, split: str) -> list[float]:
    """Differences of fresh trials with the last library and with the first."""
    pairs = zip(run.truth[split], run.began[split], strict=True)
    return [float(run.paid(after)) - float(run.paid(before)) for after, before in pairs]


def _observable(gain: float) -> float:
    """A true gain as it shows through the agent's noise."""
    return gain * (1 - 2 * NOISE)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A line a cell."""
    lines = [
        "| proposals that gain | split | tasks | covered | mean width | bias | a gain is proven |",
        "| --- " * 7 + "|",
    ]
    for row in rows:
        lines.append(
            f"| {row['mix']} | {row['split']} | {row['tasks']} | {row['covered']:.3f} | "
            f"{row['width']:.2f} | {row['bias']:+.3f} | {row['proven']:.2f} |"
        )
    return "\n".join(lines)
