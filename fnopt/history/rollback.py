"""Take one update back: a new commit that undoes just this one, if the library holds without it.

Nothing is undone that later updates built on, and no function is left that calls what would go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fnopt.errors import GitStateError, UsageError
from fnopt.history import message, runs
from fnopt.history.repo import Commit, Repository
from fnopt.history.runs import RunBranch
from fnopt.history.worktree import finish
from fnopt.library.callgraph import callers
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.policy import new_faults

VERDICT = "kept; rolled back by a person"
BREAKING = ("syntax", "undefined-name", "duplicate-name", "call-mismatch")
"""Rules that say that names resolve, and that calls fit what they call."""
SHOWN = 3  # names that a message lists before it counts


@dataclass(frozen=True)
class RolledBack:
    """An update that was taken back by ``commit`` on ``branch`` (full name)."""

    run: str
    branch: str
    update: str
    commit: str
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """Why an update cannot be taken back; ``functions``, ``files`` and ``commits`` stand in the
    way (``commits`` are later updates, newest first)."""

    message: str
    mend: str
    functions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Target:
    """An update of a run, and the branch on which it is to be undone."""

    update: Commit
    run: RunBranch
    branch: str
    head: str

    @property
    def functions(self) -> tuple[str, ...]:
        return _marks(self.update).get("Fnopt-Function", ())


def roll_back(repo: Repository, rev: str, layout: Layout) -> RolledBack | Refusal:
    """Undo the update that ``rev`` names, on the branch that is checked out or on its run's.

    ``layout`` is the library's. Raises UsageError when it is no update of a run, GitStateError
    when it is on neither branch, the run is held, or a working tree that shows it is not clean.
    """
    update, run = _update(repo, rev)
    with run.lock():
        target = _target(repo, update, run)
        _recover(repo, target.branch)
        return _undo(repo, target, layout)


def _update(repo: Repository, rev: str) -> tuple[Commit, RunBranch]:
    (commit,) = repo.log(f"{repo.resolve(rev)}^!")
    marks = _marks(commit)
    short = commit.sha[:10]
    if marks.get("Fnopt-Action") == ("rollback",):
        raise UsageError(f"{short} is a roll-back itself", f"to undo it: git revert {short}")
    if len(message.blocks(commit.message)) > 1:
        raise UsageError(
            f"{short} holds several updates, squashed into one",
            f"take all back: git revert {short}",
        )
    updated = "Fnopt-Step" in marks and "Fnopt-Verdict" in marks and len(commit.parents) == 1
    if not updated or "Fnopt-Run" not in marks:
        raise UsageError(f"{short} is no update of a run", "see: fnopt log")
    return commit, RunBranch(repo, marks["Fnopt-Run"][0])


def _marks(commit: Commit) -> message.Trailers:
    """The figures of an update; a forge that squashed it alone may have added blocks behind."""
    return next(iter(message.blocks(commit.message)), message.trailers(commit.message))


def _target(repo: Repository, update: Commit, run: RunBranch) -> _Target:
    for branch in (repo.checked_out(), run.branch):
        head = repo.ref(branch) if branch else None
        if branch and head and repo.is_ancestor(update.sha, head):
            return _Target(update, run, branch, head)
    raise GitStateError(
        f"{update.sha[:10]} is neither on the branch that is checked out nor on fnopt/{run.name}",
        f"check out a branch that has it: git branch --contains {update.sha[:10]}",
    )


def _undo(repo: Repository, target: _Target, layout: Layout) -> RolledBack | Refusal:
    update = target.update
    if revert := taken_back(update.sha, _since(repo, target)):
        said = f"{update.sha[:10]} is already taken back by {revert[:10]}"
        return Refusal(said, f"see: git show {revert[:10]}", commits=(revert,))
    tree, conflicts = repo.merge_revert(target.head, update.sha)
    if tree is None:
        return _conflict(repo, target, conflicts, layout)
    if tree == repo.tree(target.head):
        said = f"nothing of {update.sha[:10]} is left to take back"
        return Refusal(said, f"see: git log {update.sha[:10]}..")
    before, after, parent = (
        read(repo.files(commit, layout)) for commit in (target.head, tree, update.parents[0])
    )
    return broken(before, after, parent) or _published(repo, target, tree, layout)


def _since(repo: Repository, target: _Target) -> list[tuple[str, str]]:
    """Commit and message of all that came after the update, newest first, merged ones included."""
    span = f"{target.update.sha}..{target.head}"
    form = ("--format=%H%n%B", "-z", "--topo-order", "--no-show-signature", "--encoding=UTF-8")
    out = repo.git("log", *form, span).out.decode(errors="replace")
    entries = [entry.partition("\n") for entry in out.split("\0") if entry]
    return [(sha, text) for sha, _, text in entries]


def taken_back(commit: str, later: Sequence[tuple[str, str]]) -> str | None:
    """The commit among ``later`` (newest first, with messages) that reverts ``commit`` and holds:
    that is, which is not itself reverted."""
    live: dict[str, tuple[str, str]] = {}
    for sha, text in later:
        overruled = live.get(sha[:7])
        bad = message.reverted(text)
        if bad and not (overruled and sha.startswith(overruled[1])):
            live.setdefault(bad[:7], (sha, bad))
    found = live.get(commit[:7])
    return found[0] if found and commit.startswith(found[1]) else None


def broken(before: Library, after: Library, parent: Library) -> Refusal | None:
    """Why a library must not become ``after``: something that resolved would no longer do so.

    What did not resolve in ``parent``, the library before the update, is nobody's loss.
    """
    if orphans := _orphans(before, after):
        lost = sorted({name for names in orphans.values() for name in names})
        who = tuple(sorted(orphans))
        call = "calls" if len(who) == 1 else "call"
        return Refusal(
            f"{_listed(who)} still {call} {_listed(lost)}, which would go",
            f"take back or revise {_listed(who)} first",
            functions=who,
        )
    known = set(new_faults(parent, after))
    faults = [one for one in new_faults(before, after) if one.rule in BREAKING and one in known]
    if not faults:
        return None
    return Refusal(
        f"the library would break: {faults[0].message}",
        "take back what was built on it first, or mend it by hand after: git revert",
        functions=tuple(sorted({one.function for one in faults if one.function})),
        files=tuple(sorted({one.file for one in faults if one.file})),
    )


def _orphans(before: Library, after: Library) -> dict[str, tuple[str, ...]]:
    """Functions of ``after`` that call one that is gone, with the names that they call.

    The call graph links only what exists: so the lost functions are put back as empty ones.
    """
    gone = [one for one in before.functions if after.get(one.name) is None]
    files = dict(after.files)
    for one in gone:
        files[one.path] = files.get(one.path, b"") + f"\n\ndef {one.name}(): ...\n".encode()
    ghosts = read(files)
    names = {one.name for one in gone}
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        for caller in callers(ghosts, name) - names if ghosts.get(name) else ():
            found[caller] = (*found.get(caller, ()), name)
    return found


def _conflict(
    repo: Repository, target: _Target, conflicts: tuple[str, ...], layout: Layout
) -> Refusal:
    """Later commits changed the same lines: say which, and of which functions."""
    span = (target.head, f"^{target.update.sha}", "--", *conflicts)
    commits = tuple(repo.git("rev-list", *span).text.split())
    library = read(repo.files(target.head, layout))
    touched = [one.name for one in library.functions if one.path in conflicts]
    functions = tuple(name for name in touched if name in target.functions) or tuple(touched)
    said = f" ({_listed(functions)})" if functions else ""
    since = f": {_listed([sha[:10] for sha in commits])}" if commits else ""
    return Refusal(
        f"later updates built on {target.update.sha[:10]} in {_listed(conflicts)}{said}{since}",
        "take those back first" + (f": fnopt rollback {commits[0][:10]}" if commits else ""),
        functions,
        conflicts,
        commits,
    )


def _published(repo: Repository, target: _Target, tree: str, layout: Layout) -> RolledBack:
    update, run = target.update, target.run
    marks = [
        ("Fnopt-Run", run.name),
        ("Fnopt-Action", "rollback"),
        *(("Fnopt-Function", name) for name in target.functions),
        ("Fnopt-Verdict", VERDICT),
    ]
    text = message.revert(update.message, update.sha, marks)
    commit = repo.commit(tree, [target.head], text, sign=True)
    why = f"roll back {update.sha[:10]}"
    if target.branch == run.branch:
        run.advance(commit, target.head, layout, why)
    else:
        journal = _journal(repo)
        runs.advance(repo, target.branch, commit, target.head, layout, why, journal)
    return RolledBack(run.name, target.branch, update.sha, commit, target.functions)


def _journal(repo: Repository) -> Path:
    return repo.folder / ".rollback.journal"  # no run's: their names begin with a letter or digit


def _recover(repo: Repository, branch: str) -> None:
    """Let working trees follow when a roll-back was killed between the branch and them."""
    journal = _journal(repo)
    with suppress(FileNotFoundError, ValueError, KeyError):
        left = json.loads(journal.read_text())
        if repo.ref(branch) == left["new"]:
            for worktree in repo.worktrees(branch):
                finish(repo, worktree, left["old"], left["new"])
    journal.unlink(missing_ok=True)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
