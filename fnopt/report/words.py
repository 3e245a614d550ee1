"""Figures as people read them."""

from __future__ import annotations

from fnopt.history.updates import Update
from fnopt.records import Usage


def cost_of(usage: Usage) -> str:
    """``48,210 tokens, $0.03``; the price is left out where it is nothing, said where unknown."""
    if usage.untold:
        return "tokens and price unknown"
    tokens = f"{usage.tokens:,} tokens"
    if usage.cost is None:
        return f"{tokens}, price unknown"
    return f"{tokens}, {dollars(usage.cost)}" if usage.cost else tokens


def dollars(cost: float | None) -> str:
    """US dollars, to a hundredth of a cent below ten cents."""
    if cost is None:
        return "unknown"
    return f"${cost:.4f}" if 0 < cost < 0.1 else f"${cost:.2f}"


def percent(score: float | None) -> str:
    """A score from 0 to 1 as ``0.333``; a dash where it was not measured."""
    return "-" if score is None else f"{score:.3f}"


def edits_of(update: Update) -> list[str]:
    """``add count_letter`` for each edit of an update; nothing for a reply that proposed none."""
    actions, functions = update.action.split(", "), update.function.split(", ")
    if len(actions) != len(functions):
        return [f"{update.action} {update.function}".strip()]
    pairs = zip(actions, functions, strict=True)
    return list(filter(None, (f"{action} {name}".strip() for action, name in pairs)))
