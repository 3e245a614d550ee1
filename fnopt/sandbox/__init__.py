"""Where learned code runs: the only room that executes it (see README.md)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from fnopt.errors import SandboxError, UsageError
from fnopt.sandbox.grants import ALL, Grant, Grants
from fnopt.sandbox.outcome import Outcome, Sandbox
from fnopt.sandbox.process import MEMORY, ProcessSandbox

__all__ = ["TIERS", "Grant", "Grants", "Outcome", "Sandbox", "in_words", "sandbox"]

TIERS = ("process", "confined", "isolated")  # weakest first


def in_words(box: Sandbox, names: Iterable[str]) -> str:
    """The tier, and what functions of these names were granted: for commits and reports."""
    grants = getattr(box, "grants", None) or Grants()
    given = {name: grants.table.get(name) for name in (*sorted(names), ALL)}
    told = [f"{name}: {grant}" for name, grant in given.items() if grant]
    return "; ".join([box.tier, *told])


def sandbox(
    require: str | None,
    timeout: float,
    memory: int = MEMORY,
    *,
    python: str | None = None,
    preload: Sequence[str] = (),
    grants: Grants | None = None,
) -> Sandbox:
    """The sandbox of tier ``require``; None is ``confined`` where there can be one, on Linux.

    ``timeout`` is in seconds of wall-clock time a call, ``memory`` in bytes a call; ``python`` is
    the interpreter of another environment, ``preload`` are packages to import ahead of calls, and
    ``grants`` what functions may reach. Raises SandboxError when the tier does not hold here, and
    UsageError on a wrong value.
    """
    if require is not None and require not in TIERS:
        raise UsageError(
            f"sandbox.require: unknown tier {require!r}", f"Choose one of {', '.join(TIERS)}."
        )
    if not timeout > 0 or memory <= 0:
        raise UsageError(
            f"sandbox: timeout {timeout!r} and memory {memory!r} must be above 0",
            "Set sandbox.timeout to a number of seconds such as 10.0.",
        )
    if os.name != "posix":
        raise SandboxError(
            f"the sandbox needs Linux or macOS, not {os.name}", "On Windows, run fnopt inside WSL."
        )
    grants = grants or Grants()
    grants.check()
    from fnopt.sandbox import interpreter

    found = interpreter.other(python) if python else interpreter.ours()
    if require == "process":
        return ProcessSandbox(timeout, memory, interpreter=found, grants=grants)
    if sys.platform == "darwin":
        from fnopt.sandbox import seatbelt

        return seatbelt.confined(require, timeout, memory, found, grants)
    from fnopt.sandbox import tiers

    terms = tiers.Terms(timeout, memory, found, preload, grants)
    return tiers.isolated(terms) if require == "isolated" else tiers.confined(terms)
