"""A run comes from a remote and goes on here: fetched into places of its own, then joined.

What was fetched lies under ``refs/fnopt/remotes/REMOTE/`` and touches nothing. Joining brings the
evidence and the branch here up to it: forward where one side is ahead, by a merge where both went
on. All of that is settled before the first reference moves; each moves by compare-and-swap, the
evidence before the branch, so that a crash leaves nothing that joining again would not complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fnopt.errors import GitStateError
from fnopt.history import message, openings
from fnopt.history.evidence import Evidence
from fnopt.history.fetching import Fetched, fetch, is_first_push, outgoing, runs_at, seen
from fnopt.history.merging import Sides, changed, merge_whole
from fnopt.history.refusal import Refusal
from fnopt.history.repo import Repository
from fnopt.history.rewrite import rewritten
from fnopt.history.runs import RunBranch
from fnopt.history.scrub import Texts, describes, is_scrubbed, scrubbed
from fnopt.history.union import Heads, TwoJobs, united
from fnopt.history.worktree import require_followable
from fnopt.library.function import read
from fnopt.library.layout import Layout

__all__ = [
    "Fetched",
    "Joined",
    "Texts",
    "describes",
    "fetch",
    "is_first_push",
    "join",
    "outgoing",
    "runs_at",
    "scrubbed",
    "seen",
]

State = Literal["none", "same", "ahead", "followed", "merged"]
"""``none``: it is not at the remote. ``ahead``: there is more here. ``followed``: what was at the
remote is here now."""


@dataclass(frozen=True)
class Joined:
    """A run here has all that the remote has of it.

    ``people`` are the commits that came on the branch and are no updates, the newest first, and
    ``functions`` those that changed on the branch by what came.
    """

    run: str
    evidence: State
    branch: State
    people: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """Where a reference goes: the new commit, and what that is called."""

    state: State
    new: str | None = None
    functions: tuple[str, ...] = ()


def join(run: RunBranch, fetched: Fetched, layout: Layout) -> Joined | Refusal:
    """Bring a run here up to what was fetched; a run that is not here begins with it.

    A refusal where two jobs made the same step, or both sides changed the same function: then
    nothing has moved. Raises GitStateError when the run is held, somebody moves a reference
    meanwhile, or a working tree that shows the branch is not clean.
    """
    with run.lock():
        old, head = run.evidence.commit, run.repo.ref(run.branch)
        evidence = _evidence(run, fetched)
        branch = _branch(run, head, fetched, layout)
        for plan in (evidence, branch):
            if isinstance(plan, Refusal):
                return plan
        assert isinstance(evidence, _Plan), "BUG: refusals were handed on"
        assert isinstance(branch, _Plan), "BUG: refusals were handed on"
        if branch.new is not None and head is not None:
            for worktree in run.repo.worktrees(run.branch):
                require_followable(run.repo, worktree, layout, head, branch.new)
        why = f"from {fetched.remote.name}"
        if evidence.new is not None:
            run.repo.move(run.evidence.ref, evidence.new, old, why)
        _open(run.repo, fetched.openings)
        people: tuple[str, ...] = ()
        if branch.new is not None and head is None:
            run.start(branch.new)
        elif branch.new is not None and head is not None:
            run.advance(branch.new, head, layout, why)
            people = _people(run.repo, head, fetched.branch)
        return Joined(run.name, evidence.state, branch.state, people, branch.functions)


def _evidence(run: RunBranch, fetched: Fetched) -> _Plan | Refusal:
    repo, here, there = run.repo, run.evidence.commit, fetched.evidence
    if there is None or there == here:
        return _Plan("same" if there else "none")
    if here is None:
        return _Plan("followed", there)
    if _has(repo, run.evidence, here, there):
        return _Plan("ahead")
    if repo.is_ancestor(here, there):
        return _Plan("followed", there)
    base = repo.git("merge-base", here, there, check=False).text or None
    steps = [_steps(run, end) for end in (repo.ref(run.branch), fetched.branch)]
    heads = Heads(here, there, base, *steps)
    try:
        tree = united(repo, heads)
    except (ValueError, KeyError, TypeError) as error:
        raise GitStateError(
            f"the evidence of {run.name} at {fetched.remote.shown} is not readable: {error}",
            "another version of fnopt wrote it, or somebody edited it",
        ) from None
    if isinstance(tree, TwoJobs):
        return tree.refusal(run.name, heads)
    said = f"join the evidence at {fetched.remote.name}\n"
    return _Plan("merged", repo.commit(tree, [here, there], said))


def _has(repo: Repository, evidence: Evidence, here: str, there: str) -> bool:
    """Whether all that is there is here, with its texts or without."""
    if repo.is_ancestor(there, here):
        return True
    return is_scrubbed(repo, there) and repo.is_ancestor(there, scrubbed(evidence, there))


def _branch(run: RunBranch, head: str | None, fetched: Fetched, layout: Layout) -> _Plan | Refusal:
    repo, there = run.repo, fetched.branch
    if there is None or there == head:
        return _Plan("same" if there else "none")
    if head is None:
        return _Plan("followed", there)
    if repo.is_ancestor(there, head):
        return _Plan("ahead")
    if repo.is_ancestor(head, there):
        before, after = (read(repo.files(one, layout)) for one in (head, there))
        return _Plan("followed", there, changed(before, after))
    return _merged(run, head, fetched, there, layout)


def _merged(
    run: RunBranch, head: str, fetched: Fetched, there: str, layout: Layout
) -> _Plan | Refusal:
    """Both went on. The side with updates is the first parent, along which the log is read."""
    repo, name = run.repo, run.name
    base = repo.git("merge-base", head, there, check=False).text
    if not base:
        said = f"fnopt/{name} at {fetched.remote.shown} has nothing in common with the one here"
        return Refusal(said, f"give one of them another name: git branch -m fnopt/{name} NEW")
    mine, theirs = (_steps(run, f"{base}..{end}") for end in (head, there))
    if mine and theirs:
        return Refusal(
            f"two jobs worked on run {name} at once: updates are on fnopt/{name} here and there",
            f"to have the remote's: git branch -f fnopt/{name} {there[:10]}",
            commits=(there,),
        )
    mend = f"merge by hand: git switch fnopt/{name} && git merge {there[:10]}"
    merged = merge_whole(repo, Sides(head, there), layout, mend)
    if isinstance(merged, Refusal):
        return merged
    tree, functions = merged
    subject = f"Merge fnopt/{name} of {fetched.remote.name} into fnopt/{name}"
    marks = [("Fnopt-Run", name), ("Fnopt-Action", "update")]
    parents = [there, head] if theirs else [head, there]
    commit = repo.commit(tree, parents, message.compose(subject, "", marks), sign=repo.signs())
    return _Plan("merged", commit, functions)


def _open(repo: Repository, there: str | None) -> None:
    """No opening of the seal is lost: those that are here alone are put behind those there."""
    here = repo.ref(openings.REF)
    if there is None or (here and repo.is_ancestor(there, here)):
        return
    new = there
    if here and not repo.is_ancestor(here, there):
        for one in reversed(repo.log(here, f"^{there}")):
            new = rewritten(repo, one.sha, one.tree, [new])
    repo.move(openings.REF, new, here, "openings at the remote")


def _people(repo: Repository, head: str, there: str | None) -> tuple[str, ...]:
    """The commits that came and are no updates of a run."""
    found = _messages(repo, f"{head}..{there}") if there else []
    return tuple(sha for sha, text in found if not message.trailers(text).get("Fnopt-Run"))


def _steps(run: RunBranch, span: str | None) -> set[int]:
    """The steps of the run's judged updates among some commits."""
    told = _messages(run.repo, span) if span else []
    marks = (one for _, text in told if "Fnopt-Verdict" in text for one in message.blocks(text))
    mine = (one for one in marks if one.get("Fnopt-Run") == (run.name,))
    return {step for one in mine if (step := message.number(one, "Fnopt-Step")) is not None}


def _messages(repo: Repository, span: str) -> Iterable[tuple[str, str]]:
    form = ("--format=%H%n%B", "-z", "--topo-order", "--no-show-signature", "--encoding=UTF-8")
    out = repo.git("log", *form, "--end-of-options", span, "--").out.decode(errors="replace")
    parts = (entry.partition("\n") for entry in out.split("\0") if entry)
    return [(sha, text) for sha, _, text in parts]
