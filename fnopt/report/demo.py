"""What the demo learned, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from fnopt.history.updates import Update
from fnopt.records import Evaluation, Usage
from fnopt.report.table import steps_table
from fnopt.report.words import cost_of

Pair = tuple[float | None, float | None]


@dataclass(frozen=True)
class Summary:
    """Accuracy before and after on val (selection scores) and on test; what it took."""

    val: Pair
    test: tuple[Evaluation, Evaluation]
    updates: tuple[Update, ...]
    usage: Usage
    seconds: float
    stop: str
    graph: str

    def to_json(self) -> Mapping[str, Any]:
        """The document of ``fnopt demo --json``."""
        return {
            "val": dict(zip(("base", "score"), self.val, strict=True)),
            "test": {
                "base": self.test[0].score,
                "score": self.test[1].score,
                "trials": len(self.test[1].scored),
            },
            "steps": [update.to_json() for update in self.updates],
            "tokens": self.usage.tokens,
            "seconds": round(self.seconds, 1),
            "stop": self.stop,
        }


def show(summary: Summary, folder: Path) -> None:
    """Print the table on stdout."""
    console = Console(highlight=False)
    console.print()
    console.print(steps_table(summary.updates, console.width))
    console.print()
    console.print(_scores(summary))
    kept = [u.function for u in summary.updates if u.verdict == "kept"]
    minutes, seconds = divmod(round(summary.seconds), 60)
    lines = (
        "",
        f"kept: {', '.join(kept) or 'nothing'}",
        f"{cost_of(summary.usage)}, {minutes} min {seconds} s; stopped: {summary.stop}",
        "",
        summary.graph,
        "",
        f"the repository is in {folder}; look at it with: git log --stat fnopt/demo",
    )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _scores(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("accuracy", "before", "after"):
        table.add_column(name)
    before, after = summary.val
    if before is not None and after is not None:
        table.add_row("val (chose the updates)", f"{before:.2f}", f"{after:.2f}")
    table.add_row("test (sealed until now)", *(_accuracy(one) for one in summary.test))
    return table


def _accuracy(evaluation: Evaluation) -> str:
    return f"{evaluation.score:.2f} ({evaluation.right} of {len(evaluation.scored)})"
