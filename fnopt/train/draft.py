"""From failing training tasks to a proposal that passes the free filters, or does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from fnopt.evaluate.gate import MOST_LOST
from fnopt.evaluate.pairs import infrastructure_failed
from fnopt.library.function import Library
from fnopt.library.likeness import likeness
from fnopt.library.proposal import Proposal
from fnopt.models.client import Reply
from fnopt.records import Evaluation, Fault, Task, Verdict
from fnopt.tasks.scorers import Scorer
from fnopt.train import attempts, declined, focus, noticed, serving
from fnopt.train.credit import credits_of
from fnopt.train.drafted import NOTHING, Draft
from fnopt.train.failure import failures
from fnopt.train.filters import called, screened
from fnopt.train.outcome import Terminated, Undecided
from fnopt.train.run import Base, Run
from fnopt.train.situation import Situation

SECOND_CHANCES = 2  # how often a reply goes back with its faults
REST = 50  # failing tasks of other kinds that may be named
SHOWN_TASKS = 8  # that an edit is for at most
REMEMBERED = 3  # earlier attempts in vain that the optimizer may be shown
BEST = 3  # candidates that meet the failing tasks where nothing free tells them apart


def draft(run: Run, base: Base, trained: Evaluation) -> Draft | Terminated | Undecided:
    """Let the optimizer propose an edit for what the incumbent failed in ``trained``."""
    lost = 1 - len(trained.scored) / len(trained.trials)
    if lost > MOST_LOST:
        said = infrastructure_failed(f"{lost:.0%} of training trials", trained.error)
        return Undecided(Verdict("undecided", said))
    number = 1 + max((one.update.step for one in attempts.attempts(run.branch)), default=0)
    found = draft_for(run, base, trained, run.train, number)
    return found or Terminated("nothing left to fix: every training task is answered right")


def draft_for(
    run: Run, base: Base, trained: Evaluation, among: Sequence[Task], number: int
) -> Draft | Terminated | None:
    """A draft of step ``number`` for failing tasks ``among`` these; None where none fails."""
    situation = _situation(run, base, trained, among)
    if situation is None:
        return None
    failing = len(situation.tasks)
    run.say(f"step {number}: asking for an edit, failing tasks shown: {failing}")
    return _best(run, base, situation, Draft(number, NOTHING, situation.tasks, trained))


def _situation(
    run: Run, base: Base, trained: Evaluation, among: Sequence[Task]
) -> Situation | None:
    """What the optimizer is to see; None when none of the tasks fails."""
    failing = [task for task in among if task.id in wrong_in(trained)]
    if not failing:
        return None
    past, bench = attempts.attempts(run.branch), run.evaluator.bench
    served = partial(serving.served, base.library, trained, bench, run.train)
    group = chosen(run.train, trained, past, bench.scorer, served, failing)
    found = about(base.library, run.train, group, trained, past, bench.scorer)
    locked = run.screen.locked_names(base.library)
    notes = (*run.notes, *declined.told(run.declined))
    return replace(found, locked=locked, notes=notes, served=served(group))


def chosen(
    train: Sequence[Task],
    trained: Evaluation,
    past: Sequence[attempts.Attempt],
    scorer: Scorer,
    served: Callable[[tuple[Task, ...]], bool],
    failing: Sequence[Task] | None = None,
) -> tuple[Task, ...]:
    """The failing training tasks that the next edit is to be for; ``failing``: among these."""
    if failing is None:
        wrong = wrong_in(trained)
        failing = [task for task in train if task.id in wrong]
    vain = [attempt.tasks for attempt in past if attempt.in_vain]
    luck = partial(serving.by_luck, trained, scorer, train)
    return focus.choose(focus.groups(failing, train), vain, luck, served)[:SHOWN_TASKS]


def about(
    library: Library,
    train: Sequence[Task],
    group: tuple[Task, ...],
    trained: Evaluation,
    past: Sequence[attempts.Attempt],
    scorer: Scorer,
) -> Situation:
    """What there is to say of a group of failing tasks; locked functions and notes aside."""
    kind, ids = focus.like(group, train), {task.id for task in group}
    busy = serving.busy(trained, scorer, train, kind)
    wrong = wrong_in(trained)
    rest = [task for task in train if task.id in wrong and task.id not in ids]
    return Situation(
        library,
        failures(group, trained, scorer, busy),
        tuple(attempts.about(past, group, REMEMBERED)),
        busy=busy,
        shapes=_shapes(attempts.closed(past)),
        unseen=frozenset(one.code.strip() for one in past if one.unnoticed),
        rest=failures(rest[:REST], trained, scorer, busy),
        alike=focus.kin(group, train),
        credit=credits_of(trained),
    )


def wrong_in(trained: Evaluation) -> frozenset[str]:
    """The tasks that were scored wrong."""
    return frozenset(trial.task for trial in trained.scored if not trial.right)


def _shapes(past: Sequence[attempts.Attempt]) -> frozenset[str]:
    """The functions that were judged and lost, as they look up to names and layout. What the agent
    never called may be right under another name, once."""
    lost = [one for one in past if one.in_vain and one.update.commit]
    shapes = [(likeness(one.code), one.unnoticed) for one in lost]
    seen = Counter(shape for shape, _ in shapes)
    return frozenset(shape for shape, silent in shapes if shape and (not silent or seen[shape] > 1))


def _best(run: Run, base: Base, situation: Situation, empty: Draft) -> Draft | Terminated:
    """Draw candidates until one convinces; else the one that does most for the failing tasks.

    One is enough where the library computes all that is expected: other code will hardly help.
    """
    drawn: list[Draft] = []
    for draw in range(1 if situation.served else run.optimizer.proposals):
        one = _propose(run, base, situation, empty, draw)
        if isinstance(one, Terminated):
            if not drawn:
                return one
            break
        drawn.append(one)
        if one.convinces:
            return one
    able = _distinct([one for one in drawn if one.library is not None])
    if not able:
        return drawn[0]
    able.sort(key=lambda one: -one.tryout.share)
    first = [one for one in able if one.tryout.share == able[0].tryout.share][:BEST]
    return max(first, key=partial(_helps, run, situation)) if len(first) > 1 else first[0]


def _distinct(drawn: list[Draft]) -> list[Draft]:
    found = {one.library.digest: one for one in reversed(drawn) if one.library}
    return list(reversed(found.values()))


def _helps(run: Run, situation: Situation, one: Draft) -> float:
    """The agent's score with a candidate on the tasks that it is for."""
    assert one.library is not None, "BUG: a refused draft meets no task"
    return run.evaluate(one.library, "train", situation.kind).score


