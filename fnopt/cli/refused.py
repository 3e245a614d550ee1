"""How commands tell that something cannot be done to a branch."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from fnopt.cli.echo import document, note

if TYPE_CHECKING:
    from fnopt.history.refusal import Refusal

REFUSED = 3


def refused(outcome: Refusal, as_json: bool) -> int:
    """Tell why not, and how to mend it; returns the exit code."""
    if as_json:
        document({"commit": None, "refused": asdict(outcome)})
    note(f"refused: {outcome.message}")
    note(f"mend: {outcome.mend}")
    return REFUSED
