"""The steps of a run as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from fnopt.history.updates import Update
from fnopt.report.words import dollars, edits_of, percent

STYLES = {"kept": "green", "reverted": "red", "refused": "yellow"}
ROOM_FOR_REASONS = 120  # columns of a terminal


def steps_table(updates: Sequence[Update], width: int = 80, split: str = "val") -> Table:
    """One row a step, oldest first, and one for each further edit of it; with the reasons where
    ``width`` columns have room for them.

    ``split`` is what the gate judged on.
    """
    paid = any(update.cost is None or update.cost for update in updates)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("step", "verdict", "update", split, "tokens"):
        table.add_column(name, justify="right" if name in ("step", "tokens") else "left")
    if paid:
        table.add_column("cost", justify="right")
    table.add_column("commit")
    if width >= ROOM_FOR_REASONS:
        table.add_column("why", overflow="ellipsis", ratio=1)
        table.expand = True
    for column in table.columns:
        column.no_wrap = True
    for update in updates:
        first, *more = edits_of(update) or [""]
        table.add_row(*_row(update, first, paid)[: len(table.columns)])
        for edit in more:
            table.add_row("", "", Text(edit))
    return table


def _row(update: Update, edit: str, paid: bool) -> list[Text]:
    verdict = "rolled back" if update.verdict == "kept" and update.revert else update.verdict
    score = f"{percent(update.base)} -> {percent(update.score)}" if update.base is not None else "-"
    return [
        Text(str(update.step)),
        Text(verdict, style=STYLES.get(update.verdict, "")),
        Text(edit),
        Text(score),
        Text(f"{update.tokens:,}"),
        *([Text(dollars(update.cost))] if paid else []),
        Text((update.commit or "-")[:8]),
        Text(update.reason),
    ]
