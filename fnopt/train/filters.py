"""What a draft must pass before a trial is paid for; README.md has the list."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fnopt.history.blame import ours
from fnopt.library.callgraph import callers
from fnopt.library.edit import Edit, Remove, Revise
from fnopt.library.function import Library
from fnopt.library.likeness import likeness
from fnopt.library.proposal import Proposal
from fnopt.library.rules.registry import levelled
from fnopt.records import Evaluation, Fault, Task
from fnopt.train import declined, examples, loading, replay, serving
from fnopt.train.drafted import Draft
from fnopt.train.form import Form
from fnopt.train.run import Base, Run
from fnopt.train.situation import Situation
from fnopt.train.tryout import NONE, Tryout, tryout


def screened(
    run: Run,
    base: Base,
    situation: Situation,
    empty: Draft,
    proposal: Proposal | tuple[Fault, ...],
) -> Draft:
    """A reply as a draft: what it leads to, or the faults that refuse it.

    The function is called with what stands in the questions before its module is looked at: if
    that works, it loads, and the sandbox begins once.
    """
    if not isinstance(proposal, Proposal):
        return replace(empty, faults=proposal)
    done = replace(empty, proposal=proposal)
    if again := _tried_again(proposal, situation):
        return replace(done, faults=again)
    if spared := (*_busy(proposal, situation), *_needed(run, proposal, done.base)):
        return replace(done, faults=spared)
    after = run.screen.apply(base.library, proposal, partial(ours, run.repo, base.commit))
    if not isinstance(after, Library):
        return replace(done, faults=after)
    if refused := declined.faults(after, proposal.edits, run.declined):
        return replace(done, faults=refused)
    tried = try_edits(run, after, proposal.edits, situation.kind, done.base)
    loads = called(proposal.edits[0]) if tried.ran else None
    if wrong := _wrong_when_run(run, base.library, after, proposal, situation, loads):
        return replace(done, faults=wrong)
    if (text := _in_form(proposal, tried.form, after)) != proposal:
        return screened(run, base, situation, empty, text)
    return replace(done, library=after, tryout=tried)


def _in_form(proposal: Proposal, form: Form | None, after: Library) -> Proposal:
    """The proposal with its function's results in another form, where that is all that was wrong
    with it; not where other functions take them as they are."""
    if form is None or any(callers(after, called(one)) for one in proposal.edits):
        return proposal
    edits = tuple(
        one if isinstance(one, Remove) else replace(one, code=form.applied(one.code, called(one)))
        for one in proposal.edits
    )
    return replace(proposal, edits=edits)


def _busy(proposal: Proposal, situation: Situation) -> tuple[Fault, ...]:
    """Revisions of functions that serve other questions: whatever failed here, it is not them."""
    mend = "Leave it as it is; add another function for these questions."
    return tuple(
        Fault("busy", f"{edit.name} serves other questions rightly", mend, edit.name)
        for edit in proposal.edits
        if isinstance(edit, Revise) and edit.name in situation.busy
    )


def _needed(run: Run, proposal: Proposal, trained: Evaluation) -> tuple[Fault, ...]:
    """The functions that would go though training tasks need them, with nothing in their place."""
    mend = "Leave it; add or revise the function that these questions need."
    scorer = run.evaluator.bench.scorer
    removed = [edit.name for edit in proposal.edits if isinstance(edit, Remove)]
    if len(removed) < len(proposal.edits):
        return ()
    counts = [(name, serving.needed(trained, scorer, run.train, name)) for name in removed]
    return tuple(
        Fault("needed", f"{name} computed the answers of {count} training tasks", mend, name)
        for name, count in counts
        if count
    )


def try_edits(
    run: Run,
    after: Library,
    edits: tuple[Edit, ...],
    tasks: list[Task],
    trained: Evaluation,
) -> Tryout:
    """What the one edited function makes of what stands in the tasks; nothing for several edits."""
    if len(edits) != 1 or isinstance(edits[0], Remove):
        return NONE
    bench = run.evaluator.bench
    name = called(edits[0])
    return tryout(after, name, tasks, trained.trials, bench.sandbox, bench.scorer)


def called(edit: Edit) -> str:
    """The name that a function has after an edit."""
    return (edit.new_name or edit.name) if isinstance(edit, Revise) else edit.name


def _wrong_when_run(
    run: Run,
    before: Library,
    after: Library,
    proposal: Proposal,
    situation: Situation,
    loads: str | None,
) -> tuple[Fault, ...]:
    """Functions that are not as they were and do not load, whose examples are wrong, or which no
    longer do what worked. ``loads``: one whose module is known to load."""
    if wrong := when_run(run, before, after, loads):
        return wrong
    revised = {one.name: called(one) for one in proposal.edits if isinstance(one, Revise)}
    bench = run.evaluator.bench
    given = (situation.credit, run.train, bench.sandbox, bench.scorer)
    return replay.faults(before, after, revised, *given)


def when_run(
    run: Run, before: Library, after: Library, loads: str | None = None
) -> tuple[Fault, ...]:
    """Functions that are not as they were and do not load, or whose examples are wrong. ``loads``:
    one whose module is known to load."""
    old = {one.name: one.source for one in before.functions}
    changed = [one.name for one in after.functions if old.get(one.name) != one.source]
    sandbox = run.evaluator.bench.sandbox
    unsure = [name for name in changed if name != loads]
    if idle := tuple(loading.faults(before, after, unsure, sandbox)):
        return idle
    found = levelled(examples.faults(after, changed, sandbox), run.screen.rules)
    return tuple(one for one in found if one.level == "error")


def _tried_again(proposal: Proposal, situation: Situation) -> tuple[Fault, ...]:
    return tuple(
        Fault("tried", f"{edit.name} is what was tried before and taken back", mend, edit.name)
        for edit in proposal.edits
        if not isinstance(edit, Remove) and (mend := _otherwise(edit.code, situation))
    )


def _otherwise(code: str, situation: Situation) -> str:
    """How to do otherwise what was in vain before; nothing for what was not tried."""
    if likeness(code) in situation.shapes:
        return "Compute it in another way, or take other arguments."
    if code.strip() in situation.unseen:
        return "It was never called: give it another name and docstring."
    return ""
