"""A report as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

OURS = "fnopt"


def markdown(document: Mapping[str, Any]) -> str:
    """Accuracy and cost, differences from fnopt, and each family."""
    arms = sorted(document["arms"].items(), key=lambda one: -one[1]["accuracy"])
    parts = [f"## {document['set']}", _costs(arms)]
    if OURS in document["arms"]:
        parts.append(_differences(document["differences"]))
    return "\n\n".join([*parts, _families(arms)]) + "\n"


def _costs(arms: Sequence[tuple[str, Any]]) -> str:
    marks = list(arms[0][1]["per_seed"][0]["tokens_to"]) if arms else []
    heads = ["arm", "test", "95%", "right", "val", "trials", "agent's tokens", "optimizer's"]
    heads += [*(f"tokens to {mark}" for mark in marks), "minutes", "seeds"]
    return _table(heads, [_cost(name, arm, marks) for name, arm in arms])


def _cost(name: str, arm: Mapping[str, Any], marks: Sequence[str]) -> list[str]:
    seeds = arm["per_seed"]
    return [
        name,
        f"{arm['accuracy']:.3f}",
        _interval(arm["interval"]),
        f"{arm['right']} of {arm['total']}",
        _each(f"{one['val']:.2f}" for one in seeds),
        _each(str(one["trials"]) for one in seeds),
        _each(f"{one['tokens']['agent']:,}" for one in seeds),
        _each(f"{one['tokens']['optimizer']:,}" for one in seeds),
        *(_each(_tokens(one["tokens_to"][mark]) for one in seeds) for mark in marks),
        _each(f"{one['seconds'] / 60:.0f}" for one in seeds),
        _each(str(seed) for seed in arm["seeds"]),
    ]


def _differences(given: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        [
            f"{OURS} - {one['against']}",
            f"{one['difference']:+.3f}",
            _signed(one["interval"]),
            str(one["tasks"]),
        ]
        for one in given
        if one["arm"] == OURS
    ]
    return _table(["difference on test", "mean", "95%", "tasks"], rows)


def _families(arms: Sequence[tuple[str, Any]]) -> str:
    names = sorted({family for _, arm in arms for family in arm["families"]})
    none = {"right": 0, "total": 0}
    rows = [
        [name, *(_count(arm["families"].get(one, none)) for one in names)] for name, arm in arms
    ]
    return _table(["arm", *names], rows)


def _count(one: Mapping[str, int]) -> str:
    return f"{one['right']}/{one['total']}"


def _tokens(given: int | None) -> str:
    return "-" if given is None else f"{given:,}"


def _interval(given: Sequence[float]) -> str:
    return f"{given[0]:.3f} to {given[1]:.3f}"


def _signed(given: Sequence[float]) -> str:
    return f"{given[0]:+.3f} to {given[1]:+.3f}"


def _each(given: Iterable[str]) -> str:
    """One value for each seed."""
    return " / ".join(given)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
