"""Is a candidate better than its base? First where it promised to be, then where it counts."""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.history import message
from fnopt.history.runs import Candidate
from fnopt.library.function import Library
from fnopt.records import Evaluation, Task, Verdict
from fnopt.train import focus, noticed
from fnopt.train.attempts import Observation, observe
from fnopt.train.run import Base, Run
from fnopt.train.tryout import tryout


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
    screened = None
    if run.judging.screened and tasks and action != "remove":
        screened = _screen(run, base.library, after, tasks, _name(marks))
    if screened is not None and screened.verdict.outcome != "kept":
        return screened
    split, held = run.judging.split, run.judging.tasks
    pair = [run.evaluate(library, split, held) for library in (base.library, after)]
    verdict = run.judging.gate.judge(pair[0], pair[1], action)
    if screened is None:
        return Judged(verdict, tuple(pair))
    return Judged(verdict, (*screened.evaluations, *pair), screened.observed)


def _name(marks: message.Trailers) -> str | None:
    """The one function of an add or revise."""
    names = marks["Fnopt-Function"]
    return names[0] if len(names) == 1 else None


def _screen(run: Run, base: Library, after: Library, tasks: list[Task], name: str | None) -> Judged:
    """Trials on training tasks of the kind that an edit is for; "kept" means that it may go on."""
    pair = tuple(run.evaluate(library, "train", _kind(run, tasks)) for library in (base, after))
    observed = tuple(observe(trial) for trial in pair[1].trials)
    ids = {task.id for task in tasks}
    became = len({trial.task for trial in pair[1].trials if trial.right and trial.task in ids})
    said = f"screened: {became} of {len(tasks)} failing training tasks it is for became right"
    if any(len(one.scored) < len(one.trials) for one in pair):
        lost = "infrastructure failed on the training tasks it is for"
        return Judged(Verdict("undecided", lost), pair, observed)
    helps = pair[1].score > pair[0].score
    if name is not None and not helps and not noticed.called(pair[1], after, name):
        said = f"{said}; {name} was never called"
    elif name is not None and pair[1].score == pair[0].score:
        helps = _computes(run, after, tasks, pair[0], name)
    return Judged(Verdict("kept" if helps else "reverted", said), pair, observed)


def _kind(run: Run, tasks: list[Task]) -> list[Task]:
    """The tasks, and a few that look like them: what was right by luck says as much as they do."""
    return [*tasks, *focus.kin(tasks, run.train)]


def _computes(run: Run, after: Library, tasks: list[Task], base: Evaluation, name: str) -> bool:
    """Whether the function computes all the expected answers, so that val should decide: where few
    tasks fail, one answer that the agent worded badly would hide that."""
    bench = run.evaluator.bench
    trials = base.trials
    tried = tryout(after, name, _kind(run, tasks), trials, bench.sandbox, bench.scorer)
    return tried.sure
