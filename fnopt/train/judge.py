"""Is a candidate better than its base? First where it promised to be, then where it counts."""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.history import message
from fnopt.history.runs import Candidate
from fnopt.library.function import Library
from fnopt.records import Evaluation, Task, Verdict
from fnopt.train.attempts import Observation, observe
from fnopt.train.run import Base, Run


@dataclass(frozen=True)
class Judged:
    """A verdict, the trials behind it, and what the agent did on the tasks the edit is for."""

    verdict: Verdict
    evaluations: tuple[Evaluation, ...]
    observed: tuple[Observation, ...] = ()


def judge(run: Run, base: Base, candidate: Candidate) -> Judged:
    """Screen a candidate on the failing training tasks that it is for, then ask the gate."""
    after = run.base(candidate.commit).library
    marks = message.trailers(candidate.message)
    action = marks["Fnopt-Action"][0] if len(marks["Fnopt-Action"]) == 1 else "several"
    run.say(f"step {candidate.step}: judging {candidate.message.splitlines()[0]}")
    tasks = [task for task in run.train if task.id in marks.get("Fnopt-Task", ())]
    screened = _screen(run, base.library, after, tasks) if action != "remove" else None
    if screened is not None and screened.verdict.outcome != "kept":
        return screened
    split, held = run.judging.split, run.judging.tasks
    pair = [run.evaluate(library, split, held) for library in (base.library, after)]
    verdict = run.judging.gate.judge(pair[0], pair[1], action)
    if screened is None:
        return Judged(verdict, tuple(pair))
    return Judged(verdict, (*screened.evaluations, *pair), screened.observed)


def _screen(run: Run, base: Library, after: Library, tasks: list[Task]) -> Judged | None:
    """Trials on the training tasks that an edit is for; "kept" means that it may go on."""
    if not run.judging.screened or not tasks:
        return None
    pair = tuple(run.evaluate(library, "train", tasks) for library in (base, after))
    observed = tuple(observe(trial) for trial in pair[1].trials)
    return Judged(_helps(*pair), pair, observed)


def _helps(base: Evaluation, after: Evaluation) -> Verdict:
    if len(after.scored) < len(after.trials) or len(base.scored) < len(base.trials):
        return Verdict("undecided", "infrastructure failed on the training tasks it is for")
    said = f"{after.right} of {len(after.trials)} failing training tasks it is for became right"
    return Verdict("kept" if after.score > base.score else "reverted", f"screened: {said}")
