"""The steps of a run as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from fnopt.history.updates import Update
from fnopt.report.words import dollars, percent

STYLES = {"kept": "green", "reverted": "red", "refused": "yellow"}


def steps_table(updates: Sequence[Update]) -> Table:
    """One row a step, oldest first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("step", "verdict", "update", "val", "", "tokens", "cost", "commit", "why"):
        table.add_column(name, justify="right" if name in ("step", "tokens", "cost") else "left")
    for update in updates:
        table.add_row(*_row(update))
    return table


def _row(update: Update) -> tuple[Text, ...]:
    verdict = "rolled back" if update.verdict == "kept" and update.revert else update.verdict
    cells = (
        str(update.step),
        verdict,
        f"{update.action} {update.function}".strip(),
        percent(update.base),
        f"→ {percent(update.score)}",
        f"{update.tokens:,}",
        dollars(update.cost),
        (update.commit or "-")[:8],
        update.reason,
    )
    style = STYLES.get(update.verdict, "")
    return tuple(Text(cell, style=style if n == 1 else "") for n, cell in enumerate(cells))
