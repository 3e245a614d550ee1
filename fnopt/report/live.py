"""Progress of long work on stderr: a rate, the cost so far and the time left."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from fnopt.evaluate.evaluation import Progress as Trials
from fnopt.records import Usage
from fnopt.report.words import cost_of, edits_of
from fnopt.train.outcome import Kept, Refused, Replied, Reverted, Step, Terminated, Undecided
from fnopt.train.quote import in_a_line


class Live:
    """Shows what happens now; on no terminal, one line for each thing that has happened."""

    def __init__(self, spent: Callable[[], Usage] = Usage, console: Console | None = None) -> None:
        self._spent = spent
        self.console = console or Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[right]} right · {task.fields[cost]}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._bar: TaskID | None = None
        self._tenth = -1
        self._told: set[str] = set()
        self._telling = threading.Lock()

    def __enter__(self) -> Live:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def say(self, text: str) -> None:
        """One line of what happens now."""
        self.console.print(text, markup=False, soft_wrap=True)

    def say_once(self, text: str) -> None:
        """The same, where it was not said before; safe to use from several threads."""
        with self._telling:
            new = text not in self._told
            self._told.add(text)
        if new:
            self.say(text)

    def download(self, done: int, total: int, what: str) -> None:
        """So many bytes of a file are there."""
        tenth = 10 * done // total if total else 0
        if tenth != self._tenth:
            self._tenth = tenth
            self.say(f"{what}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")

    def trials(self, now: Trials) -> None:
        """A trial has ended."""
        if now.done == 1 or self._bar is None:
            self._begin(now)
        assert self._bar is not None, "BUG: a bar was begun"
        self._bars.update(
            self._bar, completed=now.done, right=now.right, cost=cost_of(self._spent())
        )
        if now.done == now.total:
            self._end(now)

    def step(self, step: Step) -> None:
        """A step has ended."""
        self.say(sentence(step))

    def _begin(self, now: Trials) -> None:
        self._bar = self._bars.add_task(f"  {now.split}", total=now.total, right=0, cost="")

    def _end(self, now: Trials) -> None:
        if self._bar is not None:
            self._bars.remove_task(self._bar)
        self._bar = None
        if now.cached < now.total:  # else nothing is new: it was measured before
            self.say(f"  {now.split}: {now.right} of {now.total} right · {cost_of(self._spent())}")
        if now.failed:  # that holds for what was measured before too
            self.say_once(f"  {now.split}: {failing(now)}")


def failing(now: Trials) -> str:
    """On how many of how many answers the scorer failed, and how it did first."""
    failure = " ".join(now.failure.split())
    if now.failed == now.scored:
        return f"on every answer {failure}"
    return f"on {now.failed} of {now.scored} answers {failure}"


def sentence(step: Step) -> str:
    """A step's outcome in one line."""
    match step:
        case Kept(update) | Reverted(update) | Refused(update):
            what = ", ".join(edits_of(update)) or "no readable proposal"
            paid = cost_of(Usage(prompt_tokens=update.tokens, cost=update.cost))
            return f"step {update.step}: {update.verdict}: {what}: {update.reason}; {paid}"
        case Undecided(verdict):
            return f"undecided: {verdict.reason}"
        case Terminated(why):
            return f"finished: {why}"
        case Replied(requests, why):
            return f"answered {len(requests)} in words: {in_a_line(why, 300)}"
