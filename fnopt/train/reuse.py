"""An added function that helps with a single task is a memory of that task, not a function."""

from __future__ import annotations

from dataclasses import replace

from fnopt.evaluate.credit import single_use
from fnopt.history import message
from fnopt.history.runs import Candidate
from fnopt.train.answering import is_answer
from fnopt.train.judge import Judged
from fnopt.train.run import Run


def required(run: Run, candidate: Candidate, judged: Judged) -> Judged:
    """The verdict, but reverted where ``gate.single_use`` refuses an added function.

    It counts tasks answered right with a call that returned: first in the trials that the verdict
    rests on, and before it refuses, where these were not all, on all of the gate's tasks. What a
    person asked for is spared.
    """
    if is_answer(message.trailers(candidate.message)):
        return judged
    if run.judging.single_use != "refuse" or judged.verdict.outcome != "kept":
        return judged
    after, judging = run.base(candidate.commit).library, run.judging
    if not single_use(after, judged.evaluations[-1], added(candidate)):
        return judged
    whole = run.evaluate(after, judging.split, judging.tasks)
    lone = single_use(after, whole, added(candidate))
    if not lone:
        return judged
    said = (
        f"{', '.join(lone)} helped with at most one of {len(judging.tasks)} {judging.split} tasks"
    )
    reason = f"single use: {said}; {judged.verdict.reason}"
    return replace(judged, verdict=replace(judged.verdict, outcome="reverted", reason=reason))


def added(candidate: Candidate) -> tuple[str, ...]:
    """The functions that a candidate adds."""
    marks = message.trailers(candidate.message)
    pairs = zip(marks["Fnopt-Action"], marks["Fnopt-Function"], strict=True)
    return tuple(function for action, function in pairs if action == "add")
