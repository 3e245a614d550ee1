"""Bring a run up to date with the branch that it came from: a merge, without a working tree."""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.history import message
from fnopt.history.merging import Sides, merge_whole
from fnopt.history.refusal import Refusal
from fnopt.history.runs import RunBranch
from fnopt.library.layout import Layout


@dataclass(frozen=True)
class CaughtUp:
    """A run's branch after ``commit`` merged the commit ``merged``; None: it had it already.

    ``functions`` are those that changed on the run's branch by it.
    """

    run: str
    branch: str
    merged: str
    commit: str | None
    functions: tuple[str, ...] = ()


def catch_up(run: RunBranch, rev: str, layout: Layout) -> CaughtUp | Refusal:
    """Merge what ``rev`` names into a run's branch.

    Raises GitStateError when there is no such commit, the run has no branch or is held, or a
    working tree that shows it is not clean.
    """
    repo = run.repo
    theirs = repo.resolve(rev)
    with run.lock():
        head = run.head()
        if repo.is_ancestor(theirs, head):
            return CaughtUp(run.name, run.branch, theirs, None)
        if waits := run.pending():
            said = f"{waits.commit[:10]} waits for its verdict on fnopt/{run.name}"
            mend = f"let it be judged (fnopt step) or keep it (fnopt keep {waits.commit[:10]})"
            return Refusal(said, mend, commits=(waits.commit,))
        return _merge(run, rev, head, theirs, layout)


def _merge(run: RunBranch, rev: str, head: str, theirs: str, layout: Layout) -> CaughtUp | Refusal:
    repo = run.repo
    mend = f"merge by hand: git switch fnopt/{run.name} && git merge {theirs[:10]}"
    merged = merge_whole(repo, Sides(head, theirs), layout, mend)
    if isinstance(merged, Refusal):
        return merged
    tree, functions = merged
    text = message.compose(
        f"Merge {rev} into fnopt/{run.name}",
        "",
        [("Fnopt-Run", run.name), ("Fnopt-Action", "update")],
    )
    commit = repo.commit(tree, [head, theirs], text, sign=repo.signs())
    run.advance(commit, head, layout, f"merge {theirs[:10]}")
    return CaughtUp(run.name, run.branch, theirs, commit, functions)
