"""Take one update back: a new commit that undoes just this one, if the library holds without it.

Nothing is undone that later updates built on, and no function is left that calls what would go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from fnopt.errors import GitStateError, UsageError
from fnopt.history import message
from fnopt.history.blame import ours
from fnopt.history.landing import land, recover
from fnopt.history.refusal import Refusal, broken, listed, stranded
from fnopt.history.repo import Commit, Repository
from fnopt.history.runs import RunBranch
from fnopt.library.edit import Remove, apply
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.listing import listing
from fnopt.library.restore import restore

VERDICT = "kept; rolled back by a person"


@dataclass(frozen=True)
class RolledBack:
    """An update that was taken back by ``commit`` on ``branch`` (full name)."""

    run: str
    branch: str
    update: str
    commit: str
    functions: tuple[str, ...]


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
        recover(repo, target.branch)
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
        by_function = _by_function(repo, target, layout)
        return by_function or _conflict(repo, target, conflicts, layout)
    if tree == repo.tree(target.head):
        said = f"nothing of {update.sha[:10]} is left to take back"
        return Refusal(said, f"see: git log {update.sha[:10]}..")
    before, after, parent = (
        read(repo.files(commit, layout)) for commit in (target.head, tree, update.parents[0])
    )
    return (
        broken(before, after, parent)
        or stranded(after, parent)
        or _published(repo, target, tree, layout)
    )


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


def _by_function(repo: Repository, target: _Target, layout: Layout) -> RolledBack | None:
    """Undo what the update did to its functions, where git cannot tell its lines from later ones.

    None where a later update changed one of the functions itself, or where they do not come apart.
    """
    head, done, before = (
        read(repo.files(commit, layout))
        for commit in (target.head, target.update.sha, target.update.parents[0])
    )
    after = head
    for name in target.functions:
        undone = _undone(repo, target, (after, done, before), name)
        if undone is None:
            return None
        after = undone
    if not target.functions or after == head or broken(head, after, before):
        return None
    paths = head.files.keys() | after.files.keys()
    edits = {path: after.files.get(path) for path in paths}
    edits = {path: data for path, data in edits.items() if data != head.files.get(path)}
    return _published(repo, target, repo.write_tree(repo.tree(target.head), edits), layout)


def _undone(
    repo: Repository, target: _Target, libraries: tuple[Library, Library, Library], name: str
) -> Library | None:
    """The first library with the function as it was in the last, if it is as in the second."""
    now, done, before = libraries
    texts = [listing(one, name) if one.get(name) else None for one in (now, done)]
    if texts[0] != texts[1]:
        return None
    blamed = partial(ours, repo, target.head)
    if before.get(name) is not None:
        after = restore(now, before, name, ours=blamed)
    else:
        after = apply(now, Remove(name), "", blamed)
    return after if isinstance(after, Library) else None


def _conflict(
    repo: Repository, target: _Target, conflicts: tuple[str, ...], layout: Layout
) -> Refusal:
    """Later commits changed the same lines: say which, and of which functions."""
    span = (target.head, f"^{target.update.sha}", "--", *conflicts)
    commits = tuple(repo.git("rev-list", *span).text.split())
    library = read(repo.files(target.head, layout))
    touched = [one.name for one in library.functions if one.path in conflicts]
    functions = tuple(name for name in touched if name in target.functions) or tuple(touched)
    said = f" ({listed(functions)})" if functions else ""
    since = f": {listed([sha[:10] for sha in commits])}" if commits else ""
    return Refusal(
        f"later updates built on {target.update.sha[:10]} in {listed(conflicts)}{said}{since}",
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
    land(repo, target.branch, commit, target.head, layout, why)
    return RolledBack(run.name, target.branch, update.sha, commit, target.functions)
