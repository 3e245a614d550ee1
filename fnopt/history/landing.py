"""How a roll-back gets onto a branch: by compare-and-swap, the clean working trees following."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fnopt.history import runs
from fnopt.history.repo import Repository
from fnopt.history.runs import BRANCHES, NAME, RunBranch
from fnopt.history.worktree import finish
from fnopt.library.layout import Layout


def run_of(repo: Repository, branch: str) -> RunBranch | None:
    """The run that a branch (full name) belongs to; None for other branches."""
    name = branch.removeprefix(BRANCHES)
    known = branch.startswith(BRANCHES) and NAME.fullmatch(name)
    return RunBranch(repo, name) if known else None


@contextmanager
def held(repo: Repository, branch: str) -> Iterator[RunBranch | None]:
    """Hold the run of a branch, if it is a run's; what a killed roll-back left is completed."""
    run = run_of(repo, branch)
    if run is None:
        recover(repo, branch)
        yield None
        return
    with run.lock():
        recover(repo, branch)
        yield run


def land(repo: Repository, branch: str, new: str, old: str, layout: Layout, why: str) -> None:
    """Move a branch to a roll-back. Raises GitStateError when it has moved meanwhile, or a working
    tree that shows it is not clean."""
    run = run_of(repo, branch)
    if run is not None:
        run.advance(new, old, layout, why)
    else:
        runs.advance(repo, branch, new, old, layout, why, _journal(repo))


def _journal(repo: Repository) -> Path:
    return repo.folder / ".rollback.journal"  # no run's: their names begin with a letter or digit


def recover(repo: Repository, branch: str) -> None:
    """Let working trees follow when a roll-back was killed between the branch and them."""
    journal = _journal(repo)
    with suppress(FileNotFoundError, ValueError, KeyError):
        left = json.loads(journal.read_text())
        if repo.ref(branch) == left["new"]:
            for worktree in repo.worktrees(branch):
                finish(repo, worktree, left["old"], left["new"])
    journal.unlink(missing_ok=True)
