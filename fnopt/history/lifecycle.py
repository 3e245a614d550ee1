"""The runs of a repository: how each stands, giving one up, and sweeping away what is given up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fnopt.errors import GitStateError, UsageError
from fnopt.history import runs
from fnopt.history.repo import Repository
from fnopt.history.runs import NAME, PENDING, RUNS, RunBranch, is_abandoned
from fnopt.history.updates import PEOPLES, Update, scores, updates

State = Literal["open", "held", "waiting", "merged", "declined", "abandoned", "gone"]
"""``waiting``: a candidate waits for its verdict. ``merged``: all of it is in what is checked out,
or came into the branch that it was for. ``declined``: people closed its pull request. ``gone``: the
branch is not there any more, its evidence is."""


@dataclass(frozen=True)
class Standing:
    """How a run stands. ``detail`` says more of the state; ``base`` and ``score`` are selection
    scores before the run and now, 0 to 1; ``last`` is when its branch was committed to, ISO 8601;
    ``cost`` in US dollars, None where unknown."""

    run: str
    branch: str
    state: State
    detail: str = ""
    head: str | None = None
    steps: int = 0
    kept: int = 0
    base: float | None = None
    score: float | None = None
    tokens: int = 0
    cost: float | None = 0.0
    last: str = ""


@dataclass(frozen=True)
class Swept:
    """A run that was swept away: its references, each with the commit that it was at."""

    run: str
    refs: dict[str, str]


def standings(repo: Repository) -> list[Standing]:
    """Every run that has a branch, evidence or a candidate; the current one first."""
    found = [*runs.names(repo), *_without_branch(repo)]
    now = runs.current(repo)
    order = sorted(dict.fromkeys(found), key=lambda name: name != now)
    return [standing(RunBranch(repo, name)) for name in order]


def standing(run: RunBranch) -> Standing:
    """How one run stands."""
    state, detail = _state(run)
    plain = Standing(run.name, run.branch.removeprefix("refs/heads/"), state, detail)
    if not run.exists:
        return plain
    log = [update for update in updates(run) if update.action not in PEOPLES]
    base, score = scores(log)
    (newest,) = run.repo.log(f"{run.head()}^!")
    return replace(
        plain,
        head=newest.sha,
        steps=len({update.step for update in log}),
        kept=sum(update.verdict == "kept" and update.revert is None for update in log),
        base=base,
        score=score,
        tokens=sum(update.tokens for update in log),
        cost=_total(log),
        last=newest.date,
    )


def abandon(run: RunBranch) -> str | None:
    """Give a run up: the candidate that waits goes, no command goes on with it by itself. Branch
    and evidence stay. Returns the commit of the candidate.

    Raises UsageError when there is no such run, or it is abandoned already; GitStateError when
    somebody holds it.
    """
    if not run.exists and run.evidence.commit is None:
        known = ", ".join(runs.names(run.repo)) or "none yet"
        raise UsageError(f"there is no run {run.name!r}", f"runs: {known}")
    with run.lock():
        if is_abandoned(run.evidence):
            raise UsageError(f"run {run.name} is abandoned already", "see: fnopt runs")
        _mark(run, "abandon", abandoned=time.strftime("%Y-%m-%dT%H:%M:%S%z"))
        return run.drop()


def take_up(run: RunBranch) -> None:
    """Go on with a run that was over: abandoned, merged or declined."""
    if runs.is_over(run.evidence):
        _mark(run, "take up again")


def land(run: RunBranch, branch: str, commit: str) -> None:
    """Mark a run as merged: what it learned came into a branch, seen at that branch's commit."""
    _mark(run, "merged", landed={"branch": branch, "commit": commit})


def decline(run: RunBranch, url: str, said: Sequence[str]) -> None:
    """Mark a run as declined by people, who closed its pull request without merging it and gave
    these reasons: what it learned counts as refused in later runs."""
    _mark(run, "declined", declined={"url": url, "said": list(said)})


def sweepable(repo: Repository, *, merged: bool) -> list[Standing]:
    """The runs that may be swept away: those given up, and those that are ``merged`` if wanted."""
    wanted = {"abandoned", "merged"} if merged else {"abandoned"}
    return [one for one in standings(repo) if one.state in wanted]


def sweep(repo: Repository, name: str) -> Swept:
    """Delete the references of a run and what stands beside git of it.

    Raises GitStateError when somebody holds it, or a working tree has its branch checked out.
    """
    run = RunBranch(repo, name)
    shown = repo.worktrees(run.branch)
    if shown:
        mend = f"check something else out there: git -C {shown[0]} switch BRANCH"
        raise GitStateError(f"fnopt/{name} is checked out in {shown[0]}", mend)
    with run.lock():
        refs = run.delete()
    run.forget()
    return Swept(name, refs)


def _without_branch(repo: Repository) -> list[str]:
    names = [ref.removeprefix(RUNS) for ref in repo.refs(RUNS)]
    names += [ref.removeprefix(PENDING) for ref in repo.refs(PENDING)]
    return [name for name in names if NAME.fullmatch(name)]


def _state(run: RunBranch) -> tuple[State, str]:
    if holder := run.holder():
        return "held", f"by {holder}"
    start = run.evidence.document("run.json") or {}
    if start.get("abandoned"):
        return "abandoned", f"on {str(start['abandoned'])[:10]}"
    if landed := start.get("landed"):
        return "merged", f"into {landed['branch']}"
    if declined := start.get("declined"):
        return "declined", str(declined["url"])
    if not run.exists:
        return "gone", "its branch is not here"
    if waits := run.repo.ref(PENDING + run.name):
        return "waiting", f"{waits[:10]} has no verdict yet"
    return ("merged", "") if _is_merged(run, start.get("base")) else ("open", "")


def _is_merged(run: RunBranch, base: str | None) -> bool:
    """Whether all of a run is in what is checked out, which is another branch."""
    head, shown = run.repo.ref("HEAD"), run.repo.checked_out()
    if head is None or shown == run.branch or base in (None, run.head()):
        return False
    return run.repo.is_ancestor(run.head(), head)


def _mark(run: RunBranch, why: str, **marks: object) -> None:
    start = {"run": run.name, **(run.evidence.document("run.json") or {})}
    for mark in ("abandoned", "landed", "declined"):
        start.pop(mark, None)
    run.evidence.write({"run.json": {**start, **marks}}, (), why)


def _total(log: Sequence[Update]) -> float | None:
    costs = [update.cost for update in log]
    return None if None in costs else sum(cost for cost in costs if cost is not None)
