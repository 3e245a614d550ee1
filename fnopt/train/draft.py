"""From failing training tasks to a proposal that passes the free filters, or does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from fnopt.evaluate.gate import MOST_LOST
from fnopt.history.blame import ours
from fnopt.library.edit import Remove
from fnopt.library.function import Library
from fnopt.library.likeness import likeness
from fnopt.library.proposal import Proposal
from fnopt.library.rules.registry import levelled
from fnopt.records import Evaluation, Fault, Verdict
from fnopt.train import attempts, examples, focus, loading
from fnopt.train.optimizer import Situation, failures
from fnopt.train.outcome import Terminated, Undecided
from fnopt.train.run import Base, Run

SECOND_CHANCES = 1  # how often a reply goes back with its faults
REMEMBERED = 2  # earlier attempts in vain that the optimizer is shown


@dataclass(frozen=True)
class Draft:
    """A proposal as step ``number``, for training tasks that ``base`` failed.

    ``library`` is what the proposal leads to, None when ``faults`` refuse it.
    """

    number: int
    proposal: Proposal
    tasks: tuple[str, ...]
    base: Evaluation
    library: Library | None = None
    faults: tuple[Fault, ...] = ()


def draft(run: Run, base: Base, trained: Evaluation) -> Draft | Terminated | Undecided:
    """Let the optimizer propose an edit for what the incumbent failed in ``trained``."""
    lost = 1 - len(trained.scored) / len(trained.trials)
    if lost > MOST_LOST:
        return Undecided(
            Verdict("undecided", f"infrastructure failed {lost:.0%} of training trials")
        )
    past = attempts.attempts(run.branch)
    situation = _situation(run, base, trained, past)
    if situation is None:
        return Terminated("nothing left to fix: every training task is answered right")
    number = 1 + max((attempt.update.step for attempt in past), default=0)
    failing = len(situation.tasks)
    run.say(f"step {number}: asking for an edit, failing tasks shown: {failing}")
    return _propose(run, base, situation, Draft(number, NOTHING, situation.tasks, trained))


NOTHING = Proposal((), "")


def _situation(
    run: Run, base: Base, trained: Evaluation, past: list[attempts.Attempt]
) -> Situation | None:
    """What the optimizer is to see; None when no training task fails."""
    wrong = {trial.task for trial in trained.scored if not trial.right}
    failing = [task for task in run.train if task.id in wrong]
    if not failing:
        return None
    vain = [attempt.tasks for attempt in past if attempt.in_vain]
    group = focus.choose(focus.groups(failing, run.train), vain)
    tried = attempts.about(past, group, len(past))
    return Situation(
        base.library,
        failures(group, trained),
        tuple(tried[-REMEMBERED:]),
        run.screen.locked_names(base.library),
        _busy(trained, focus.like(group, run.train)),
        frozenset(filter(None, (likeness(one.code) for one in tried if one.update.commit))),
    )


def _tried_again(proposal: Proposal, shapes: frozenset[str]) -> tuple[Fault, ...]:
    mend = "Compute it in another way, or take other arguments."
    return tuple(
        Fault("tried", f"{edit.name} is what was tried before and taken back", mend, edit.name)
        for edit in proposal.edits
        if not isinstance(edit, Remove) and likeness(edit.code) in shapes
    )


def _busy(trained: Evaluation, kind: frozenset[str]) -> frozenset[str]:
    """The functions that helped to right answers, but to none of the tasks of a kind."""
    here, elsewhere = set[str](), set[str]()
    for trial in trained.trials:
        if trial.right:
            (here if trial.task in kind else elsewhere).update(c.function for c in trial.calls)
    return frozenset(elsewhere - here)


def _propose(run: Run, base: Base, situation: Situation, done: Draft) -> Draft | Terminated:
    request = run.optimizer.ask(situation, done.number)
    for _ in range(1 + SECOND_CHANCES):
        reply, proposal = run.optimizer.send(request, done.number)
        if isinstance(proposal, Proposal) and proposal.terminates:
            return Terminated(f"the optimizer ended the run: {proposal.why}")
        done = _screened(run, base, situation, done, proposal)
        if done.library is not None:
            return done
        request = run.optimizer.again(request, reply, done.faults)
    return done


def _screened(
    run: Run,
    base: Base,
    situation: Situation,
    done: Draft,
    proposal: Proposal | tuple[Fault, ...],
) -> Draft:
    if not isinstance(proposal, Proposal):
        return replace(done, faults=proposal)
    if again := _tried_again(proposal, situation.shapes):
        return replace(done, proposal=proposal, faults=again)
    after = run.screen.apply(base.library, proposal, partial(ours, run.repo, base.commit))
    if not isinstance(after, Library):
        return replace(done, proposal=proposal, faults=after)
    if wrong := _wrong_when_run(run, base.library, after):
        return replace(done, proposal=proposal, faults=wrong)
    return replace(done, proposal=proposal, library=after, faults=())


def _wrong_when_run(run: Run, before: Library, after: Library) -> tuple[Fault, ...]:
    """Functions that are not as they were and do not load, or whose examples are wrong."""
    old = {one.name: one.source for one in before.functions}
    changed = [one.name for one in after.functions if old.get(one.name) != one.source]
    sandbox = run.evaluator.bench.sandbox
    if idle := tuple(loading.faults(before, after, changed, sandbox)):
        return idle
    found = examples.faults(after, changed, sandbox)
    return tuple(one for one in levelled(found, run.screen.rules) if one.level == "error")
