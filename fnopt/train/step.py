"""One step: propose, check, commit, judge; keep or revert."""

from __future__ import annotations

from fnopt.records import Usage
from fnopt.train.answer import answer
from fnopt.train.answering import decline, settle
from fnopt.train.drafted import Draft
from fnopt.train.judge import judge
from fnopt.train.outcome import Replied, Step, Terminated, Undecided
from fnopt.train.publish import pend, publish, refuse
from fnopt.train.reuse import required
from fnopt.train.run import Base, Run


def step(run: Run) -> Step:
    """Propose, check, commit, judge; keep or revert. What people ask for comes first.

    Raises BudgetSpent, EndpointError, SandboxError and GitStateError; a candidate that was being
    judged then stays pending, and the next step goes on with it.
    """
    run.budget.begin_step()
    settle(run.branch)
    base = run.head()
    paid = run.budget.spent
    candidate = run.branch.pending()
    if candidate is None:
        drafted = answer(run, base) or _drafted(run, base)
        if isinstance(drafted, Replied):
            return decline(run, drafted, _since(run, paid))
        if isinstance(drafted, Terminated | Undecided):
            return drafted
        if drafted.library is None:
            return refuse(run, drafted, _since(run, paid))
        candidate = pend(run, base, drafted, _since(run, paid))
        paid = run.budget.spent
    judged = required(run, candidate, judge(run, base, candidate))
    if judged.verdict.outcome == "undecided":
        return Undecided(judged.verdict)
    return publish(run, candidate, judged, _since(run, paid))


def _drafted(run: Run, base: Base) -> Draft | Terminated | Undecided:
    """What the optimizer makes of the training tasks that the incumbent failed."""
    trained = run.evaluate(base.library, "train", run.train)
    run.branch.evidence.write({}, [trained], "training trials of the incumbent")
    return run.draft(run, base, trained)


def _since(run: Run, then: Usage) -> Usage:
    """What was paid since ``then``."""
    return run.budget.spent - then
