"""Bring one function back as it was at a revision: a new commit that touches what it must alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from fnopt.errors import GitStateError, UsageError
from fnopt.history import message
from fnopt.history.blame import ours
from fnopt.history.landing import held, land
from fnopt.history.lineage import lineage
from fnopt.history.refusal import Refusal, broken, stranded, unreadable
from fnopt.history.repo import Repository
from fnopt.history.rollback import VERDICT
from fnopt.history.runs import RunBranch
from fnopt.library.changes import changes
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.locked import is_locked
from fnopt.library.restore import restore
from fnopt.records import Fault

MOST = 50
"""Functions whose history is followed to find what a name of old is called now."""


@dataclass(frozen=True)
class BroughtBack:
    """The function ``function`` is on ``branch`` (full name) as it was at ``then``; ``was`` is what
    it was called until now, None where it was not there. ``others`` changed along with it."""

    run: str | None
    branch: str
    commit: str
    then: str
    function: str
    was: str | None
    others: tuple[str, ...]


def bring_back(
    repo: Repository, name: str, rev: str, layout: Layout, locked: tuple[str, ...] = ()
) -> BroughtBack | Refusal:
    """Commit the function ``name`` as it was at ``rev`` to the branch that is checked out.

    ``name`` is that of today, or the one that it had then; those that the patterns ``locked`` name
    are left alone. Raises UsageError when there was no such
    function, GitStateError on a detached HEAD, when the branch's run is held, or when a working
    tree that shows it is not clean.
    """
    branch = repo.checked_out()
    if branch is None:
        raise GitStateError("no branch is checked out here", "check one out: git switch BRANCH")
    then = repo.resolve(rev)
    with held(repo, branch) as run:
        head = repo.ref(branch)
        if head is None:
            raise GitStateError(f"{_short(branch)} has no commit yet", "make one: git commit")
        now, past = (read(repo.files(commit, layout)) for commit in (head, then))
        return _Return(repo, layout, run, branch, head, then, now, past, locked).of(name)


@dataclass(frozen=True)
class _Return:
    repo: Repository
    layout: Layout
    run: RunBranch | None
    branch: str
    head: str
    then: str
    now: Library
    past: Library
    locked: tuple[str, ...]

    def _is_locked(self, name: str) -> bool:
        return is_locked(self.now, name, self.locked)

    def of(self, name: str) -> BroughtBack | Refusal:
        old, called = self._names(name)
        named = {old, called} - {None}
        locked = [one for one in sorted(filter(None, named)) if self._is_locked(one)]
        if locked:
            mend = "take it out of library.locked, or its comment away, first"
            return Refusal(f"{locked[0]} is locked", mend, functions=(locked[0],))
        there = self.now.get(called) if called else self.past.get(old)
        path = there.path if there else ""
        if refused := unreadable(self.now, path, sorted(filter(None, named))):
            return refused
        blamed = partial(ours, self.repo, self.head)
        after = restore(self.now, self.past, old, called=called, ours=blamed)
        if isinstance(after, tuple):
            return _refusal(after)
        if refused := broken(self.now, after, self.now) or stranded(after, self.past):
            return refused
        return self._published(after, old, called)

    def _names(self, name: str) -> tuple[str, str | None]:
        """What the function was called then, and what it is called now (None: it is gone)."""
        if self.now.get(name) is not None:
            known = lineage(self.repo, self.layout, self.head, name).names
            old = known.get(self.then, name) or name
            if self.past.get(old) is not None:
                return old, name
        if self.past.get(name) is None:
            raise UsageError(
                f"there was no function {name!r:.80} at {self.then[:10]}",
                f"see its history: fnopt log {name}" if name.isidentifier() else "see: fnopt list",
            )
        return name, name if self.now.get(name) is not None else self._today(name)

    def _today(self, name: str) -> str | None:
        """What a function that has gone under its name of then is called now, if it is there."""
        new = [one.name for one in self.now.functions if self.past.get(one.name) is None]
        for one in new[:MOST]:
            if lineage(self.repo, self.layout, self.head, one).names.get(self.then) == name:
                return one
        return None

    def _published(self, after: Library, old: str, called: str | None) -> BroughtBack:
        tree = self.repo.tree(self.head)
        tree = self.repo.exchange(tree, self.now.files, after.files)
        others = self._others(after, old, called)
        text = self._message(old, called, others)
        commit = self.repo.commit(tree, [self.head], text, sign=self.repo.signs())
        why = f"bring back {old} as of {self.then[:10]}"
        land(self.repo, self.branch, commit, self.head, self.layout, why)
        run = self.run.name if self.run else None
        return BroughtBack(run, self.branch, commit, self.then, old, called, others)

    def _others(self, after: Library, old: str, called: str | None) -> tuple[str, ...]:
        """The functions that changed along: callers that follow a name, sharers of a helper."""
        ends = (end for one in changes(self.now, after) for end in one.ends if end)
        return tuple(sorted({one.name for one in ends} - {old, called}))

    def _message(self, old: str, called: str | None, others: tuple[str, ...]) -> str:
        (then,) = self.repo.log(f"{self.then}^!")
        said = [f"As of {self.then[:10]}: {then.message.splitlines()[0]}"]
        if called and called != old:
            said.append(f"It was called {called}; who calls it follows.")
        if others:
            said.append(f"Changed along with it: {', '.join(others)}.")
        marks = [("Fnopt-Run", self.run.name)] if self.run else []
        marks += [("Fnopt-Action", "rollback"), ("Fnopt-Function", old), ("Fnopt-Verdict", VERDICT)]
        subject = f"revert(functions): bring back {old} as of {self.then[:10]}"
        return message.compose(subject, "\n\n".join(said), marks)


def name_at(repo: Repository, layout: Layout, name: str, commit: str, head: str) -> str | None:
    """What the function that is called ``name`` at ``head`` was called at an earlier commit."""
    return lineage(repo, layout, head, name).names.get(commit)


def _refusal(faults: tuple[Fault, ...]) -> Refusal:
    first = faults[0]
    more = f" and {len(faults) - 1} more" if faults[1:] else ""
    return Refusal(
        f"{first.message}{more}",
        first.mend or "mend it by hand",
        tuple(sorted({one.function for one in faults if one.function})),
        tuple(sorted({one.file for one in faults if one.file})),
    )


def _short(branch: str) -> str:
    return branch.removeprefix("refs/heads/")
