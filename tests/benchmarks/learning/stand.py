"""Where an arm stands: its tasks, the agent that all arms share, its budget, and its own store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.learning.accepted import Accepted
from benchmarks.learning.ledger import Ledger, Phase, places, save

from fnopt.cli import build, clients, evaluators
from fnopt.cli.session import Session
from fnopt.errors import FnoptError
from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.trial import Bench
from fnopt.history import scratch
from fnopt.library.function import Library, read
from fnopt.models.client import Client, Reply, Request
from fnopt.models.meter import Meter
from fnopt.records import Evaluation, Task, Trial, Usage
from fnopt.train.budget import Budget, Limits

EMPTY = read({})
LATE = "it took too long"  # what a scorer's process says
ROLES = ("agent", "optimizer", "after")


@dataclass(frozen=True)
class CountedBench(Bench):
    """A bench whose trials are allowed and kept by a ledger."""

    ledger: Ledger = field(kw_only=True)
    phase: Phase = field(kw_only=True)

    def run(self, library: Library, task: Task, number: int, key: str) -> Trial:
        """See :class:`Bench`. Raises BudgetSpent when the trial would break the budget."""
        if self.phase == "learn":
            self.ledger.take()
        try:
            trial = _unless_late(super().run(library, task, number, key))
            self.ledger.keep(trial, library, self.phase)
        finally:
            if self.phase == "learn":
                self.ledger.give_back()
        return trial


def _unless_late(trial: Trial) -> Trial:
    """The trial; a failure of infrastructure where a starved machine gave the scorer no time."""
    if trial.score is None or LATE not in trial.score.note:
        return trial
    return replace(trial, score=None, error=trial.score.note)


@dataclass(frozen=True)
class Booked:
    """Books what model calls cost in the store, under a role, and in the purse of the run."""

    book: Callable[[Usage], None]
    purse: Meter

    def before(self, request: Request) -> None:
        """See :class:`Meter`."""
        self.purse.before(request)

    def after(self, request: Request, usage: Usage | None) -> None:
        """See :class:`Meter`."""
        self.purse.after(request, usage)
        if usage is not None:
            self.book(usage)


@dataclass(frozen=True)
class Logged:
    """Writes down what was asked and replied, where it was paid for."""

    client: Client
    path: Path

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """See :class:`Client`."""
        reply = self.client.complete(request, trial)
        if not reply.cached:
            document = {"messages": request.messages, "trial": trial, "reply": reply.to_json()}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(document, ensure_ascii=False) + "\n")
        return reply


@dataclass(frozen=True)
class Stand:
    """All that an arm may use. ``say`` is told in a few words what happens now.

    What an arm does must follow from its tasks, trials and replies alone: a killed arm is started
    from the beginning, and everything that it paid for comes back from its books.
    """

    folder: Path
    session: Session
    ledger: Ledger
    train: tuple[Task, ...]
    val: tuple[Task, ...]
    test: tuple[Task, ...]
    say: Callable[[str], None]
    accepted: Accepted
    evaluator: Evaluator
    final: Evaluator

    def evaluate(self, library: Library, split: str, tasks: Sequence[Task]) -> Evaluation:
        """Trials of the budget. Raises BudgetSpent when not all of them can be made."""
        return self.evaluator.evaluate(library, split, tasks)

    def evaluate_all(self, library: Library, split: str, tasks: Sequence[Task]) -> Evaluation:
        """The same, for those who cannot do without one. Raises FnoptError when one is lost."""
        done = self.evaluate(library, split, tasks)
        lost = [trial.error for trial in done.trials if trial.error is not None]
        if lost:
            raise FnoptError(f"infrastructure failed: {lost[0]}", "start the command again")
        return done

    def meter(self, role: str) -> Meter:
        """Books calls under one of :data:`ROLES`."""
        assert role in ROLES, f"BUG: {role}"
        purse = Budget(Limits()) if role == "after" else self.session.purse("learn")
        return Booked(partial(self.session.store.spend, role), purse)

    def optimizer(self) -> Client:
        """The optimizer's model, its tokens booked as such."""
        role = self.session.config.optimizer
        client = clients.client(self.session, role, self.meter("optimizer"), clients.Watcher())
        return Logged(client, self.folder / "optimizer.jsonl")

    def spent(self, role: str) -> Usage:
        """What a role has cost so far."""
        return self.session.store.spent(role)

    def accept(self, library: Library, note: str = "") -> None:
        """The library is what the arm would give now."""
        spent = {role: self.spent(role).tokens for role in ("agent", "optimizer")}
        figures = {"trials": self.ledger.used, "tokens": spent, "wall": round(self.ledger.wall, 1)}
        save(self.folder / "libraries", library)
        self.accepted.accept({"library": library.digest, "note": note, **figures})


@contextmanager
def stand(
    folder: Path,
    files: Mapping[str, str],
    budget: int,
    say: Callable[[str], None],
    options: Mapping[str, Any] | None = None,
) -> Iterator[Stand]:
    """The stand of the arm that works in ``folder``, begun or gone on with.

    ``files`` are the repository's, ``options`` what of its configuration is this arm's own.
    """
    repository = folder / "repo"
    if not repository.is_dir():
        half = folder / "repo.partial"
        shutil.rmtree(half, ignore_errors=True)
        scratch.create(half, files)
        half.replace(repository)
    with Session(repository, options) as session:
        train, val, test = (build.tasks(session, split) for split in ("train", "val", "test"))
        known = places({"train": train, "val": val, "test": test})
        ledger = Ledger(folder, budget, known)
        for row in ledger.rows:  # the store may have been killed before it learned of the last
            if row["score"] is not None and row["phase"] != "vote":
                session.store.keep_trial(row["trial"])
        agents = [_agent(session, ledger, phase) for phase in ("learn", "after")]
        accepted = Accepted(folder / "accepted.json")
        yield Stand(folder, session, ledger, train, val, test, say, accepted, *agents)


def _agent(session: Session, ledger: Ledger, phase: Phase) -> Evaluator:
    """The agent, sandbox and scorer of every arm, on a bench that is counted."""
    role = "agent" if phase == "learn" else "after"
    purse = session.purse("learn") if phase == "learn" else Budget(Limits())
    meter = Booked(partial(session.store.spend, role), purse)
    plain = evaluators.evaluator(session, meter, clients.Watcher()).bench
    bench = CountedBench(**vars(plain), ledger=ledger, phase=phase)
    return Evaluator(bench, session.store, concurrency=session.config.agent.concurrency)
