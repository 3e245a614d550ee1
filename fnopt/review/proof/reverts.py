"""Reverts: does each bring back what was there, and is each update that lost taken back?"""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.history import message
from fnopt.history.message import Trailers
from fnopt.review.proof.finding import Finding
from fnopt.review.proof.restored import Undone, amiss
from fnopt.review.proof.scene import Scene
from fnopt.review.proof.told import Told, first


def of_revert(scene: Scene, told: Told) -> Iterator[Finding]:
    """Of a commit that says it reverts another; nothing of one that does not."""
    bad = message.reverted(told.commit.message)
    if bad is None:
        return
    target = undone_by(scene, told)
    if target is None or not target.commit.parents or not told.commit.parents:
        if told.blocks:
            said = f"it says that it reverts {bad[:10]}, which is not among these commits"
            mend = f"see: git show {told.sha[:10]}"
            yield Finding("not-verifiable", said, mend, told.sha, level="warning")
        return
    before, now = target.commit.parents[0], told.commit.parents[0]
    blobs = scene.libraries.blobs
    about = next((marks.get("Fnopt-Function", ()) for marks in target.blocks), ())
    undone = Undone(blobs(before), blobs(target.sha), blobs(now), blobs(told.sha), about)
    if wrong := amiss(scene.repo, undone):
        paths = ", ".join(wrong)
        yield Finding(
            "not-restored",
            f"it says that it reverts {target.sha[:10]}, and {paths} is not as it was before",
            f"git checkout {before[:10]} -- {' '.join(wrong)}, and commit that",
            told.sha,
            claimed=f"reverts {target.sha[:10]}",
            follows=paths,
        )


def of_lost(scene: Scene, told: Told, marks: Trailers) -> Iterator[Finding]:
    """Of an update that lost: a commit behind it must take it back."""
    if first(marks, "Fnopt-Verdict").partition(";")[0] != "reverted":
        return
    behind = scene.way[scene.way.index(told) + 1 :]
    if not any(undone_by(scene, one) is told for one in behind):
        yield Finding(
            "not-reverted",
            f"step {first(marks, 'Fnopt-Step')} lost, and no commit takes it back",
            f"git revert {told.sha[:10]}, or have it kept: fnopt keep {told.sha[:10]}",
            told.sha,
            claimed="reverted",
            follows="still there",
        )


def undone_by(scene: Scene, told: Told) -> Told | None:
    """The commit that one says it reverts: by name, else (rebased) by step, else by subject."""
    bad = message.reverted(told.commit.message)
    if bad is None or told.squashed:
        return None
    before = scene.way[: scene.way.index(told)][::-1]
    named = next((one for one in before if one.sha.startswith(bad)), None)
    step = next((first(marks, "Fnopt-Step") for marks in told.blocks), "")
    return named or next((one for one in before if _is_meant(told, one, step)), None)


def _is_meant(told: Told, one: Told, step: str) -> bool:
    if step:
        return any(first(marks, "Fnopt-Step") == step for marks in one.steps)
    said, subject = (each.commit.message.split("\n", 1)[0] for each in (told, one))
    again = subject.removeprefix("Revert ")
    return said in (f'Revert "{subject}"', f"Reapply {again}")
