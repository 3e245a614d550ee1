"""One gate many times: how often is what has no effect kept, and what is found at which price?"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise, product
from math import comb
from statistics import NormalDist
from typing import Any

from fnopt.evaluate.permutation import sign_flip
from fnopt.evaluate.power import Design
from fnopt.evaluate.sequential import look, looks

TIMES = 10_000
NOISE = 0.1  # share of tasks that flip from trial to trial
GAINS = (0.0, 0.05, 0.1, 0.2)
TASKS = (20, 40, 60, 100, 200, 400)
TRIALS = (1, 3)
CONFIDENCES = (0.6, 0.95)
BOUND = 0.99  # of the upper bound on false keeps
TOLERATED = 0.01  # by which that bound may lie above what the confidence allows
POWER = 0.9  # of the power of one look, from so many tasks on
FROM = 100


def cells() -> list[dict[str, Any]]:
    """Every combination, the small ones first."""
    every = product(TASKS, TRIALS, CONFIDENCES, GAINS)
    names = ("tasks", "trials", "confidence", "gain")
    return [dict(zip(names, cell, strict=True)) for cell in every]


def simulate(cell: dict[str, Any], times: int) -> dict[str, Any]:
    """How often it keeps, how often one look would have, and the tasks that it met."""
    tasks, alpha = cell["tasks"], 1 - cell["confidence"]
    chance = random.Random(str(cell))
    kept = at_once = met = 0
    for _ in range(times):
        values = [difference(chance, cell["gain"], cell["trials"]) for _ in range(tasks)]
        better, seen = judged(values, alpha)
        kept, met = kept + better, met + seen
        at_once += sum(values) > 0 and sign_flip(values) <= alpha + 1e-12
    row = {**cell, "kept": kept / times, "one_look": at_once / times, "met": met / times / tasks}
    predicted = Design(cell["trials"], NOISE, cell["confidence"]).power(tasks, cell["gain"])
    row |= {"predicted": predicted, "times": times}
    return {**row, "upper": upper(kept, times), "missed": _missed(row, upper(kept, times))}


def difference(chance: random.Random, gain: float, trials: int) -> float:
    """A task's: right now and wrong before with the gain, else what the agent's noise makes it.

    A share of the tasks of twice the noise is answered by the toss of a coin in each trial.
    """
    if chance.random() < gain:
        return 1.0
    if chance.random() >= 2 * NOISE:
        return 0.0
    return sum(chance.choice((-1, 0, 0, 1)) for _ in range(trials)) / trials


def judged(values: Sequence[float], alpha: float) -> tuple[bool, int]:
    """Whether the test in blocks calls it better, and after how many tasks."""
    tasks, parts = len(values), looks(len(values))
    ends = [tasks * part // parts for part in range(parts + 1)]
    blocks = [values[start:end] for start, end in pairwise(ends)]
    for number in range(1, parts + 1):
        found = look(blocks[:number], tasks, alpha)
        if found.outcome != "open":
            return found.outcome == "better", ends[number]
    raise AssertionError("BUG: the last look is never open")


def upper(kept: int, times: int) -> float:
    """The upper bound on a share, by Clopper and Pearson (1934), or near to it for many."""
    if times > 500:
        share, z = kept / times, NormalDist().inv_cdf(BOUND)
        centre = share + z * z / (2 * times)  # Wilson (1927)
        spread = z * ((share * (1 - share) + z * z / (4 * times)) / times) ** 0.5
        return (centre + spread) / (1 + z * z / times)
    low, high = kept / times, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        below = sum(
            comb(times, at) * middle**at * (1 - middle) ** (times - at) for at in range(kept + 1)
        )
        low, high = (middle, high) if below > 1 - BOUND else (low, middle)
    return high


def _missed(row: dict[str, Any], bound: float) -> bool:
    if not row["gain"]:
        return bool(bound > 1 - row["confidence"] + TOLERATED)
    return bool(row["tasks"] >= FROM and row["kept"] < POWER * row["one_look"])


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A line a number of tasks, trials and confidence; a column a gain."""
    heads = [f"gain {gain:g}: kept (one look), val met" for gain in GAINS]
    lines = [
        f"| tasks | trials | confidence | {heads[0]}; upper bound | {' | '.join(heads[1:])} |",
        "| --- " * (3 + len(GAINS)) + "|",
    ]
    for start in range(0, len(rows), len(GAINS)):
        some = rows[start : start + len(GAINS)]
        told = [f"{r['kept']:.3f} ({r['one_look']:.3f}), {r['met']:.0%}" for r in some]
        told[0] += f"; {some[0]['upper']:.3f}"
        first = some[0]
        lines.append(
            f"| {first['tasks']} | {first['trials']} | {first['confidence']:g} | "
            f"{' | '.join(told)} |"
        )
    missed = sum(row["missed"] for row in rows)
    return "\n".join([*lines, "", f"cells that miss what is asked: {missed} of {len(rows)}"])
