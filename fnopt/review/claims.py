"""What was claimed of a run, out of its evidence, and whether it holds for what is there now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from fnopt.errors import GitStateError
from fnopt.evaluate.claim import Claim
from fnopt.history.evidence import Evidence

SPLITS = ("test", "val")
"""Whose claims there may be; on the sealed split it rests on trials that chose nothing."""

_TEXTS = ("split",)


@dataclass(frozen=True)
class Claimed:
    """A claim about the library of ``commit``, which is ``here``: the one at the branch's head.

    ``moved``: the branch went on from it, by ``behind`` updates; ``gone``: it is no commit of the
    branch.
    """

    claim: Claim
    commit: str
    standing: Literal["here", "moved", "gone"]
    behind: int = 0


def claims(
    evidence: Evidence,
    commits: Sequence[str],
    counted: Collection[str],
    is_current: Callable[[str], bool],
) -> tuple[Claimed, ...]:
    """The claims of a run whose branch has these commits (newest first), the best first.

    ``counted`` are those of the commits that are updates or people's, not reverts.

    One of the library that is there now is better than one of an older library; of those, one on
    the sealed split. Raises GitStateError where one is not readable.
    """
    found = [_claimed(one, commits, counted, is_current) for one in _documents(evidence)]
    return tuple(sorted(found, key=lambda one: one.standing != "here"))


def _documents(evidence: Evidence) -> Iterator[tuple[Claim, str]]:
    names = [one.name for one in fields(Claim)]
    for split in SPLITS:
        path = f"claims/{split}.json"
        found = evidence.document(path)
        if found is None:
            continue
        commit = found.get("commit")
        if not isinstance(commit, str) or not all(_fits(name, found.get(name)) for name in names):
            raise GitStateError(
                f"{path} in {evidence.ref} is not readable",
                f"measure it again: fnopt claim --split {split}",
            )
        yield Claim(**{name: found[name] for name in names}), commit


def _fits(name: str, value: Any) -> bool:
    if name in _TEXTS:
        return value in SPLITS
    return isinstance(value, int | float) and not isinstance(value, bool)


def _claimed(
    found: tuple[Claim, str],
    commits: Sequence[str],
    counted: Collection[str],
    is_current: Callable[[str], bool],
) -> Claimed:
    claim, commit = found
    if commit not in commits:
        return Claimed(claim, commit, "gone")
    behind = sum(one in counted for one in commits[: commits.index(commit)])
    return Claimed(claim, commit, "here" if is_current(commit) else "moved", behind)
