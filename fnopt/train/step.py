"""One step: propose, check, commit, judge; keep or revert."""

from __future__ import annotations

from fnopt.records import Usage
from fnopt.train.judge import judge
from fnopt.train.outcome import Step, Terminated, Undecided
from fnopt.train.publish import pend, publish, refuse
from fnopt.train.run import Run


def step(run: Run) -> Step:
    """Propose, check, commit, judge; keep or revert.

    Raises BudgetSpent, EndpointError, SandboxError and GitStateError; a candidate that was being
    judged then stays pending, and the next step goes on with it.
    """
    base = run.head()
    paid = run.budget.spent
    candidate = run.branch.pending()
    if candidate is None:
        trained = run.evaluate(base.library, "train", run.train)
        run.branch.evidence.write({}, [trained], "training trials of the incumbent")
        drafted = run.draft(run, base, trained)
        if isinstance(drafted, Terminated | Undecided):
            return drafted
        if drafted.library is None:
            return refuse(run, drafted, _since(run, paid))
        candidate = pend(run, base, drafted, _since(run, paid))
        paid = run.budget.spent
    judged = judge(run, base, candidate)
    if judged.verdict.outcome == "undecided":
        return Undecided(judged.verdict)
    return publish(run, candidate, judged, _since(run, paid))


def _since(run: Run, then: Usage) -> Usage:
    """What was paid since ``then``."""
    return run.budget.spent - then
