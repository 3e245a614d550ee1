"""The evidence of a run as it is, and as it was when each step was written: one pass over its log.

A verdict follows from the trials that were there when it fell. Trials may be made anew later (an
answer was mended, another model), so that the newest state is not the one to hold it against.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from fnopt.errors import GitStateError
from fnopt.history.repo import Repository
from fnopt.records import Trial

_LOG = (
    *("log", "--reverse", "--first-parent", "--diff-merges=first-parent", "--root", "-z"),
    *("--raw", "--no-renames", "--no-abbrev", "--format=format:%x00commit %H"),
)
_REST: Mapping[str, Any] = {"key": "", "answer": "", "calls": (), "messages": (), "usage": {}}
"""What a trial may be without, where only scores were pushed."""

At = int
"""A state of the evidence: after so many of its commits."""


class Archive:
    """Reads the evidence at ``commit``; every blob once."""

    def __init__(self, repo: Repository, commit: str) -> None:
        self._repo = repo
        self._when: dict[str, list[At]] = {}
        self._what: dict[str, list[str | None]] = {}
        self._trials: dict[str, tuple[Trial, ...]] = {}
        self.states: At = 0
        """How many there are: the last is how the evidence is now."""
        self._walk(repo.git(*_LOG, "--end-of-options", commit, "--").out)

    def paths(self, folder: str) -> list[str]:
        """The files below a folder, as the evidence is now."""
        inside = (path for path in self._what if path.startswith(f"{folder}/"))
        return sorted(path for path in inside if self._what[path][-1] is not None)

    def written(self, path: str) -> At:
        """The state in which a file got to be as it is; now for one that is not there."""
        return self._when[path][-1] if path in self._when else self.states

    def document(self, path: str) -> dict[str, Any] | None:
        """A JSON document, or None. Raises GitStateError for something else."""
        blob = self._blob(path, self.states)
        if blob is None:
            return None
        try:
            return dict(json.loads(self._repo.read(blob)))
        except (ValueError, TypeError) as error:
            raise unreadable(path, error) from None

    def trials(self, path: str, at: At | None = None) -> tuple[Trial, ...] | None:
        """A file's trials, as they are or as they were. Raises GitStateError for something else."""
        blob = self._blob(path, self.states if at is None else at)
        if blob is None:
            return None
        if blob not in self._trials:
            self._trials[blob] = self._parsed(path, blob)
        return self._trials[blob]

    def _blob(self, path: str, at: At) -> str | None:
        place = bisect_right(self._when.get(path, []), at)
        return self._what[path][place - 1] if place else None

    def _parsed(self, path: str, blob: str) -> tuple[Trial, ...]:
        try:
            rows = json.loads(b"[%s]" % b",".join(self._repo.read(blob).splitlines()))
            return tuple(Trial.from_json({**_REST, **row}) for row in rows)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise unreadable(path, error) from None

    def _walk(self, out: bytes) -> None:
        words = iter(out.decode(errors="surrogateescape").split("\0"))
        for word in words:
            head, _, rest = word.rpartition("\n")  # the first change stands behind the commit
            self.states += (head or rest).startswith("commit ")
            if rest.startswith(":"):
                blob, path = rest.split(" ")[3], next(words)
                self._when.setdefault(path, []).append(self.states)
                self._what.setdefault(path, []).append(blob if blob.strip("0") else None)


def unreadable(path: str, error: object) -> GitStateError:
    """The error for a file of evidence that holds something else than it should."""
    return GitStateError(
        f"{path} in the evidence is not readable: {error}",
        "another version of fnopt wrote it, or somebody edited it: fetch the evidence again",
    )
