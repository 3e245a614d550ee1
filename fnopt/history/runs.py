"""A run: one branch ``fnopt/RUN`` of judged updates, and one candidate that waits.

A candidate waits as a commit under ``refs/fnopt/pending/RUN``. Once judged it is published: the
branch moves in one compare-and-swap from its head to the update, or to the update with its revert
right behind; then the pending reference goes. A crash at any instant leaves the branch as it was
with the candidate pending, or the judged update; nothing half.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from fnopt import tempdir
from fnopt.errors import GitStateError, UsageError
from fnopt.history import message
from fnopt.history.evidence import Evidence
from fnopt.history.repo import Commit, Repository
from fnopt.history.worktree import finish, follow, rehearse, require_followable
from fnopt.library.layout import Layout

BRANCHES = "refs/heads/fnopt/"
PENDING = "refs/fnopt/pending/"
RUNS = "refs/fnopt/runs/"
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-]))*")
PATIENCE_WITH_GIT = 2.0  # seconds that another git may hold a shared lock before it is ours
HANDOVER = 0.5  # seconds that a killed holder's last child may take to die
OURS_WITHIN = 10.0  # seconds between our journal and a lock that our killed git can have made


@dataclass(frozen=True)
class Candidate:
    """An update that waits for its verdict: a commit upon ``base``, as step ``step``."""

    commit: str
    base: str
    tree: str
    step: int
    message: str


class RunBranch:
    """The branch, the pending reference and the evidence of one run."""

    def __init__(self, repo: Repository, name: str) -> None:
        if not NAME.fullmatch(name) or name.endswith(".lock"):
            raise UsageError(f"{name!r} cannot name a run", "use letters, digits, '.', '_', '-'")
        self.repo = repo
        self.name = name
        self.branch = BRANCHES + name
        self.evidence = Evidence(repo, name)
        self._pending = PENDING + name
        self._walked: tuple[tuple[str | None, str], list[Commit]] = ((None, ""), [])
        self._journal = repo.folder / f"{name}.journal"
        self._lock = repo.folder / f"{name}.lock"
        self._holder = repo.folder / f"{name}.holder"

    @property
    def exists(self) -> bool:
        """Whether the branch is there."""
        return self.repo.ref(self.branch) is not None

    def start(self, base: str) -> None:
        """Create the branch at commit ``base``. Raises GitStateError when it exists."""
        if self.repo.ref("refs/heads/fnopt"):
            raise GitStateError(
                "a branch named 'fnopt' is in the way of 'fnopt/RUN'",
                "rename it: git branch -m fnopt SOMETHING-ELSE",
            )
        if self.exists:
            raise GitStateError(f"run {self.name} exists already", "choose another name")
        self.repo.move(self.branch, base, None, f"start run {self.name}")

    def head(self) -> str:
        """The newest commit of the branch. Raises GitStateError when it is gone."""
        head = self.repo.ref(self.branch)
        if head is None:
            raise GitStateError(f"run {self.name} has no branch", "fnopt train --new starts one")
        return head

    def commits(self) -> list[Commit]:
        """The commits of the run, newest first; from where it began if that is known."""
        start = self.evidence.document("run.json")
        base, head = start.get("base") if start else None, self.head()
        walked, found = self._walked
        if walked != (base, head):
            found = self._newer(base, head) or self._log(base, head)
            self._walked = (base, head), found
        return list(found)

    def _newer(self, base: str | None, head: str) -> list[Commit]:
        """The commits as they were before, with those behind them; nothing if that is not so."""
        (start, last), found = self._walked
        if not found or start != base:
            return []
        newer = self.repo.log(head, f"^{last}")
        return [*newer, *found] if newer and newer[-1].parents[:1] == (last,) else []

    def _log(self, base: str | None, head: str) -> list[Commit]:
        known = base and self.repo.is_ancestor(base, head)
        return self.repo.log(head, *([f"^{base}"] if known else []))

    def pending(self) -> Candidate | None:
        """The candidate that a crash or an undecided verdict left, if it still fits the branch.

        One that is already published, or whose base somebody has moved on from, is dropped.
        """
        commit = self.repo.ref(self._pending)
        if commit is None:
            return None
        (found,) = self.repo.log(f"{commit}^!")
        step = message.number(message.trailers(found.message), "Fnopt-Step")
        if step is not None and found.parents[:1] == (self.head(),):
            return Candidate(commit, found.parents[0], found.tree, step, found.message)
        self._drop(commit)
        return None

    def drop(self) -> str | None:
        """Drop the candidate that waits, if there is one; returns its commit."""
        commit = self.repo.ref(self._pending)
        if commit is not None:
            self._drop(commit)
        return commit

    def references(self) -> dict[str, str]:
        """The references of the run that are there, with the commits that they are at.

        The evidence comes last: what is left of a killed deletion still says what the run was.
        """
        refs = (self._pending, self.branch, self.evidence.ref)
        return {ref: commit for ref in refs if (commit := self.repo.ref(ref))}

    def delete(self) -> dict[str, str]:
        """Delete the references of the run; returns where each was."""
        found = self.references()
        for ref, commit in found.items():
            self._delete(ref, commit)
        return found

    def pend(self, tree: str, step: int, text: str, upon: str | None = None) -> Candidate:
        """Make a candidate of a tree, upon the branch's head.

        ``upon`` is the commit that the tree was made from. Raises GitStateError when the branch has
        moved on from it: the candidate would take back whatever somebody did meanwhile.
        """
        base = self.head()
        if upon not in (None, base):
            raise GitStateError(
                f"{self.branch} was moved by somebody else, from {str(upon)[:10]} to {base[:10]}",
                "run the command again: it goes on from there, and pays for no reply twice",
            )
        commit = self.repo.commit(tree, [base], text)
        self.repo.move(self._pending, commit, self.repo.ref(self._pending), "candidate")
        return Candidate(commit, base, tree, step, text.strip("\n"))

    def publish(self, candidate: Candidate, text: str, layout: Layout, *, keep: bool) -> str:
        """Publish a judged candidate with its final message; returns the update's commit.

        Unless ``keep``, its revert is right behind it and moves with it. Raises GitStateError when
        the branch has moved or a working tree that shows it is not clean.
        """
        sign = self.repo.signs()
        update = self.repo.commit(candidate.tree, [candidate.base], text, sign=sign)
        new = update if keep else self._reverted(update, candidate.base, text, sign=sign)
        self.advance(new, candidate.base, layout, f"step {candidate.step}")
        self._drop(candidate.commit)
        return update

    def advance(self, new: str, old: str, layout: Layout, why: str) -> None:
        """Move the branch from ``old`` to ``new``; a working tree that shows it follows."""
        advance(self.repo, self.branch, new, old, layout, why, self._journal)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run: one process at a time. Cleans up what a killed one left behind."""
        lock = self._acquired()
        try:
            self._recover()
            yield
        finally:
            with suppress(OSError):  # a disk that turned read-only
                self._holder.unlink(missing_ok=True)
            lock.release()

    def _acquired(self) -> FileLock:
        try:
            self.repo.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._lock, timeout=HANDOVER)
            lock.acquire()
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            self._holder.write_text(f"process {os.getpid()} since {since}")
        except Timeout:
            raise GitStateError(
                f"run {self.name} is held by {self._held_by()}",
                "wait for it, or end it; a dead holder's lock frees itself",
            ) from None
        except OSError as error:
            raise GitStateError(
                f"{self.repo.folder} cannot be written: {error.strerror or error}",
                "make the git folder writable, with room on its disk, and run the command again",
            ) from None
        return lock

    def holder(self) -> str | None:
        """Who holds the run now, in words; None where nobody does."""
        if not self._lock.exists():
            return None
        lock = FileLock(self._lock, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return self._held_by()
        except OSError:
            return None  # it can only be read here: who could hold it?
        lock.release()
        return None

    def forget(self) -> None:
        """Remove what stands beside git of a run that nobody holds."""
        for path in (self._journal, self._holder, self._lock):
            path.unlink(missing_ok=True)

    def _held_by(self) -> str:
        return _read(self._holder) or "another process"

    def _reverted(self, update: str, base: str, text: str, *, sign: bool) -> str:
        marks = [(key, message.trailers(text)[key][0]) for key in ("Fnopt-Run", "Fnopt-Step")]
        said = message.revert(text, update, [*marks, ("Fnopt-Action", "revert")])
        return self.repo.commit(self.repo.tree(base), [update], said, sign=sign)

    def _drop(self, commit: str) -> None:
        self._delete(self._pending, commit)

    def _delete(self, ref: str, commit: str) -> None:
        # git locks packed-refs for every deletion; the journal says that such a lock is ours
        _note(self._journal, deleting=commit)
        self.repo.delete(ref, commit)
        self._journal.unlink(missing_ok=True)

    def _recover(self) -> None:
        tempdir.sweep()  # a process that finds nothing left to do makes no folder, and sweeps none
        git = self.repo.folder.parent
        for ref in (self.branch, self._pending, self.evidence.ref):
            with suppress(NotADirectoryError):  # a branch named fnopt is in the way
                (git / f"{ref}.lock").unlink(missing_ok=True)
        try:
            left = json.loads(_read(self._journal) or "{}")
        except ValueError:
            left = {}  # killed while writing it: nothing had moved yet
        if "deleting" in left:
            _remove_lock(git / "packed-refs.lock", self._journal)
        if "new" in left:
            self._recover_advance(left["old"], left["new"])
        self._journal.unlink(missing_ok=True)

    def _recover_advance(self, old: str, new: str) -> None:
        worktrees = self.repo.worktrees(self.branch)
        for worktree in worktrees:
            for name in ("HEAD.lock", "index.lock"):  # one for the move, one to follow it
                _remove_lock(self.repo.head_file(worktree).with_name(name), self._journal)
        if self.repo.ref(self.branch) == new:
            for worktree in worktrees:
                finish(self.repo, worktree, old, new)


def advance(
    repo: Repository, branch: str, new: str, old: str, layout: Layout, why: str, journal: Path
) -> None:
    """Move a branch by compare-and-swap; the clean working trees that show it follow.

    Raises GitStateError when one of them is not clean: it is never overwritten.
    """
    worktrees = repo.worktrees(branch)
    for worktree in worktrees:
        require_followable(repo, worktree, layout, old, new)
    if worktrees:
        _note(journal, old=old, new=new)
    try:
        for worktree in worktrees:
            rehearse(repo, worktree, old, new)
        repo.move(branch, new, old, why)
    except GitStateError:
        journal.unlink(missing_ok=True)  # nothing has moved
        raise
    for worktree in worktrees:
        follow(repo, worktree, old, new)
    journal.unlink(missing_ok=True)


def names(repo: Repository) -> list[str]:
    """The runs of a repository that have a branch, the newest evidence first."""
    recent = recorded(repo)
    branches = [ref.removeprefix(BRANCHES) for ref in repo.refs(BRANCHES)]
    both = dict.fromkeys([*(name for name in recent if name in branches), *branches])
    return [name for name in both if NAME.fullmatch(name)]


def recorded(repo: Repository) -> dict[str, str]:
    """The runs whose evidence is here, with its newest commit; the newest first."""
    found = {ref.removeprefix(RUNS): commit for ref, commit in repo.refs(RUNS).items()}
    return {name: commit for name, commit in found.items() if NAME.fullmatch(name)}


def current(repo: Repository) -> str | None:
    """The run whose branch is checked out, else the one with the newest evidence that is not
    over, else None."""
    shown = repo.checked_out() or ""
    runs = names(repo)
    here = shown.removeprefix(BRANCHES)
    if shown.startswith(BRANCHES) and here in runs:
        return here
    return next((name for name in runs if not is_over(Evidence(repo, name))), None)


def require_branch(run: RunBranch) -> None:
    """Raises GitStateError for a run whose evidence is here and whose branch is not."""
    if run.exists or run.evidence.commit is None:
        return
    remote = next(iter(run.repo.refs(f"refs/remotes/*/fnopt/{run.name}")), None)
    bring = f"git branch fnopt/{run.name} {remote.removeprefix('refs/') if remote else 'COMMIT'}"
    raise GitStateError(
        f"the branch fnopt/{run.name} is gone, the evidence of the run is still here",
        f"bring it back: {bring}; or give it up: fnopt abandon {run.name}, then fnopt clean",
    )


def is_abandoned(evidence: Evidence) -> bool:
    """Whether a person has given a run up."""
    return bool((evidence.document("run.json") or {}).get("abandoned"))


def is_over(evidence: Evidence) -> bool:
    """Whether no command goes on with a run by itself: people merged it, declined its pull request,
    or gave it up."""
    start = evidence.document("run.json") or {}
    return any(start.get(mark) for mark in ("abandoned", "landed", "declined"))


def fresh_name(repo: Repository) -> str:
    """A name for a new run: ``run-1``, ``run-2``…"""
    taken = {*names(repo), *(ref.removeprefix(RUNS) for ref in repo.refs(RUNS))}
    return next(f"run-{n}" for n in range(1, len(taken) + 2) if f"run-{n}" not in taken)


def _note(journal: Path, **what: str) -> None:
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_text(json.dumps(what))


def _remove_lock(lock: Path, journal: Path) -> None:
    """Remove a lock of git's that our killed git must have left: it was made when the journal was.

    Another git's lock is younger, or goes by itself.
    """
    deadline = time.monotonic() + PATIENCE_WITH_GIT
    while _made_together(lock, journal):
        if time.monotonic() > deadline:
            lock.unlink(missing_ok=True)
        time.sleep(0.05)


def _made_together(lock: Path, journal: Path) -> bool:
    try:
        return abs(lock.stat().st_mtime - journal.stat().st_mtime) < OURS_WITHIN
    except FileNotFoundError:
        return False


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
