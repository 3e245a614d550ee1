"""What the commits of a run's branch tell, beside the log's figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from fnopt.history import message
from fnopt.history.repo import Commit
from fnopt.history.updates import PEOPLES, Update
from fnopt.report.words import edits_of
from fnopt.review.lineage_graph import Point

FIGURES = ("Selection score on ", "It was not measured on ")
"""How the paragraph of a message begins that tells figures, which the log has as well."""


def why(text: str) -> str:
    """What a message says beside its figures."""
    parts = message.body(text).split("\n\n")
    return "\n\n".join(part for part in parts if not part.startswith(FIGURES))


def distinct(marks: Sequence[message.Trailers], key: str) -> tuple[str, ...]:
    """The values of a trailer, each once, in the order in which they came."""
    return tuple(dict.fromkeys(value for one in marks for value in one.get(key, ())))


def short(model: str) -> str:
    """A model's name; a file of recorded replies without the folder, which is this machine's."""
    kind, colon, path = model.partition(":")
    return f"{kind}:{PurePath(path).name}" if colon and kind == "recorded" else model


def points(commits: Sequence[Commit], log: Iterable[Update]) -> Iterator[Point]:
    """The commits of a branch, oldest first, but for the reverts that stand right behind what
    lost."""
    told = {one.commit: one for one in log if one.commit}
    for commit in reversed(commits):
        marks = message.trailers(commit.message)
        update = told.get(commit.sha)
        if update is not None and update.action not in PEOPLES:
            yield _point(commit.sha, update)
        elif marks.get("Fnopt-Action") != ("revert",):
            yield Point(commit.sha, "people", commit.message.split("\n", 1)[0])


def _point(sha: str, update: Update) -> Point:
    label = f"step {update.step}: {', '.join(edits_of(update))}"
    both = update.base is not None and update.score is not None
    figures = f"{update.base:.3f} → {update.score:.3f}" if both else ""
    if update.verdict == "kept" or update.overruled:
        return Point(sha, "taken back" if update.revert else "kept", label, figures)
    return Point(sha, "reverted", label, figures)
