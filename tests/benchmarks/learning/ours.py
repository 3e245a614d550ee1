"""fnopt itself, in its default mode or in the paper's."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.learning.stand import EMPTY, Stand

from fnopt.cli import build, clients
from fnopt.errors import FnoptError
from fnopt.history.runs import RunBranch
from fnopt.history.updates import updates
from fnopt.report.words import edits_of
from fnopt.train.loop import train
from fnopt.train.outcome import Step
from fnopt.train.run import Run

RUN = "learn"


def learn(stand: Stand) -> str:
    """Steps in a row in the scratch repository, until fnopt stops or the budget is spent."""
    session = stand.session
    branch = RunBranch(session.repo, RUN)
    watch = clients.Watcher(say=stand.say)
    with branch.lock():
        run = replace(
            build.run(session, branch, session.purse(RUN), watch),
            evaluator=stand.evaluator,
            optimizer=build.optimizer(session, stand.meter("optimizer"), watch),
        )
        run.begin(session.repo.resolve("HEAD"))
        kept = Kept(stand, run)
        kept.accept_new()

        def tell(step: Step) -> None:
            stand.say(f"{type(step).__name__.lower()}: {_words(step)}")
            kept.accept_new()

        stop = train(run, tell)
        if stop.why == "undecided":
            raise FnoptError(f"infrastructure failed: {stop.reason}", "start the command again")
    return f"{stop.why}: {stop.reason}"


class Kept:
    """The updates that the log tells of as kept, each accepted once and in its order."""

    def __init__(self, stand: Stand, run: Run) -> None:
        self._stand = stand
        self._run = run
        self._told = 0

    def accept_new(self) -> None:
        """Accept what the log holds beyond what was accepted already."""
        found = [one.commit for one in updates(self._run.branch) if one.verdict == "kept"]
        for commit in filter(None, found[self._told :]):
            self._stand.accept(self._run.base(commit).library)
        self._told = len(found)


def _words(step: Step) -> str:
    update = getattr(step, "update", None)
    if update is None:
        return str(getattr(step, "why", "") or getattr(step, "verdict", ""))
    return f"{', '.join(edits_of(update))} ({update.reason})"


def nothing(stand: Stand) -> str:
    """No functions at all."""
    stand.say(f"the empty library {EMPTY.digest[:8]}")
    return "finished: nothing to learn"
