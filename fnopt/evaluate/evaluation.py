"""The trials of a library on tasks: in parallel, from the cache where nothing could differ.

A trial is known by what it could see: the agent's first request (with the offered schemas), the
trial number, and the closure digests of the functions that it called. A changed body that a trial
never called costs nothing; neither does a revert.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from fnopt.evaluate.trial import Bench
from fnopt.library.callgraph import closure_digest
from fnopt.library.function import Library
from fnopt.models.failures import RequestRefused
from fnopt.records import Evaluation, Task, Trial
from fnopt.store import Store
from fnopt.tasks.scorers import FAILED

NAP = 0.01
"""Seconds between looks at what has ended, while more trials wait than can run: a thread that wakes
up at each of hundreds a second slows those that run them."""

RETRIES = 1  # further attempts at a trial that infrastructure did not let happen

_Wanted = tuple[Task, int, str]
"""A task, the trial's number, and its key."""


@dataclass(frozen=True)
class Progress:
    """Said after each trial: of ``total`` how many are done, right, and from the cache; how many
    answers the scorer failed on, and what it said of the first."""

    split: str
    done: int
    total: int
    right: int
    cached: int
    failed: int = 0
    failure: str = ""


class Evaluator:
    """Evaluates libraries with one bench; every trial is kept in the store as it ends."""

    def __init__(
        self,
        bench: Bench,
        store: Store,
        *,
        concurrency: int = 8,
        trials: int = 1,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.bench = bench
        self._store = store
        self._concurrency = concurrency
        self._trials = trials
        self._on_progress = on_progress

    def evaluate(self, library: Library, split: str, tasks: Sequence[Task]) -> Evaluation:
        """Score a library on tasks; trials are in the order of the tasks.

        A request that the endpoint refuses (too long, filtered) takes its own trial, which is left
        out as what infrastructure failed is; where it refuses all of several, that is raised.
        Raises what a trial raises, after the trials under way have ended and been kept.
        """
        wanted = [(task, number) for task in tasks for number in range(self._trials)]
        toolbox = self.bench.toolbox(library)
        keys = {(task.id, n): self.bench.key(toolbox, task, n) for task, n in wanted}
        found = {(t.id, n): self._cached(library, t, keys[t.id, n]) for t, n in wanted}
        progress = _Counter(split, len(wanted), self._on_progress)
        for trial in filter(None, found.values()):
            progress.count(trial, cached=True)
        missing = [(t, n, keys[t.id, n]) for t, n in wanted if found[t.id, n] is None]
        refused: list[RequestRefused] = []
        for trial in self._run(library, missing, refused):
            found[trial.task, trial.number] = trial
            progress.count(trial, cached=False)
        if 1 < len(refused) == len(wanted):
            raise refused[0]
        trials = (found[task.id, number] for task, number in wanted)
        return Evaluation(split, library.digest, tuple(trial for trial in trials if trial))

    def _run(
        self,
        library: Library,
        missing: Sequence[_Wanted],
        refused: list[RequestRefused],
    ) -> Iterable[Trial]:
        if not missing:
            return
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="trial")
        try:
            ended: SimpleQueue[Future[Trial | None]] = SimpleQueue()
            failed = threading.Event()

            def attempt(wanted: _Wanted) -> Trial | None:
                if failed.is_set():
                    return None  # nothing more is begun, and paid for, once one has failed
                try:
                    return self._attempt(library, *wanted, refused)
                except BaseException:
                    failed.set()
                    raise

            for one in missing:
                future = pool.submit(attempt, one)
                future.add_done_callback(ended.put)
            for left in range(len(missing), 0, -1):
                if ended.empty() and left > self._concurrency:
                    time.sleep(NAP)
                trial = ended.get().result()
                if trial is not None:
                    yield trial
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _attempt(
        self, library: Library, task: Task, number: int, key: str, refused: list[RequestRefused]
    ) -> Trial:
        for _ in range(1 + RETRIES):
            try:
                trial = self.bench.run(library, task, number, key)
            except RequestRefused as refusal:
                refused.append(refusal)
                return Trial(task.id, number, key, error=refusal.message)
            if trial.error is None:
                self._store.keep_trial(trial.to_json())
                break
        return trial

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
        self._done = self._right = self._cached = self._failed = 0
        self._failure = ""

    def count(self, trial: Trial, *, cached: bool) -> None:
        self._done += 1
        self._right += trial.right
        self._cached += cached
        if trial.score and trial.score.note.startswith(FAILED):
            self._failed += 1
            self._failure = self._failure or trial.score.note
        counts = (self._done, self._total, self._right, self._cached, self._failed)
        self._report(Progress(self._split, *counts, self._failure))


def _trial(document: Mapping[str, Any]) -> Trial | None:
    try:
        return Trial.from_json(document)
    except (KeyError, TypeError):
        return None  # of another shape: worth no more than a miss


def _digest(library: Library, name: str) -> str | None:
    if library.get(name) is None:
        return library.digest  # code that the agent ran itself could reach all of it
    return closure_digest(library, name)