def _propose(
    run: Run, base: Base, situation: Situation, empty: Draft, draw: int
) -> Draft | Terminated:
    """One candidate; what is wrong with it goes back at most :data:`SECOND_CHANCES` times."""
    best = done = empty
    request = run.optimizer.ask(situation, done.number, draw)
    said = ""
    for chance in range(1 + SECOND_CHANCES):
        reply, proposal = run.optimizer.send(request, _mark(done.number, draw, chance))
        if isinstance(proposal, Proposal) and proposal.terminates:
            return best if best.library else Terminated(_ended(proposal))
        if reply.content and reply.content == said:
            break  # word for word: it has nothing better
        if isinstance(proposal, Proposal) and proposal.edits == done.proposal.edits != ():
            break
        said = reply.content
        done = screened(run, base, situation, empty, proposal)
        told = done.faults or (_misfits(done, situation) if run.optimizer.reconsiders else ())
        if done.convinces and not (told := _unnoticed(run, situation, done)):
            return done
        if done.library and (best.library is None or done.tryout.share > best.tryout.share):
            best = done
        if not told or not _is_of_use(run, done, reply, chance):
            break
        request = run.optimizer.again(request, reply, told)
    return best if best.library else done


def _is_of_use(run: Run, done: Draft, reply: Reply, chance: int) -> bool:
    """Whether to tell what is wrong. Of a small model that went on without end another draw is
    worth more; that nothing fits may well be the questions' fault, and is told once."""
    if done.faults:
        return run.optimizer.reconsiders or reply.finish_reason != "length"
    return not chance or bool(done.tryout.fits)


def _unnoticed(run: Run, situation: Situation, done: Draft) -> tuple[Fault, ...]:
    """What to say of a function that the agent calls at none of the tasks; the trials are those
    that the candidate is screened with later."""
    if done.library is None or not run.judging.screened:
        return ()
    trials = run.evaluate(done.library, "train", situation.kind)
    return noticed.faults(trials, done.library, called(done.proposal.edits[0]), situation.kind)


def _mark(number: int, draw: int, chance: int) -> int:
    """A number for each attempt of a run: no cache may give a bad reply once more."""
    return (number * 1000 + draw) * 10 + chance


def _ended(proposal: Proposal) -> str:
    return f"the optimizer ended the run: {proposal.why}"


def _misfits(done: Draft, situation: Situation) -> tuple[Fault, ...]:
    """The tasks whose expected answer was not computed, as the optimizer is told of them."""
    expected = {task.id: task.answer for task in situation.kind}
    mend = "Return what is expected, in just that form."
    return tuple(
        Fault("tryout", f"{one.call} returns {one.came!r}; expected is {answer!r}", mend)
        for one in done.tryout.tried
        if not one.fits and (answer := expected.get(one.task)) is not None
    )
