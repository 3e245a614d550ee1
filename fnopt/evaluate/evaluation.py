"""The trials of a library on tasks: in parallel, from the cache where nothing could differ.

A trial is known by what it could see: the agent's first request (with the offered schemas), the
trial number, and the closure digests of the functions that it called. A changed body that a trial
never called costs nothing; neither does a revert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol

from fnopt.evaluate.threads import Threads
from fnopt.evaluate.trial import Bench, Done, Wanted
from fnopt.library.callgraph import closure_digest
from fnopt.library.function import Library
from fnopt.models.failures import RequestRefused
from fnopt.records import Evaluation, Task, Trial
from fnopt.store import Store
from fnopt.tasks.scorers import FAILED


class Workers(Protocol):
    """Make trials, several at once, wherever that is; they keep each in the store as it ends."""

    def run(self, library: Library, missing: Sequence[Wanted]) -> Iterator[Done]:
        """Every trial once, as they end.

        Raises what a trial raises, after the trials under way have ended and been kept.
        """

    def on(self, bench: Bench) -> Workers:
        """The same on another bench, which differs in what it offers alone."""


@dataclass(frozen=True)
class Progress:
    """Said after each trial: of ``total`` how many are done, right, and from the cache; of how many
    answers (``scored``) the scorer failed on how many, and what it said of the first."""

    split: str
    done: int
    total: int
    right: int
    cached: int
    failed: int = 0
    failure: str = ""
    scored: int = 0


class Evaluator:
    """Evaluates libraries with one bench; every trial is kept in the store as it ends.

    Each task gets ``trials`` trials, numbered from ``first``. They are made by ``workers``, else by
    so many threads of this process as ``concurrency`` says.
    """

    def __init__(
        self,
        bench: Bench,
        store: Store,
        *,
        concurrency: int = 8,
        trials: int = 1,
        first: int = 0,
        on_progress: Callable[[Progress], None] = lambda _: None,
        workers: Workers | None = None,
    ) -> None:
        self.bench = bench
        self._store = store
        self._workers = workers or Threads(bench, store, concurrency)
        self._numbers = range(first, first + trials)
        self._on_progress = on_progress

    def on(self, bench: Bench) -> Evaluator:
        """The same on another bench, which differs in what it offers alone."""
        other = copy(self)
        other.bench, other._workers = bench, self._workers.on(bench)
        return other

    def evaluate(self, library: Library, split: str, tasks: Sequence[Task]) -> Evaluation:
        """Score a library on tasks; trials are in the order of the tasks.

        A request that the endpoint refuses (too long, filtered) takes its own trial, which is left
        out as what infrastructure failed is; where it refuses all of several, that is raised.
        Raises what a trial raises, after the trials under way have ended and been kept.
        """
        wanted = [(task, number) for task in tasks for number in self._numbers]
        toolbox = self.bench.toolbox(library)
        keys = {(task.id, n): self.bench.key(toolbox, split, task, n) for task, n in wanted}
        found = {(t.id, n): self._cached(library, t, keys[t.id, n]) for t, n in wanted}
        progress = _Counter(split, len(wanted), self._on_progress)
        for trial in filter(None, found.values()):
            progress.count(trial, cached=True)
        missing = [Wanted(split, t, n, keys[t.id, n]) for t, n in wanted if found[t.id, n] is None]
        refused: list[RequestRefused] = []
        for done in self._workers.run(library, missing) if missing else ():
            found[done.trial.task, done.trial.number] = done.trial
            refused += [done.refusal] if done.refusal else []
            progress.count(done.trial, cached=False)
        if 1 < len(refused) == len(wanted):
            raise refused[0]
        trials = (found[task.id, number] for task, number in wanted)
        return Evaluation(split, library.digest, tuple(trial for trial in trials if trial))

    def _cached(self, library: Library, task: Task, key: str) -> Trial | None:
        for document in self._store.trials(key):
            trial = _trial(document)
            if trial is not None and all(
                _digest(library, name) == seen for name, seen in trial.closures.items()
            ):
                return self.bench.score(trial, task)
        return None


class _Counter:
    def __init__(self, split: str, total: int, report: Callable[[Progress], None]) -> None:
        self._split, self._total, self._report = split, total, report
        self._done = self._right = self._cached = self._failed = self._scored = 0
        self._failure = ""

    def count(self, trial: Trial, *, cached: bool) -> None:
        self._done += 1
        self._right += trial.right
        self._cached += cached
        self._scored += trial.score is not None
        if trial.score and trial.score.note.startswith(FAILED):
            self._failed += 1
            self._failure = self._failure or trial.score.note
        counts = (self._done, self._total, self._right, self._cached, self._failed)
        self._report(Progress(self._split, *counts, self._failure, self._scored))


def _trial(document: Mapping[str, Any]) -> Trial | None:
    try:
        return Trial.from_json(document)
    except (KeyError, TypeError):
        return None  # of another shape: worth no more than a miss


def _digest(library: Library, name: str) -> str | None:
    if library.get(name) is None:
        return library.digest  # code that the agent ran itself could reach all of it
    return closure_digest(library, name)
