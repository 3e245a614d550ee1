"""Each commit of a run: is it what the evidence measured, and does it say no more than that?"""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.history import keep, message, rollback
from fnopt.history.message import Trailers
from fnopt.history.updates import PEOPLES
from fnopt.review.proof import figures, replaced, reverts, trees
from fnopt.review.proof.finding import Finding
from fnopt.review.proof.scene import Scene, step_path
from fnopt.review.proof.told import FIGURES, Told, action, first, is_step

BY_PEOPLE = {"rollback": rollback.VERDICT, "keep": keep.VERDICT}
"""The verdicts of people's own commands, which claim no figure."""


def findings(scene: Scene) -> Iterator[Finding]:
    """What is wrong with each commit, oldest first. What people changed is told where the way is
    the run's; else between its first and last commit alone."""
    ours = [at for at, one in enumerate(scene.way) if one.blocks]
    for at, one in enumerate(scene.way):
        inside = scene.whole or (bool(ours) and ours[0] < at < ours[-1])
        yield from _commit(scene, one, inside=inside and one.sha not in scene.others)


def _commit(scene: Scene, told: Told, *, inside: bool) -> Iterator[Finding]:
    if told.squashed:
        yield from _squash(scene, told)
        return
    marks = next(iter(told.blocks), {})
    if first(marks, "Fnopt-Run") not in ("", scene.run):
        yield _other_run(told, marks)
        return
    if is_step(marks):
        yield from _step(scene, told, marks)
        return
    if action(marks) in PEOPLES:
        yield from _peoples(scene, told, marks)
    elif any(key in marks for key in FIGURES):
        yield _unmeasured(told, marks)
    elif inside and action(marks) != "revert":
        yield from _foreign(scene, told)
    yield from reverts.of_revert(scene, told)


def _step(scene: Scene, told: Told, marks: Trailers) -> Iterator[Finding]:
    if first(marks, "Fnopt-Verdict") == keep.VERDICT and not _claims_figures(marks):
        yield from _foreign(scene, told)  # it waited for a verdict, and a person gave one
        return
    document = scene.document(marks)
    if document is None:
        yield _undocumented(scene, told, marks)
        return
    owner = scene.owners[first(marks, "Fnopt-Step")]
    if owner != told.sha:
        yield _double(told, marks, owner)
        return
    step = scene.step(told, marks, document)
    yield from trees.of_step(scene, told, step)
    yield from figures.findings(step)
    yield from replaced.of_step(scene, step)
    yield from reverts.of_lost(scene, told, marks)


def _squash(scene: Scene, told: Told) -> Iterator[Finding]:
    """Several messages in one: the figures of each, and of the tree what they end with."""
    steps: list[figures.Step] = []
    for marks in told.steps:
        document = scene.document(marks)
        if first(marks, "Fnopt-Run") not in ("", scene.run):
            yield _other_run(told, marks)
        elif document is not None:
            steps.append(scene.step(told, marks, document))
            yield from figures.findings(steps[-1])
            yield from replaced.of_step(scene, steps[-1])
        elif first(marks, "Fnopt-Verdict") != keep.VERDICT:
            yield _undocumented(scene, told, marks)
    yield from trees.of_squash(scene, told, steps)


def _peoples(scene: Scene, told: Told, marks: Trailers) -> Iterator[Finding]:
    if first(marks, "Fnopt-Verdict") == BY_PEOPLE[action(marks)] and not _claims_figures(marks):
        yield from _foreign(scene, told)
    else:
        yield _unmeasured(told, marks)


def _foreign(scene: Scene, told: Told) -> Iterator[Finding]:
    """A commit that nobody measured: allowed, and told where it changed functions."""
    libraries, parents = scene.libraries, told.commit.parents
    if not parents or scene.is_incumbent(told.sha):
        return
    before, after = libraries.blobs(parents[0]), libraries.blobs(told.sha)
    changed = sorted(path for path in {**before, **after} if before.get(path) != after.get(path))
    if changed:
        said = ", ".join(changed)
        yield Finding(
            "not-measured",
            f"it changes {said}, and was not measured",
            "the next step measures it; fnopt claim says what all of it is worth",
            told.sha,
            follows=said,
            level="warning",
        )


def _unmeasured(told: Told, marks: Trailers) -> Finding:
    claimed = "; ".join(f"{key}: {first(marks, key)}" for key in FIGURES if key in marks)
    return Finding(
        "unmeasured",
        f"it claims {claimed}, and nothing in the evidence measured it",
        f"take the trailers out of its message; see: git show {told.sha[:10]}",
        told.sha,
        claimed=claimed,
        follows="not measured",
    )


def _undocumented(scene: Scene, told: Told, marks: Trailers) -> Finding:
    """A step that the evidence does not know: it was lost there, or was made up here."""
    number = message.number(marks, "Fnopt-Step")
    digest = scene.libraries.digest(told.sha)[:40]
    measured = any(digest in path for path in scene.archive.paths("trials"))
    if number is None or not (measured or told.squashed):
        return _unmeasured(told, marks)
    path = step_path(number)
    said = f"{path} is not in the evidence: nothing says what step {number} follows from"
    return Finding("evidence-missing", said, "", told.sha, follows=path)


def _double(told: Told, marks: Trailers, owner: str) -> Finding:
    number = first(marks, "Fnopt-Step")
    return Finding(
        "duplicate-step",
        f"it says that it is step {number}, which is {owner[:10]}",
        f"take the trailers out of its message, or: fnopt keep {owner[:10]}",
        told.sha,
        claimed=number,
        follows=owner,
    )


def _other_run(told: Told, marks: Trailers) -> Finding:
    run = first(marks, "Fnopt-Run")
    said = f"it is of run {run}, and not looked at here"
    mend = f"fnopt verify --run {run}"
    return Finding("other-run", said, mend, told.sha, claimed=run, level="warning")


def _claims_figures(marks: Trailers) -> bool:
    return "Fnopt-Score" in marks or "Fnopt-Base" in marks
