"""Bring a run up to date with the branch that it came from: a merge, without a working tree.

Where git cannot tell lines apart, functions can: two that were added at the end of one file are no
conflict. One is where both sides changed the same function, or a file that is not the library's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fnopt.history import message
from fnopt.history.refusal import Refusal, broken, listed
from fnopt.history.runs import RunBranch
from fnopt.history.undo import as_in
from fnopt.library.changes import changes
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.listing import listing


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
    tree, conflicts = repo.merge(head, theirs)
    before, other = (read(repo.files(commit, layout)) for commit in (head, theirs))
    if conflicts:
        merged = _by_function(run, (head, theirs), (before, other), (tree, conflicts), layout)
        if isinstance(merged, Refusal):
            return merged
        tree = merged
    after = read(repo.files(tree, layout))
    if refused := broken(before, after, other):
        return refused
    text = message.compose(
        f"Merge {rev} into fnopt/{run.name}",
        "",
        [("Fnopt-Run", run.name), ("Fnopt-Action", "update")],
    )
    commit = repo.commit(tree, [head, theirs], text, sign=repo.signs())
    run.advance(commit, head, layout, f"merge {theirs[:10]}")
    return CaughtUp(run.name, run.branch, theirs, commit, _changed(before, after))


def _by_function(
    run: RunBranch,
    heads: tuple[str, str],
    libraries: tuple[Library, Library],
    merged: tuple[str, tuple[str, ...]],
    layout: Layout,
) -> str | Refusal:
    """The tree of a merge whose conflicts are settled by function, or why it cannot be."""
    repo, (tree, conflicts) = run.repo, merged
    mine, theirs = libraries
    if foreign := tuple(path for path in conflicts if not layout.holds(path)):
        return _by_hand(run, heads[1], (), foreign)
    start = read(repo.files(repo.git("merge-base", *heads).text, layout))
    here, there = _changed(start, mine), _changed(start, theirs)
    both = [one for one in here if one in there and _text(mine, one) != _text(theirs, one)]
    if both:
        return _by_hand(run, heads[1], tuple(both), conflicts)
    files = repo.files(tree, layout)
    after = read(_with_theirs(files, theirs, conflicts))
    for name in (one for one in here if _text(after, one) != _text(mine, one)):
        moved = as_in(repo, heads[1], after, mine, name)
        if moved is None:
            return _by_hand(run, heads[1], (name,), conflicts)
        after = moved
    return repo.exchange(tree, files, after.files)


def _with_theirs(
    files: Mapping[str, bytes], theirs: Library, conflicts: Iterable[str]
) -> dict[str, bytes]:
    """The files of a merge, with those that conflict as the other side has them."""
    clean = {path: data for path, data in files.items() if path not in conflicts}
    return clean | {path: theirs.files[path] for path in conflicts if path in theirs.files}


def _by_hand(
    run: RunBranch, theirs: str, functions: tuple[str, ...], files: tuple[str, ...]
) -> Refusal:
    what = f"{listed(functions)} ({listed(files)})" if functions else listed(files)
    return Refusal(
        f"both sides changed {what}",
        f"merge by hand: git switch fnopt/{run.name} && git merge {theirs[:10]}",
        functions,
        files,
        (theirs,),
    )


def _changed(before: Library, after: Library) -> tuple[str, ...]:
    """The functions that differ, by the names that they have now, or had."""
    ends = (end for one in changes(before, after) for end in one.ends if end)
    return tuple(sorted({end.name for end in ends}))


def _text(library: Library, name: str) -> str | None:
    return listing(library, name) if library.get(name) else None
