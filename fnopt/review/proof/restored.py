"""Does a revert bring back what was there before? By the blobs of the library's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fnopt.history.repo import Repository
from fnopt.library.function import read

Blobs = Mapping[str, str]
"""Path and blob of a library's files at a commit."""


@dataclass(frozen=True)
class Undone:
    """The library before and after what was undone, and before and after the commit that says so;
    ``functions`` are those that it is about."""

    before: Blobs
    after: Blobs
    now: Blobs
    then: Blobs
    functions: Sequence[str] = ()


def amiss(repo: Repository, undone: Undone) -> list[str]:
    """The paths that are not as they should be: not brought back, or changed besides.

    Where a later commit had changed a file, its functions are looked at in its place.
    """
    touched = _differing(undone.before, undone.after)
    wrong = [path for path in _differing(undone.now, undone.then) if path not in touched]
    for path in touched:
        if undone.then.get(path) == undone.before.get(path):
            continue
        untouched = undone.now.get(path) == undone.after.get(path)
        if untouched or not _by_function(repo, undone, path):
            wrong.append(path)
    return sorted(wrong)


def _by_function(repo: Repository, undone: Undone, path: str) -> bool:
    before, then = (_sources(repo, blobs, path) for blobs in (undone.before, undone.then))
    return all(before.get(name) == then.get(name) for name in undone.functions)


def _sources(repo: Repository, blobs: Blobs, path: str) -> dict[str, str]:
    if path not in blobs:
        return {}
    return {one.name: one.source for one in read({path: repo.read(blobs[path])}).functions}


def _differing(one: Blobs, other: Blobs) -> list[str]:
    return [path for path in {**one, **other} if one.get(path) != other.get(path)]
