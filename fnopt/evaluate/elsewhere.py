"""Trials on an executor: whole trials are submitted, each is kept once, as a serial run would.

Workers die, schedulers are started again, executors break. A trial that was lost with them is
submitted again; one whose worker died at it runs alone then, so that it takes no others with it,
and is a failure of infrastructure if its worker dies again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from fnopt.agents.agent import Opening
from fnopt.errors import BudgetSpent, FnoptError
from fnopt.evaluate.executor import Lease
from fnopt.evaluate.known import known_replies
from fnopt.evaluate.plan import Attempted, Plan, blind, pack
from fnopt.evaluate.trial import RETRIES, Bench, Done, Wanted, worth_keeping
from fnopt.library.function import Library
from fnopt.models.client import Request
from fnopt.models.failures import RequestRefused
from fnopt.models.meter import REPLY_TOKENS, Meter
from fnopt.store import Store

DEATHS = 2  # workers that may die at one trial before it is given up
LOSSES = 5  # executors in a row that may break without a trial coming back
LOOK = 2.0  # seconds without news after which it is asked whether any can come
PATIENCE = 60.0  # seconds of trouble after which it is said


@dataclass(eq=False)
class Job:
    """A trial on its way: ``asked`` stands for all that it may ask of the model; ``paid`` are the
    replies of attempts before."""

    wanted: Wanted
    opening: Request
    asked: Request
    paid: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    attempts: int = 0
    deaths: int = 0


@dataclass(frozen=True)
class Elsewhere:
    """Makes trials by a plan on the executors of a place, ``concurrency`` at once.

    ``plan`` is asked for when it is first needed: finding out how to speak to a model may take
    calls. ``bench`` is this process's own: it scores. Trials and replies are kept in the store as
    they come back; ``meter`` allows each trial by the most that it may ask, and books what it cost.
    ``patience``: seconds without news and without workers after which that is an error.
    """

    lease: Lease
    plan: Callable[[], Plan]
    bench: Bench
    store: Store
    meter: Meter
    concurrency: int
    patience: float = PATIENCE

    def run(self, library: Library, missing: Sequence[Wanted]) -> Iterator[Done]:
        """See :class:`fnopt.evaluate.evaluation.Workers`."""
        return _Shift(self, library, missing).work()

    def on(self, bench: Bench) -> Elsewhere:
        """See :class:`fnopt.evaluate.evaluation.Workers`."""
        return replace(self, bench=bench, plan=lambda: replace(self.plan(), offered=bench.offered))


class _Shift:
    """The trials of one evaluation."""

    def __init__(self, ours: Elsewhere, library: Library, missing: Sequence[Wanted]) -> None:
        self._ours = ours
        self._plan = ours.plan()
        self._packed = pack(library)
        toolbox, agent = ours.bench.toolbox(library), ours.bench.agent
        assert isinstance(agent, Opening), "BUG: agents of one's own stay in this process"
        openings = (agent.opening(one.task.question, toolbox) for one in missing)
        self._waiting = deque(
            Job(one, opening, _at_most(opening, self._plan.max_turns))
            for one, opening in zip(missing, openings, strict=True)
        )
        self._under_way: dict[Future[Attempted], Job] = {}
        self._ended: SimpleQueue[Future[Attempted]] = SimpleQueue()
        self._broken: Exception | None = None
        self._losses = 0
        self._failure: FnoptError | None = None

    def work(self) -> Iterator[Done]:
        """Submit and take back, until all have ended or one has failed for good."""
        try:
            while self._under_way or (self._waiting and self._failure is None):
                self._fill()
                if self._under_way:
                    future = self._next()
                    if done := self._take(future, self._under_way.pop(future)):
                        yield done
        finally:
            for future in self._under_way:
                future.cancel()
        if self._failure is not None:
            raise self._failure

    def _fill(self) -> None:
        """Submit as many as may run now."""
        if self._broken is not None and not self._under_way:
            self._start_again(self._broken)
        while self._waiting and len(self._under_way) < self._room():
            try:
                self._ours.meter.before(self._waiting[0].asked)
            except FnoptError as error:
                # near a limit fewer run at once: what those under way leave may be enough
                if not (isinstance(error, BudgetSpent) and self._under_way):
                    self._failure = error
                return
            self._submit(self._waiting.popleft())

    def _room(self) -> int:
        if self._broken is not None or self._failure is not None:
            return 0
        alone = self._waiting[0].deaths or any(job.deaths for job in self._under_way.values())
        return 1 if alone else self._ours.concurrency

    def _submit(self, job: Job) -> None:
        one, store = job.wanted, self._ours.store
        known = known_replies(store, job.opening, one.key, one.number) | job.paid
        asked = (self._packed, one.split, blind(one.task), one.number, one.key, known)
        try:
            future = self._ours.lease.submit(self._plan.attempt, *asked)
        except (RuntimeError, OSError) as error:  # broken or shut down since
            self._again(job)
            self._broken = error
        except FnoptError as error:
            self._again(job)
            self._fail(error)
        else:
            self._under_way[future] = job
            future.add_done_callback(self._ended.put)

    def _next(self) -> Future[Attempted]:
        """The next that ends. Raises FnoptError when it is known that none will."""
        began = None
        while True:
            try:
                return self._ended.get(timeout=LOOK)
            except Empty:
                trouble = self._ours.lease.place.trouble()
            began = (began or time.monotonic()) if trouble else None
            if trouble and began and time.monotonic() - began > self._ours.patience:
                raise FnoptError(trouble, "start workers there; what was done is kept")

    def _take(self, future: Future[Attempted], job: Job) -> Done | None:
        """What came of a trial; None where it is to run again, or nothing came of it."""
        try:
            attempted = future.result()
        except CancelledError as error:  # the scheduler went away, and forgot it
            self._again(job)
            self._broken = FnoptError(str(error) or "the scheduler is gone")
            return None
        except self._ours.lease.place.deadly as error:
            return self._died(job, error)
        except Exception as error:  # noqa: BLE001
            self._ours.meter.after(job.asked, None)
            self._fail(_unusable(error))
            return None
        self._losses = 0
        return self._came(attempted, job)

    def _came(self, attempted: Attempted, job: Job) -> Done | None:
        job.paid |= attempted.replies
        for key, reply in attempted.replies.items():
            self._ours.store.keep_reply(key, reply)
        self._ours.meter.after(job.asked, attempted.paid if attempted.replies else None)
        if isinstance(attempted.error, RequestRefused):
            return Done(job.wanted.failed(attempted.error.message), attempted.error)
        if attempted.error is not None or attempted.trial is None:
            self._fail(_there(attempted.error or FnoptError("BUG: a worker gave no trial")))
            return None
        trial = attempted.trial
        job.attempts += 1
        if trial.error is not None and job.attempts <= RETRIES and self._failure is None:
            self._waiting.append(job)
            return None
        if trial.error is None:
            trial = self._ours.bench.score(trial, job.wanted.task)
            if (kept := worth_keeping(trial)) is not None:
                self._ours.store.keep_trial(kept.to_json())
        return Done(trial)

    def _again(self, job: Job) -> None:
        """Let a trial that was lost wait to be submitted once more; what it cost is unknown."""
        self._ours.meter.after(job.asked, None)
        self._waiting.appendleft(job)

    def _died(self, job: Job, error: Exception) -> Done | None:
        if isinstance(error, BrokenExecutor):  # took all others with it
            self._broken = error
        job.deaths += 1
        if job.deaths < DEATHS:
            self._again(job)
            return None
        self._losses = 0
        self._ours.meter.after(job.asked, None)
        return Done(job.wanted.failed(f"its worker died at it {job.deaths} times: {error}"))

    def _start_again(self, error: Exception) -> None:
        self._losses += 1
        if self._losses > LOSSES:
            self._failure = FnoptError(
                f"the executor broke {LOSSES} times before a trial came back: {error}",
                "look at what its workers said; what was done is kept",
            )
            return
        self._ours.lease.drop()
        self._broken = None

    def _fail(self, error: FnoptError) -> None:
        self._failure = self._failure or error


def _at_most(opening: Request, turns: int) -> Request:
    """A request as large as all that a trial may ask: each turn sends the conversation anew."""
    tokens = turns * (opening.max_tokens or REPLY_TOKENS)
    messages, tools = opening.messages * turns, tuple(opening.tools) * turns
    return replace(opening, messages=messages, tools=tools, max_tokens=tokens)


def _there(error: FnoptError) -> FnoptError:
    """The error with where it was met: a worker has an environment and keys of its own."""
    error.mend = f"{error.mend}, on the worker that made the trial" if error.mend else ""
    return error


def _unusable(error: Exception) -> FnoptError:
    said = " ".join(str(error).split())[:300]
    return FnoptError(
        f"a worker failed: {type(error).__name__}: {said}",
        "install the same fnopt and dependencies on every worker",
    )
