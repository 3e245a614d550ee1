"""Are the trials of the evidence sound in themselves? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import isfinite

from fnopt.records import Trial
from fnopt.review.proof.finding import Finding

SPLITS = ("train", "val", "test")
MEND = "somebody edited the evidence: fetch it again"
_PATH = re.compile(r"trials/([^/]+)/([0-9a-f]{40})\.jsonl")


def findings(path: str, trials: Sequence[Trial]) -> Iterator[Finding]:
    """What is wrong with a file of trials: its name, a score, two trials of one number."""
    named = _PATH.fullmatch(path)
    if named is None or named[1] not in SPLITS:
        yield Finding("trials-name", f"{path} names no split and library", MEND, claimed=path)
    met: set[tuple[str, int]] = set()
    for one in trials:
        if (fault := _fault(one)) is not None:
            said = f"{path}: trial {one.number} of task {one.task!r:.80}: {fault}"
            yield Finding("trials-score", said, MEND, claimed=path)
        if (one.task, one.number) in met:
            said = f"{path}: trial {one.number} of task {one.task!r:.80} stands there twice"
            yield Finding("trials-double", said, MEND, claimed=path)
        met.add((one.task, one.number))


def _fault(trial: Trial) -> str | None:
    if trial.score is None:
        return None if trial.error is not None else "neither a score nor an error"
    value: object = trial.score.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return f"{value!r:.40} is no score"
    if trial.error is not None:
        return "both a score and an error"
    return None if 0 <= value <= 1 else f"a score of {value} is not from 0 to 1"
