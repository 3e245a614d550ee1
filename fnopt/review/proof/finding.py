"""What ``fnopt verify`` finds: what is claimed, what follows in its place, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.records import Level


@dataclass(frozen=True)
class Finding:
    """``kind`` names it for machines, ``commit`` (full name) and ``function`` where it is at one.

    ``claimed`` is what stands there, ``follows`` what the evidence says; both may be empty. An
    error fails the check; a warning is only told.
    """

    kind: str
    message: str
    mend: str = ""
    commit: str | None = None
    function: str | None = None
    claimed: str = ""
    follows: str = ""
    level: Level = "error"


@dataclass(frozen=True)
class Report:
    """All that was found in a run, and how much was looked at: commits with figures (``updates``
    of all ``commits``), trials and libraries in the evidence."""

    run: str
    findings: tuple[Finding, ...] = ()
    updates: int = 0
    commits: int = 0
    trials: int = 0
    libraries: int = 0

    @property
    def holds(self) -> bool:
        """Whether all that is claimed follows."""
        return all(one.level != "error" for one in self.findings)
