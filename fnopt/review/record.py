"""What is known of a run's pull request, as ``review.json`` in the run's evidence: it travels."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from fnopt.errors import GitStateError
from fnopt.history.evidence import Evidence

FILE = "review.json"


@dataclass(frozen=True)
class Record:
    """``head`` and ``base`` are branches of the remote (short names), ``pushed`` the commit that
    the head branch was last pushed at, ``kept_only`` whether that is the clean branch. ``number``,
    ``url`` and ``title``, as fnopt wrote it, are None where no pull request is open; ``ended`` is
    the number of the last one that people merged or closed. ``answered`` are the ids of the
    requests that were answered in their threads."""

    remote: str
    head: str
    base: str
    pushed: str
    kept_only: bool = False
    number: int | None = None
    url: str | None = None
    title: str | None = None
    ended: int | None = None
    answered: tuple[str, ...] = ()


def read(evidence: Evidence) -> Record | None:
    """The record of a run, or None. Raises GitStateError where it is not readable."""
    found = evidence.document(FILE)
    if found is None:
        return None
    known = {one.name for one in fields(Record)}
    given: dict[str, Any] = {key: value for key, value in found.items() if key in known}
    try:
        return Record(**{**given, "answered": tuple(given.get("answered", ()))})
    except TypeError as error:
        message = f"{FILE} in {evidence.ref} is not readable: {error}"
        mend = "another version of fnopt wrote it, or somebody edited it"
        raise GitStateError(message, mend) from None


def write(evidence: Evidence, record: Record, why: str) -> None:
    """Keep a record; nothing happens where it says the same."""
    evidence.write({FILE: asdict(record)}, (), why)
