"""Where learned code runs: the only room that executes it (see README.md)."""

from __future__ import annotations

import os

from fnopt.errors import SandboxError, UsageError
from fnopt.sandbox.outcome import Outcome, Sandbox
from fnopt.sandbox.process import MEMORY, ProcessSandbox

__all__ = ["TIERS", "Outcome", "Sandbox", "sandbox"]

TIERS = ("process", "confined", "isolated")  # weakest first
_BEST = "process"  # what this version has


def sandbox(require: str, timeout: float, memory: int = MEMORY) -> Sandbox:
    """The strongest sandbox there is, at least of tier ``require``.

    ``timeout`` is in seconds of wall-clock time a call, ``memory`` in bytes a call. Raises
    SandboxError when nothing that strong is available, UsageError on a wrong value.
    """
    if require not in TIERS:
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
    if TIERS.index(require) > TIERS.index(_BEST):
        raise SandboxError(
            f"sandbox tier {require!r} is required, and only {_BEST!r} is available",
            f'Set sandbox.require = "{_BEST}", and run fnopt in a container or as a user with '
            "nothing to lose: that tier does not shut off files or the network.",
        )
    return ProcessSandbox(timeout=timeout, memory=memory)
