"""The test split is sealed: each time that it is opened is recorded under ``refs/fnopt/openings``.

One commit an opening, whose message says what was scored, with its figures once they are known; the
reference belongs to the repository, not to a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from fnopt.errors import FnoptError
from fnopt.history import message
from fnopt.history.repo import Commit, Repository
from fnopt.records import Evaluation

REF = "refs/fnopt/openings"


def read(repo: Repository) -> list[Commit]:
    """Every opening, newest first."""
    return repo.log(REF) if repo.ref(REF) else []


@contextmanager
def opening(
    repo: Repository, commits: Sequence[str], sandbox: str, paid: Callable[[], bool]
) -> Iterator[Callable[[Sequence[Evaluation]], None]]:
    """Record that commits are about to be scored on the test split, in a sandbox of that tier.

    It stands before the first trial does, so that nothing that ends the scoring leaves the seal as
    if it were whole. What is given takes the results, one a commit, and puts them in its place; an
    error before anything was ``paid`` for takes it back.
    """
    before = repo.ref(REF)
    begun = _written(repo, before, commits, [[("Fnopt-Sandbox", sandbox)]] * len(commits))
    repo.move(REF, begun, before, "open the test split")

    def record(results: Sequence[Evaluation]) -> None:
        now = repo.ref(REF)
        told = [[*_figures(one), ("Fnopt-Sandbox", sandbox)] for one in results]
        new = _written(repo, before if now == begun else now, commits, told)
        repo.move(REF, new, now, "score the test split")

    try:
        yield record
    except FnoptError:
        if not paid() and repo.ref(REF) == begun:
            _take_back(repo, before, begun)
        raise


def _take_back(repo: Repository, before: str | None, begun: str) -> None:
    if before is None:
        repo.delete(REF, begun)
    else:
        repo.move(REF, before, begun, "nothing was scored")


def _figures(result: Evaluation) -> list[tuple[str, str]]:
    return [("Fnopt-Score", f"{result.score:.4f}"), ("Fnopt-Trials", str(len(result.scored)))]


def _written(
    repo: Repository,
    parent: str | None,
    commits: Sequence[str],
    told: Sequence[Sequence[tuple[str, str]]],
) -> str:
    """One commit for each that is scored, the last of them."""
    for commit, marks in zip(commits, told, strict=True):
        subject = f"test: score {commit[:10]}"
        text = message.compose(subject, "", [("Fnopt-Commit", commit), *marks])
        parent = repo.commit(repo.write_tree(None, {}), [parent] if parent else [], text)
    assert parent is not None, "BUG: nothing is scored"
    return parent
