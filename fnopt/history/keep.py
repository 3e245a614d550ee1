"""A person overrules the gate: an update that was taken back, or has no verdict yet, is kept."""

from __future__ import annotations

from dataclasses import dataclass

from fnopt.history import message
from fnopt.history.landing import land, recover
from fnopt.history.refusal import Refusal, broken, listed, stranded
from fnopt.history.repo import Commit, Repository
from fnopt.history.runs import PENDING, Candidate, RunBranch
from fnopt.history.target import Target, marks, since, taken_back, target_of, update_at
from fnopt.history.undo import undo
from fnopt.library.function import read
from fnopt.library.layout import Layout

VERDICT = "kept; by a person"


@dataclass(frozen=True)
class KeptByPerson:
    """An update that ``commit`` has on ``branch`` (full name): a new commit that brings it back, or
    the update itself, where it had waited for its verdict."""

    run: str
    branch: str
    update: str
    commit: str
    functions: tuple[str, ...]


def keep(repo: Repository, rev: str, layout: Layout) -> KeptByPerson | Refusal:
    """Keep the update that ``rev`` names, on the branch that is checked out or on its run's.

    Raises UsageError when it is no update of a run, GitStateError when it is on neither branch, the
    run is held, or a working tree that shows it is not clean.
    """
    if waiting := _waiting(repo, rev):
        run, commit = waiting
        with run.lock():
            candidate = run.pending()
            if candidate is not None and candidate.commit == commit.sha:
                return _published(repo, run, candidate, commit, layout)
    update, run = update_at(repo, rev)
    with run.lock():
        target = target_of(repo, update, run)
        recover(repo, target.branch)
        return _brought_back(repo, target, layout)


def _waiting(repo: Repository, rev: str) -> tuple[RunBranch, Commit] | None:
    """The run whose candidate ``rev`` names, and its commit."""
    sha = repo.resolve(rev)
    name = next((ref for ref, at in repo.refs(PENDING).items() if at == sha), None)
    (commit,) = repo.log(f"{sha}^!")
    return (RunBranch(repo, name.removeprefix(PENDING)), commit) if name else None


def _published(
    repo: Repository, run: RunBranch, candidate: Candidate, commit: Commit, layout: Layout
) -> KeptByPerson:
    text = f"{candidate.message.rstrip()}\nFnopt-Verdict: {VERDICT}\n"
    update = run.publish(candidate, text, layout, keep=True)
    functions = marks(commit).get("Fnopt-Function", ())
    return KeptByPerson(run.name, run.branch, update, update, functions)


def _brought_back(repo: Repository, target: Target, layout: Layout) -> KeptByPerson | Refusal:
    update, short = target.update, target.update.sha[:10]
    revert = taken_back(update.sha, since(repo, target))
    if revert is None:
        return Refusal(f"{short} is kept already", f"see: git show {short}")
    tree = undo(repo, target.head, revert, target.functions, layout)
    if isinstance(tree, tuple):
        return Refusal(
            f"what {short} changed in {listed(tree)} was changed since",
            f"bring it back by hand: git cherry-pick {short}",
            target.functions,
            tree,
        )
    if tree == repo.tree(target.head):
        return Refusal(f"nothing of {short} is missing", f"see: git log {short}..")
    before, after, then = (
        read(repo.files(commit, layout)) for commit in (target.head, tree, update.sha)
    )
    return (
        broken(before, after, then)
        or stranded(after, then)
        or _committed(repo, target, revert, tree, layout)
    )


def _committed(
    repo: Repository, target: Target, revert: str, tree: str, layout: Layout
) -> KeptByPerson:
    update = target.update
    figures = [
        ("Fnopt-Run", target.run.name),
        ("Fnopt-Action", "keep"),
        *(("Fnopt-Function", name) for name in target.functions),
        ("Fnopt-Verdict", VERDICT),
    ]
    text = message.reapply(update.message, update.sha, revert, figures)
    commit = repo.commit(tree, [target.head], text, sign=repo.signs())
    land(repo, target.branch, commit, target.head, layout, f"keep {update.sha[:10]}")
    return KeptByPerson(target.run.name, target.branch, update.sha, commit, target.functions)
