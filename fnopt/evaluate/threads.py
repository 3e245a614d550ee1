"""Trials in threads of this process: what takes time is the model, elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue

from fnopt.evaluate.trial import RETRIES, Bench, Done, Wanted, worth_keeping
from fnopt.library.function import Library
from fnopt.models.failures import RequestRefused
from fnopt.store import Store

NAP = 0.01
"""Seconds between looks at what has ended, while more trials wait than can run: a thread that wakes
up at each of hundreds a second slows those that run them."""


@dataclass(frozen=True)
class Threads:
    """Makes trials on a bench, ``concurrency`` at once, and keeps them in the store."""

    bench: Bench
    store: Store
    concurrency: int

    def run(self, library: Library, missing: Sequence[Wanted]) -> Iterator[Done]:
        """See :class:`fnopt.evaluate.evaluation.Workers`."""
        pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix="trial")
        try:
            ended: SimpleQueue[Future[Done | None]] = SimpleQueue()
            failed = threading.Event()

            def attempt(wanted: Wanted) -> Done | None:
                if failed.is_set():
                    return None  # nothing more is begun, and paid for, once one has failed
                try:
                    return self._attempt(library, wanted)
                except BaseException:
                    failed.set()
                    raise

            for one in missing:
                future = pool.submit(attempt, one)
                future.add_done_callback(ended.put)
            for left in range(len(missing), 0, -1):
                if ended.empty() and left > self.concurrency:
                    time.sleep(NAP)
                done = ended.get().result()
                if done is not None:
                    yield done
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def on(self, bench: Bench) -> Threads:
        """See :class:`fnopt.evaluate.evaluation.Workers`."""
        return replace(self, bench=bench)

    def _attempt(self, library: Library, wanted: Wanted) -> Done:
        for _ in range(1 + RETRIES):
            try:
                trial = self.bench.run(library, wanted.task, wanted.number, wanted.key)
            except RequestRefused as refusal:
                return Done(wanted.failed(refusal.message), refusal)
            if (kept := worth_keeping(trial)) is not None:
                self.store.keep_trial(kept.to_json())
            if trial.error is None or trial.messages:  # it was answered, if not judged
                break
        return Done(trial)
