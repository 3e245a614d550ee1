"""Two states of a run's evidence made one: documents by step, trials by task and number.

What one side alone has or changed is taken. A step that both recorded, and differently, was made by
two jobs at once: which of them counts nobody can say but the branch, if it has just one of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fnopt.history.evidence import document_bytes, trial_line
from fnopt.history.refusal import Refusal, listed
from fnopt.history.repo import Repository
from fnopt.history.scrub import scrubbed_file, scrubbed_trial
from fnopt.records import Trial

_Key = tuple[str, int]


@dataclass(frozen=True)
class Heads:
    """Commits of evidence: here, at the remote, and what both began with (None: nothing).

    ``here_has`` and ``there_has`` are the steps that stand on the branch here and there.
    """

    here: str
    there: str
    base: str | None
    here_has: Collection[int] = ()
    there_has: Collection[int] = ()


@dataclass(frozen=True)
class TwoJobs:
    """Steps that both sides recorded, each in its own way."""

    steps: tuple[int, ...]

    def refusal(self, run: str, heads: Heads) -> Refusal:
        """What a person can do: one side has to go."""
        told = listed([str(step) for step in self.steps])
        ref = f"refs/fnopt/runs/{run}"
        return Refusal(
            f"two jobs worked on run {run} at once: step {told} is another one at the remote",
            f"to have the remote's: git update-ref {ref} {heads.there[:10]}, and the branch too",
            commits=(heads.there,),
        )


def united(repo: Repository, heads: Heads) -> str | TwoJobs:
    """The tree with the evidence of both."""
    here, there = repo.blobs(heads.here), repo.blobs(heads.there)
    base = repo.blobs(heads.base) if heads.base else {}
    clash: list[int] = []
    changes: dict[str, bytes | None] = {}
    winner = _winner(here, there, base)
    for path, blob in there.items():
        mine, began = here.get(path), base.get(path)
        if blob in (mine, began):
            continue
        theirs = repo.read(blob)
        if mine in (None, began):
            changes[path] = theirs
            continue
        data = _both(path, repo.read(str(mine)), theirs, winner, heads)
        if data is None:
            clash.append(_step_of(path))
        else:
            changes[path] = data
    if clash:
        return TwoJobs(tuple(sorted(clash)))
    return repo.write_tree(repo.tree(heads.here), changes)


def _winner(here: Mapping[str, str], there: Mapping[str, str], base: Mapping[str, str]) -> str:
    """Whose trial counts where both made the same: that of the side which alone has steps, since
    its figures rest on it; else what was pushed first."""
    mine, theirs = (
        {path for path in side if path.startswith("steps/") and path not in base}
        for side in (here, there)
    )
    return "here" if mine - theirs and not theirs - mine else "there"


def _both(path: str, mine: bytes, theirs: bytes, winner: str, heads: Heads) -> bytes | None:
    """A file that both sides have, differently; None where that cannot be one file."""
    if scrubbed_file(path, mine) == theirs:
        return mine  # the same, without its texts
    if scrubbed_file(path, theirs) == mine:
        return theirs
    if path.startswith("trials/"):
        return _trials(mine, theirs, winner)
    if path.startswith("steps/"):
        return _step(path, mine, theirs, heads)
    first, second = (dict(json.loads(one)) for one in (mine, theirs))
    return document_bytes(_joined(first, second))


def _trials(mine: bytes, theirs: bytes, winner: str) -> bytes:
    first, second = _read(mine), _read(theirs)
    if winner == "here":
        first, second = second, first
    rows = {**first, **{key: _better(first.get(key), one) for key, one in second.items()}}
    return "".join(f"{trial_line(rows[key])}\n" for key in sorted(rows)).encode()


def _better(other: Trial | None, one: Trial) -> Trial:
    """``one``, unless the other says more: a score, or the texts of the very same."""
    if other is None:
        return one
    if one.score is None and other.score is not None:
        return other
    return other if one == scrubbed_trial(other) else one


def _read(data: bytes) -> dict[_Key, Trial]:
    trials = [Trial.from_json(json.loads(line)) for line in data.splitlines()]
    return {(one.task, one.number): one for one in trials}


def _step(path: str, mine: bytes, theirs: bytes, heads: Heads) -> bytes | None:
    """What the branch has counts, where just one side has it there."""
    step = _step_of(path)
    here, there = step in heads.here_has, step in heads.there_has
    if here == there:
        return None
    return mine if here else theirs


def _joined(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of both; of a field that both have, what is here."""
    return {**theirs, **mine}


def _step_of(path: str) -> int:
    return int(path.removeprefix("steps/").removesuffix(".json") or 0)
