"""Take one update back: a new commit that undoes just this one, if the library holds without it.

Nothing is undone that later updates built on, and no function is left that calls what would go.
"""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.history import message
from fnopt.history.landing import land, recover
from fnopt.history.refusal import Refusal, broken, listed, stranded
from fnopt.history.repo import Repository
from fnopt.history.target import Target, since, taken_back, target_of, update_at
from fnopt.history.undo import undo
from fnopt.library.function import read
from fnopt.library.layout import Layout

VERDICT = "kept; rolled back by a person"


@dataclass(frozen=True)
class RolledBack:
    """An update that was taken back by ``commit`` on ``branch`` (full name)."""

    run: str
    branch: str
    update: str
    commit: str
    functions: tuple[str, ...]


def roll_back(repo: Repository, rev: str, layout: Layout) -> RolledBack | Refusal:
    """Undo the update that ``rev`` names, on the branch that is checked out or on its run's.

    ``layout`` is the library's. Raises UsageError when it is no update of a run, GitStateError
    when it is on neither branch, the run is held, or a working tree that shows it is not clean.
    """
    update, run = update_at(repo, rev)
    with run.lock():
        target = target_of(repo, update, run)
        recover(repo, target.branch)
        return _undo(repo, target, layout)


def _undo(repo: Repository, target: Target, layout: Layout) -> RolledBack | Refusal:
    update = target.update
    if revert := taken_back(update.sha, since(repo, target)):
        said = f"{update.sha[:10]} is already taken back by {revert[:10]}"
        return Refusal(said, f"see: git show {revert[:10]}", commits=(revert,))
    tree = undo(repo, target.head, update.sha, target.functions, layout)
    if isinstance(tree, tuple):
        return _conflict(repo, target, tree, layout)
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


def _conflict(
    repo: Repository, target: Target, conflicts: tuple[str, ...], layout: Layout
) -> Refusal:
    """Later commits changed the same lines: say which, and of which functions."""
    span = (target.head, f"^{target.update.sha}", "--", *conflicts)
    commits = tuple(repo.git("rev-list", *span).text.split())
    library = read(repo.files(target.head, layout))
    touched = [one.name for one in library.functions if one.path in conflicts]
    functions = tuple(name for name in touched if name in target.functions) or tuple(touched)
    said = f" ({listed(functions)})" if functions else ""
    behind = f": {listed([sha[:10] for sha in commits])}" if commits else ""
    return Refusal(
        f"later updates built on {target.update.sha[:10]} in {listed(conflicts)}{said}{behind}",
        "take those back first" + (f": fnopt rollback {commits[0][:10]}" if commits else ""),
        functions,
        conflicts,
        commits,
    )


def _published(repo: Repository, target: Target, tree: str, layout: Layout) -> RolledBack:
    update, run = target.update, target.run
    marks = [
        ("Fnopt-Run", run.name),
        ("Fnopt-Action", "rollback"),
        *(("Fnopt-Function", name) for name in target.functions),
        ("Fnopt-Verdict", VERDICT),
    ]
    text = message.revert(update.message, update.sha, marks)
    commit = repo.commit(tree, [target.head], text, sign=repo.signs())
    why = f"roll back {update.sha[:10]}"
    land(repo, target.branch, commit, target.head, layout, why)
    return RolledBack(run.name, target.branch, update.sha, commit, target.functions)
