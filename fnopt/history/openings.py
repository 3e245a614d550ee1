"""The test split is sealed: each time that it is opened is recorded under ``refs/fnopt/openings``.

One commit an opening, whose message says what was scored; the reference belongs to the repository,
not to a run.
"""

from __future__ import annotations

from fnopt.history import message
from fnopt.history.repo import Commit, Repository
from fnopt.records import Evaluation

REF = "refs/fnopt/openings"


def read(repo: Repository) -> list[Commit]:
    """Every opening, newest first."""
    return repo.log(REF) if repo.ref(REF) else []


def record(repo: Repository, commit: str, result: Evaluation) -> None:
    """Record that a commit was scored on the test split."""
    old = repo.ref(REF)
    marks = [
        ("Fnopt-Commit", commit),
        ("Fnopt-Score", f"{result.score:.4f}"),
        ("Fnopt-Trials", str(len(result.scored))),
    ]
    text = message.compose(f"test: score {commit[:10]}", "", marks)
    new = repo.commit(repo.write_tree(None, {}), [old] if old else [], text)
    repo.move(REF, new, old, "open the test split")
