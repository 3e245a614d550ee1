"""What people said of a run in review, brought to its optimizer, and the answers brought back.

Only where the run has a pull request is anything looked at; a run without one pays nothing for it,
not even the import.
"""

from __future__ import annotations

from dataclasses import replace

from fnopt.cli.echo import note
from fnopt.cli.session import Session
from fnopt.errors import FnoptError
from fnopt.history import runs
from fnopt.history.evidence import Evidence
from fnopt.history.runs import RunBranch
from fnopt.review.record import FILE
from fnopt.train.run import Run


def look(session: Session, branch: RunBranch) -> None:
    """Look at the pull request of a run, if it has one, and take in what people pushed to its
    branch: before the run is held."""
    if branch.exists and _has_one(branch):
        from fnopt.cli import reviewing

        reviewing.opened(session, branch)


def with_people(session: Session, run: Run) -> Run:
    """A run with what people ask for in its pull request, and what they declined of others."""
    refused = any(_over(session, name) for name in runs.recorded(session.repo))
    if not refused and not _has_one(run.branch):
        return run
    from fnopt.cli import reviewing

    found = reviewing.opened(session, run.branch)
    asked = reviewing.heard(session, run.branch, found).requests if found else ()
    if asked:
        note(f"asked for in {found.pull_request.url if found else 'review'}: {len(asked)}")
    return replace(run, requests=asked, declined=reviewing.declined(session))


def answer(session: Session, branch: RunBranch) -> None:
    """Push what was done for people and say so in their threads. A forge that cannot be asked costs
    the answer alone: ``fnopt pr`` gives it later."""
    if not _has_one(branch):
        return
    from fnopt.cli.pr import refresh

    try:
        refresh(session, branch)
    except FnoptError as error:
        note(f"nobody is answered yet: {error.message}; later: fnopt pr")


def _has_one(branch: RunBranch) -> bool:
    return branch.evidence.document(FILE) is not None


def _over(session: Session, name: str) -> bool:
    start = Evidence(session.repo, name).document("run.json") or {}
    return bool(start.get("declined"))
