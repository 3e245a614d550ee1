"""The commits of a run as a graph that forges draw: Mermaid's flowchart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fnopt.review.defuse import plain

MOST = 20
"""Nodes of a graph that people still read."""

Kind = Literal["kept", "reverted", "taken back", "people"]
_ORDER: tuple[Kind, ...] = ("kept", "reverted", "taken back", "people")
_SAFE = re.compile(r"[^\w .,:+=→-]+")
_LONGEST = 60
_STYLES = (
    "classDef reverted stroke-dasharray:4 3,opacity:0.6",
    "classDef people stroke-width:3px",
)


@dataclass(frozen=True)
class Point:
    """One commit of a run's branch. ``label`` says in a few words what it did; it may be anything.

    ``taken back``: kept by the gate, and no longer there; ``people``: no update of fnopt's.
    """

    commit: str
    kind: Kind
    label: str
    figures: str = ""


def drawn(start: str, points: Sequence[Point], most: int = MOST) -> str:
    """The graph from the commit ``start`` on, without its fence: ``most`` nodes, older ones in one.

    What was reverted hangs beside the line that the branch went on along.
    """
    shown = points if len(points) < most else points[len(points) - (most - 2) :]
    older = points[: len(points) - len(shown)]
    lines = ["flowchart TB", f'  start(["start: {start[:10]}"])', *_edges(shown, older)]
    return "\n".join([*lines, *(f"  {style}" for style in _STYLES)])


def _edges(shown: Sequence[Point], older: Sequence[Point]) -> Iterator[str]:
    tip = "start"
    if older:
        yield f'  {tip} --> older["{len(older)} older: {_counted(older)}"]'
        tip = "older"
    for number, one in enumerate(shown, 1):
        name = f"c{number}"
        if one.kind in ("reverted", "taken back"):
            yield f'  {tip} -.-> {name}["{_label(one)}"]:::reverted'
            continue
        style = ":::people" if one.kind == "people" else ""
        yield f'  {tip} --> {name}["{_label(one)}"]{style}'
        tip = name


def _counted(points: Sequence[Point]) -> str:
    counts = Counter(one.kind for one in points)
    said = {"people": "by people"}
    return ", ".join(f"{counts[kind]} {said.get(kind, kind)}" for kind in _ORDER if counts[kind])


def _label(one: Point) -> str:
    """The words of a node: letters, digits and a few signs that mean nothing to Mermaid."""
    said = "by people" if one.kind == "people" else one.kind
    label = " ".join(_SAFE.sub(" ", plain(one.label[: 20 * _LONGEST])).split())
    label = label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
    figures = f"<br>{one.figures}" if one.figures else ""
    return f"{said}: {label}{figures}<br>{one.commit[:10]}"
