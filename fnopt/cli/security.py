"""``fnopt doctor --security``: what attacks on the sandbox come to, on this machine, now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fnopt.cli.columns import plain
from fnopt.cli.echo import document, note

if TYPE_CHECKING:
    from fnopt.sandbox import Sandbox
    from fnopt.sandbox.scene import Tried

NAME = 50  # columns of an attack's name
BELOW = 6
"""The exit code of a sandbox that does not keep what it should."""


def report(box: Sandbox, *, as_json: bool) -> int:
    """Every attack with what happened and how long it took; the exit code."""
    from fnopt.sandbox.scene import table

    found: list[Tried] = []
    for one in table(box):
        found.append(one)
        if not as_json:
            mark = "--" if one.succeeded else "ok"
            row = f"{mark}  {one.attack.name:<{NAME}}  {one.seconds:6.3f} s"
            click.echo(f"{row}  {plain(one.happened)}")
    if as_json:
        rows = [
            {
                "attack": one.attack.name,
                "stopped": not one.succeeded,
                "happened": one.happened,
                "seconds": round(one.seconds, 4),
            }
            for one in found
        ]
        document({"tier": box.tier, "attacks": rows})
    reached = sum(one.succeeded for one in found)
    note(f"tier {box.tier}: {len(found) - reached} of {len(found)} attacks come to nothing")
    return BELOW if reached and box.tier != "process" else 0
