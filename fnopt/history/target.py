"""An update that a person is about to take back or to keep, and the branch on which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fnopt.errors import GitStateError, UsageError
from fnopt.history import message
from fnopt.history.repo import Commit, Repository
from fnopt.history.runs import RunBranch

PERSONS = (("rollback",), ("keep",))


@dataclass(frozen=True)
class Target:
    """An update of a run, and the branch that it is on."""

    update: Commit
    run: RunBranch
    branch: str
    head: str

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that the update is about."""
        return marks(self.update).get("Fnopt-Function", ())


def update_at(repo: Repository, rev: str) -> tuple[Commit, RunBranch]:
    """The update that ``rev`` names, and its run. Raises UsageError when it is none."""
    (commit,) = repo.log(f"{repo.resolve(rev)}^!")
    figures = marks(commit)
    short = commit.sha[:10]
    if figures.get("Fnopt-Action") in PERSONS:
        what = "a roll-back" if figures["Fnopt-Action"] == ("rollback",) else "a person's keep"
        raise UsageError(f"{short} is {what} itself", f"to undo it: git revert {short}")
    if len(message.blocks(commit.message)) > 1:
        raise UsageError(
            f"{short} holds several updates, squashed into one",
            f"take all back: git revert {short}",
        )
    updated = "Fnopt-Step" in figures and "Fnopt-Verdict" in figures and len(commit.parents) == 1
    if not updated or "Fnopt-Run" not in figures:
        raise UsageError(f"{short} is no update of a run", "see: fnopt log")
    return commit, RunBranch(repo, figures["Fnopt-Run"][0])


def marks(commit: Commit) -> message.Trailers:
    """The figures of an update; a forge that squashed it alone may have added blocks behind."""
    return next(iter(message.blocks(commit.message)), message.trailers(commit.message))


def target_of(repo: Repository, update: Commit, run: RunBranch) -> Target:
    """The branch that has an update: the one that is checked out, else that of its run.

    Raises GitStateError when neither has.
    """
    for branch in (repo.checked_out(), run.branch):
        head = repo.ref(branch) if branch else None
        if branch and head and repo.is_ancestor(update.sha, head):
            return Target(update, run, branch, head)
    raise GitStateError(
        f"{update.sha[:10]} is neither on the branch that is checked out nor on fnopt/{run.name}",
        f"check out a branch that has it: git branch --contains {update.sha[:10]}",
    )


def since(repo: Repository, target: Target) -> list[tuple[str, str]]:
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
