"""Trials that a verdict rests on and that are not now as they were when it fell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fnopt.records import Trial
from fnopt.review.proof.figures import Step
from fnopt.review.proof.finding import Finding
from fnopt.review.proof.measured import trials_path
from fnopt.review.proof.scene import Scene, step_path

_Scores = dict[tuple[str, int], float | None]  # by task and number


def of_step(scene: Scene, step: Step) -> Iterator[Finding]:
    """A warning where a step or claim was measured with the new ones or since: an answer was
    mended, or the model is another. An error where nothing accounts for them."""
    rests = step.rests
    if rests is None:
        return
    archive = scene.archive
    at = archive.written(step_path(step.number))
    for library in dict.fromkeys((rests.base, rests.after)):
        path = trials_path(rests.split, library)
        then, now = _scores(archive.trials(path, at)), _scores(archive.trials(path))
        other = [key for key, score in then.items() if key not in now or now[key] != score]
        if not other:
            continue
        accounts = [*archive.paths("steps"), *archive.paths("claims")]
        known = any(archive.written(one) >= archive.written(path) for one in accounts)
        yield step.finding(
            "trials-changed",
            f"{len(other)} trials in {path} are not as they were when it was judged",
            mend="if answers or models changed, start anew: fnopt train --new; else fetch again",
            follows=path,
            level="warning" if known else "error",
        )
        return


def _scores(trials: Sequence[Trial] | None) -> _Scores:
    scores = ((one, one.score) for one in trials or ())
    return {(one.task, one.number): score.value if score else None for one, score in scores}
