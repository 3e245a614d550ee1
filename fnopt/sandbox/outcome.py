"""What a call in the sandbox comes to, and the seam that every tier fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Outcome:
    """How one piece of learned code ended.

    ``result`` is a JSON value, meaningful when ``ok``. ``error`` is one text for the model: the
    traceback of the learned code alone, or which limit was hit. ``limit`` is "time", "memory",
    "output" (the result is too large), "file size", "disk" (all files together), "grant" (it asked
    for what it may not reach) or "protocol" (the code tampered with it).
    ``seconds`` is wall-clock, the interpreter's start included. A ``fault`` says that the sandbox
    itself broke before learned code began: the outcome is neither right nor wrong.
    """

    ok: bool
    result: Any = None
    error: str | None = None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    limit: str | None = None
    fault: bool = False


class Sandbox(Protocol):
    """The only place where learned code runs. Safe to call from many threads at once."""

    @property
    def tier(self) -> str:
        """How strong it is: "process", "confined" or "isolated"."""

    def call(
        self,
        files: Mapping[str, bytes],
        module: str,
        function: str,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        """Call ``module.function`` of the library ``files`` (path to source) in a fresh state."""

    def run(self, files: Mapping[str, bytes], code: str) -> Outcome:
        """Execute ``code``, which may import from ``files``; the result is what it printed,
        then the text of its last line's value where that is an expression."""

    def close(self) -> None:
        """Let go of what waits for the next call; a call after it begins anew."""
