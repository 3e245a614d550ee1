"""Whole runs: which confidence ends with the best library, for so much money?

A run has proposals of three kinds: some gain 3 to 15% of tasks, some lose as much, the others only
make the agent's noise anew. The validation tasks are a sample of all tasks; what a proposal does to
them is drawn with the chances of all, so that val can be overfitted, and what counts at the end is
the true quality. Trials are kept: of an incumbent each task is paid for once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from statistics import mean
from typing import Any

from fnopt.evaluate.sequential import RHO, look, looks

TIMES = 300
START = 0.3
PROPOSALS = 60
EFFECT = (0.03, 0.15)
CONFIDENCES = (0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
TASKS = (20, 40, 80, 160)
MIXES = {"a third": (1 / 3, 1 / 3), "a tenth": (0.1, 0.45)}  # shares that gain, that lose
NOISE = 0.05  # of single answers that come out the other way
BUDGET = 2000  # trials, in the whole run
DRAFT = 10  # trials that one proposal costs before it meets val
PRICES = (0.0, 0.005, 0.02)  # of quality, for each function that is kept
RHOS = (0.5, 0.75, 1.0, 1.5, 3.0)


def cells() -> list[dict[str, Any]]:
    """Every confidence with every val size and mix; how bounds spend, at the default."""
    names = ("tasks", "mix", "confidence", "rho")
    every = [*product(TASKS, MIXES, CONFIDENCES, (RHO,)), *product((80, 160), MIXES, (0.6,), RHOS)]
    return [dict(zip(names, cell, strict=True)) for cell in every]


def simulate(cell: dict[str, Any], times: int) -> dict[str, Any]:
    """Mean true quality at the end, functions kept, trials spent."""
    same = f"{cell['tasks']} {cell['mix']}"  # for every confidence: what differs is not luck
    ended = [Run(random.Random(f"{time} {same}"), cell).go() for time in range(times)]
    return {
        **cell,
        "quality": mean(run.quality for run in ended),
        "kept": mean(run.kept for run in ended),
        "harmful": mean(run.harmful for run in ended),
        "trials": mean(run.spent for run in ended),
        "proposals": mean(run.proposals for run in ended),
        "times": times,
    }


@dataclass
class Run:
    """One run as it goes: the truth of each val and test task, what was observed, what was spent.

    ``began`` holds the truth as it was with the first library.
    """

    chance: random.Random
    cell: dict[str, Any]
    quality: float = START
    kept: int = 0
    harmful: int = 0
    spent: int = 0
    proposals: int = 0
    truth: dict[str, list[bool]] = field(default_factory=dict)
    began: dict[str, list[bool]] = field(default_factory=dict)
    seen: dict[int, bool] = field(default_factory=dict)

    def go(self) -> Run:
        """Propose until proposals or money are spent."""
        tasks = self.cell["tasks"]
        for split in ("val", "test"):
            self.began[split] = [self.chance.random() < START for _ in range(tasks)]
        self.truth = dict(self.began)
        while self.proposals < PROPOSALS and self.spent < BUDGET:
            self.proposals += 1
            self.spent += DRAFT
            self._judge(*self._effect())
        return self

    def _effect(self) -> tuple[float, float]:
        """The share of all tasks that a proposal puts right, and that it breaks."""
        helps, hurts = MIXES[self.cell["mix"]]
        kind, size = self.chance.random(), self.chance.uniform(*EFFECT)
        if kind < helps:
            return min(size, 1 - self.quality), 0.0
        return 0.0, min(size, self.quality) if kind < helps + hurts else 0.0

    def _judge(self, gain: float, loss: float) -> None:
        mends = gain / (1 - self.quality) if self.quality < 1 else 0.0
        breaks = loss / self.quality if self.quality else 0.0
        after = {split: self._after(now, mends, breaks) for split, now in self.truth.items()}
        better, seen = self._gate(after["val"])
        if better:
            self.kept += 1
            self.harmful += loss > 0
            self.quality += gain - loss
            self.truth, self.seen = after, seen

    def _after(self, truth: Sequence[bool], mends: float, breaks: float) -> list[bool]:
        drawn = [self.chance.random() for _ in truth]
        return [
            one >= breaks if right else one < mends for one, right in zip(drawn, truth, strict=True)
        ]

    def _gate(self, truth: Sequence[bool]) -> tuple[bool, dict[int, bool]]:
        tasks, parts = len(truth), looks(len(truth))
        order = self.chance.sample(range(tasks), tasks)
        seen: dict[int, bool] = {}
        blocks: list[list[float]] = []
        for part in range(parts):
            block = order[tasks * part // parts : tasks * (part + 1) // parts]
            blocks.append([self._difference(task, truth, seen) for task in block])
            found = look(blocks, tasks, 1 - self.cell["confidence"], rho=self.cell["rho"])
            if found.outcome != "open":
                return found.outcome == "better", seen
        raise AssertionError("BUG: the last look is never open")

    def _difference(self, task: int, truth: Sequence[bool], seen: dict[int, bool]) -> float:
        if task not in self.seen:
            self.seen[task] = self.paid(self.truth["val"][task])
        seen[task] = self.paid(truth[task])
        return float(seen[task]) - float(self.seen[task])

    def paid(self, right: bool) -> bool:
        """One trial: what is observed of the truth."""
        self.spent += 1
        return right != (self.chance.random() < NOISE)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """True quality by confidence, less a price for each function kept; then how bounds spend."""
    usual = rows[: len(TASKS) * len(MIXES) * len(CONFIDENCES)]
    heads = " | ".join(f"{one:g}" for one in CONFIDENCES)
    lines = [f"| proposals that gain | val | price | {heads} |"]
    lines.append("| --- " * (3 + len(CONFIDENCES)) + "|")
    for mix, tasks, price in product(MIXES, TASKS, PRICES):
        some = [row for row in usual if (row["mix"], row["tasks"]) == (mix, tasks)]
        net = [row["quality"] - price * row["kept"] for row in some]
        told = " | ".join(f"**{one:.2f}**" if one == max(net) else f"{one:.2f}" for one in net)
        lines.append(f"| {mix} | {tasks} | {price:g} | {told} |")
    lines += ["", "| proposals that gain | val | rho | quality | kept | harmful | made | trials |"]
    lines.append("| --- " * 8 + "|")
    for row in rows[len(usual) :]:
        lines.append(
            f"| {row['mix']} | {row['tasks']} | {row['rho']:g} | {row['quality']:.3f} | "
            f"{row['kept']:.1f} | {row['harmful']:.1f} | {row['proposals']:.1f} | "
            f"{row['trials']:.0f} |"
        )
    return "\n".join(lines)
