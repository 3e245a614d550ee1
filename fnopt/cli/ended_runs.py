"""Runs that people have ended, by merging them or by closing their pull request: none is gone on
with by itself, and the next one begins at the branch that it came from."""

from __future__ import annotations

from fnopt.cli.echo import note
from fnopt.cli.session import Session
from fnopt.history import lifecycle, runs
from fnopt.history.fate import seen_in
from fnopt.history.runs import RunBranch
from fnopt.review.record import FILE


def skip(session: Session, name: str | None, rev: str | None) -> tuple[str | None, str | None]:
    """The run to go on with, if any, and where a new one begins (None: at HEAD)."""
    met: list[RunBranch] = []
    while name is not None and name not in [one.name for one in met]:
        branch = RunBranch(session.repo, name)
        if not is_over(session, branch):
            return name, rev
        met.append(branch)
        name = runs.current(session.repo)
    return None, rev or (_onward(session, met[0]) if met else None)


def is_over(session: Session, branch: RunBranch) -> bool:
    """Whether people have ended a run; it is marked where that is seen for the first time."""
    if runs.is_over(branch.evidence):
        return True
    if branch.evidence.document(FILE) is not None:
        from fnopt.cli import reviewing

        reviewing.opened(session, branch)
        if runs.is_over(branch.evidence):
            return True
    seen = seen_in(branch, session.layout)
    if seen is None:
        return False
    where, found = seen
    lifecycle.land(branch, where, found.commit)
    kept = [name for name, fate in found.functions.items() if fate == "merged"]
    changed = [name for name, fate in found.functions.items() if fate != "merged"]
    since = f"; changed since then: {', '.join(changed)}" if changed else ""
    note(
        f"run {branch.name} is merged into {where}: {', '.join(kept) or 'nothing as it was'}{since}"
    )
    return True


def _onward(session: Session, branch: RunBranch) -> str | None:
    """Where to begin behind a run that is over, unless HEAD will do: that is to have what was
    merged, and not to be the run's own branch."""
    repo = session.repo
    start = branch.evidence.document("run.json") or {}
    landed = start.get("landed") or {}
    where, commit = landed.get("branch") or start.get("from"), landed.get("commit")
    known = where is not None and repo.git(
        "rev-parse", "-q", "--verify", f"{where}^{{commit}}", check=False
    )
    if not known or known.code:
        return None
    shown = repo.checked_out() == branch.branch
    behind = commit is not None and not repo.is_ancestor(commit, repo.resolve("HEAD"))
    return str(where) if shown or behind else None
