"""A gate as a JSON document, and back: what a verdict was reached by, for those who see to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnopt.evaluate.gate import Gate, NoRollback, Paired, Paper

Settled = Mapping[str, Any]


def settled(gate: Gate) -> dict[str, Any]:
    """The document of a gate; empty for one that is not fnopt's own."""
    match gate:
        case Paired(confidence, margin, guards):
            values = {"confidence": confidence, "margin": margin, "guards": list(guards)}
            return {"rule": "paired", **values}
        case Paper(ties):
            return {"rule": "paper", "ties": ties}
        case NoRollback(rule):
            inner = settled(rule)
            return {**inner, "rollback": False} if inner else {}
    return {}


def gate_of(settings: Settled) -> Gate:
    """Inverse of :func:`settled`. Raises ValueError, KeyError or TypeError for another document."""
    given = dict(settings)
    rollback = given.pop("rollback", True)
    match given.pop("rule", None):
        case "paired":
            gate: Gate = Paired(
                float(given["confidence"]), float(given["margin"]), tuple(map(str, given["guards"]))
            )
        case "paper":
            gate = Paper(str(given["ties"]))
        case other:
            raise ValueError(f"no gate is called {other!r}")
    return gate if rollback else NoRollback(gate)
