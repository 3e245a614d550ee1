"""Is what a commit holds what was measured? By digests, and by the text of the functions."""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.review.proof.figures import Step
from fnopt.review.proof.finding import Finding
from fnopt.review.proof.scene import Scene, step_path
from fnopt.review.proof.told import Told, first


def of_step(scene: Scene, told: Told, step: Step) -> Iterator[Finding]:
    """Of one update: its library, the one before it, and the code that its document shows."""
    rests = step.rests
    if rests is None:
        return
    if scene.libraries.digest(told.sha) != rests.after:
        yield _another(scene, told, step)
        return
    parent = told.commit.parents[0] if told.commit.parents else None
    if parent is not None and scene.libraries.digest(parent) != rests.base:
        yield step.finding(
            "base",
            "the library before it is not the one that it was compared with",
            claimed=scene.libraries.digest(parent)[:10],
            follows=rests.base[:10],
            mend=f"put it behind what it was measured against; see: git log {parent[:10]}",
        )
    elif strange := _strange(scene, told, step):
        said = f"the code of {', '.join(strange)} in its document is not the commit's"
        mend = f"{step_path(step.number)} was edited: fetch the evidence again"
        yield step.finding("code", said, mend=mend)


def of_squash(scene: Scene, told: Told, steps: list[Step]) -> Iterator[Finding]:
    """Of several updates in one: it must end with a library that the run had."""
    kept = [one for one in steps if first(one.marks, "Fnopt-Verdict").startswith("kept")]
    if kept and not scene.is_incumbent(told.sha):
        yield _another(scene, told, kept[-1])


def _another(scene: Scene, told: Told, step: Step) -> Finding:
    """Another library: worse where it is the update's own functions that differ."""
    strange = _strange(scene, told, step)
    measured = step.rests.after if step.rests else ""
    shown = {"claimed": scene.libraries.digest(told.sha)[:10], "follows": measured[:10]}
    if scene.is_of_people(told.sha):
        return step.finding(
            "not-measured",
            "it holds what people committed to the run's branch, which was not measured",
            mend="measure what is there: fnopt claim",
            level="warning",
            **shown,
        )
    if not strange and isinstance(step.document.get("code"), str):
        return step.finding(
            "other-library",
            "what it changed is as it was measured, the library around it is another",
            mend="measure what is there: fnopt claim",
            level="warning",
            **shown,
        )
    return step.finding(
        "library",
        f"{', '.join(strange) or 'the library'} is not what was measured: the figures are of "
        "other code",
        mend=f"bring back what was measured; see: git show {told.sha[:10]}",
        **shown,
    )


def _strange(scene: Scene, told: Told, step: Step) -> list[str]:
    """The functions of an update that are not, in the commit, as its document has them."""
    code = step.document.get("code")
    if not isinstance(code, str):
        return []  # only scores were pushed
    parent = told.commit.parents[0] if told.commit.parents else None
    pairs = [(str(action), str(name)) for action, name in step.document.get("actions", ())]
    library = scene.libraries.touched(told.sha, parent)
    if any(library.get(name) is None for action, name in pairs if action != "remove"):
        library = scene.libraries.read(told.sha)
    there = [(kind, name, library.get(name)) for kind, name in pairs]
    if code == "\n\n".join(one.source for _, _, one in there if one is not None):
        return []
    wrong = [
        name
        for kind, name, one in there
        if (one is not None if kind == "remove" else one is None or one.source not in code)
    ]
    return wrong or [name for _, name in pairs]
