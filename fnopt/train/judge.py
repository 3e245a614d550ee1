"""Is a candidate better than its base? First where it promised to be, then where it counts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fnopt.evaluate.gate import NEED_NO_GAIN, REVIEW
from fnopt.evaluate.pairs import Block, first_error, infrastructure_failed
from fnopt.history import message
from fnopt.history.runs import Candidate
from fnopt.library.function import Library
from fnopt.records import Evaluation, Task, Verdict
from fnopt.train import focus, noticed
from fnopt.train.answering import is_answer
from fnopt.train.attempts import Observation, observe
from fnopt.train.rests import on_the_gate, on_the_screen
from fnopt.train.run import Base, Run
from fnopt.train.tryout import tryout


@dataclass(frozen=True)
class Judged:
    """A verdict, the trials behind it, and what the agent did on the tasks the edit is for.

    ``rests`` says what the verdict follows from, so that others can see to it
    (:mod:`fnopt.train.rests`).
    """

    verdict: Verdict
    evaluations: tuple[Evaluation, ...]
    observed: tuple[Observation, ...] = ()
    rests: Mapping[str, Any] = field(default_factory=dict)


def judge(run: Run, base: Base, candidate: Candidate) -> Judged:
    """Screen a candidate on the failing training tasks that it is for, then ask the gate.

    What answers a person is for no tasks: it is not screened, and it need not gain anything.
    """
    after = run.base(candidate.commit).library
    marks = message.trailers(candidate.message)
    action = _action(marks)
    run.say(f"step {candidate.step}: judging {candidate.message.splitlines()[0]}")
    tasks = [task for task in run.train if task.id in marks.get("Fnopt-Task", ())]
    screened = None
    if run.judging.screened and tasks and action not in NEED_NO_GAIN:
        screened = _screen(run, base.library, after, tasks, _name(marks))
    if screened is not None and screened.verdict.outcome != "kept":
        return replace(screened, rests=on_the_screen(screened.evaluations, action))
    met: list[Block] = []
    blocks = _paired_blocks(run, base.library, after, candidate.step, met)
    verdict = run.judging.gate.judge(blocks, len(run.judging.tasks), action)
    rests = on_the_gate(run.judging, met, action)
    if screened is None:
        return Judged(verdict, _whole(met), rests=rests)
    return Judged(verdict, (*screened.evaluations, *_whole(met)), screened.observed, rests)


def _action(marks: message.Trailers) -> str:
    """What the gate is told that the update does."""
    actions = marks["Fnopt-Action"]
    return REVIEW if is_answer(marks) else actions[0] if len(actions) == 1 else "several"


def _paired_blocks(
    run: Run, base: Library, after: Library, step: int, met: list[Block]
) -> Iterator[Block]:
    """Both libraries on the gate's tasks, block by block as they are asked for; ``met`` gets them.

    The tasks come in an order of the step's own, by chance: with the same ones first at every step,
    these few would choose all updates.
    """
    judging = run.judging
    looks = judging.gate.looks(len(judging.tasks))
    tasks = list(judging.tasks)
    if looks > 1:
        random.Random(f"{run.branch.name}:{step}").shuffle(tasks)
    for part in _parts(tasks, looks):
        block = tuple(run.evaluate(library, judging.split, part) for library in (base, after))
        met.append((block[0], block[1]))
        yield met[-1]


def _parts(tasks: Sequence[Task], parts: int) -> Iterator[Sequence[Task]]:
    """The tasks in parts whose sizes differ by one at most."""
    for part in range(parts):
        yield tasks[len(tasks) * part // parts : len(tasks) * (part + 1) // parts]


def _whole(met: Sequence[Block]) -> tuple[Evaluation, ...]:
    """All that was met, as one evaluation of the base and one of the candidate."""
    return tuple(
        Evaluation(side[0].split, side[0].library, tuple(t for one in side for t in one.trials))
        for side in zip(*met, strict=True)
    )


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
        lost = infrastructure_failed("on the training tasks it is for", first_error(pair))
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
