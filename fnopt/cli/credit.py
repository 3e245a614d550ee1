"""``fnopt credit``: what each function is good for, and what is lost without it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import click

from fnopt.cli import build, clients, evaluators
from fnopt.cli.columns import columns
from fnopt.cli.echo import document, json_option, note
from fnopt.cli.evaluate import require_scored
from fnopt.cli.session import Session
from fnopt.errors import BudgetSpent, UsageError
from fnopt.evaluate.credit import Contribution, contributions
from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.leave_out import SOURCE, LeftOut, leave_out
from fnopt.history import runs
from fnopt.history.runs import RunBranch
from fnopt.history.updates import updates
from fnopt.library.function import Library
from fnopt.records import Evaluation, Split, Task, Usage
from fnopt.report.live import Live
from fnopt.report.words import cost_of
from fnopt.train.budget import Budget
from fnopt.train.run import library_at

COUNTED = ("FUNCTION", "CALLS", "TASKS", "RIGHT", "REUSED")
MEASURED = ("RIGHT WITH", "WITHOUT", "LOST", "95% INTERVAL", "RUN AGAIN")


@dataclass
class Found:
    """What a command has found out by now: of each function, and where it had to end."""

    whole: Evaluation
    counted: Sequence[Contribution]
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    stopped: BudgetSpent | None = None

    def named(self, such: Callable[[Contribution], bool]) -> list[str]:
        """The functions of which something is so."""
        return [one.function for one in self.counted if such(one)]


@click.command(help="Show what each function of REV (default: HEAD) does for a split.")
@click.argument("rev", default="HEAD")
@click.option(
    "--split",
    type=click.Choice(["train", "val"]),
    default="val",
    show_default=True,
    help="Whose tasks; the test split is sealed.",
)
@click.option("--leave-out", "leave", is_flag=True, help="Measure what is lost without each.")
@click.option(
    "--every-task",
    "every",
    is_flag=True,
    help="With --leave-out: run tasks again that never called it, too.",
)
@json_option
def credit(rev: str, split: Split, leave: bool, every: bool, as_json: bool) -> int:
    """Count what each function did; exit 7 where a limit ends what --leave-out measures."""
    if every and not leave:
        raise UsageError("--every-task says what to run again", "add --leave-out")
    with Session() as session:
        commit = session.repo.resolve(rev)
        clients.require_prices(session.config, clients.trying(session.config))
        library = library_at(session.repo, commit, session.layout)
        if not library.functions:
            note(f"no functions at {rev}; those of a run: fnopt credit fnopt/RUN")
        purse = session.allowance("credit")
        found = _found(session, library, split, purse, leave=leave, every=every)
    _show(found, commit, purse.spent, as_json)
    return found.stopped.exit_code if found.stopped else 0


def _found(
    session: Session, library: Library, split: Split, purse: Budget, *, leave: bool, every: bool
) -> Found:
    """Evaluate, count, and measure what is left of the budget for."""
    tasks = build.tasks(session, split) if library.functions else ()
    run = _current(session)
    with Live(lambda: purse.spent) as live:
        watch = clients.Watcher(live.say, live.trials, live.download, once=live.say_once)
        evaluator = evaluators.evaluator(
            session, purse, watch, evaluators.offered(session, library)
        )
        whole = evaluator.evaluate(library, split, tasks)
        if tasks:
            require_scored(whole)
        found = Found(whole, contributions(library, whole, _written_for(run)))
        if leave:
            _measure(found, evaluator, library, tasks, live.say, every=every)
    return found


def _measure(
    found: Found,
    evaluator: Evaluator,
    library: Library,
    tasks: Sequence[Task],
    say: Callable[[str], None],
    *,
    every: bool,
) -> None:
    def begin(name: str, again: int) -> None:
        say(f"without {name}: {again} of {len(tasks)} tasks run again")

    given = (evaluator, library, tasks, found.whole, found.counted)
    try:
        for one, left in leave_out(*given, every=every, begin=begin):
            found.left_out[one.function] = left
    except BudgetSpent as error:
        found.stopped = error


def _current(session: Session) -> RunBranch | None:
    """The current run."""
    name = runs.current(session.repo)
    return RunBranch(session.repo, name) if name else None


def _written_for(run: RunBranch | None) -> Mapping[str, frozenset[str]]:
    """The training tasks that a run's updates of each function were for."""
    found: dict[str, frozenset[str]] = defaultdict(frozenset)
    for update in updates(run) if run else ():
        if update.commit is not None:
            for name in update.function.split(", "):
                found[name] |= frozenset(update.tasks)
    return found


def _show(found: Found, commit: str, paid: Usage, as_json: bool) -> None:
    if as_json:
        document(_document(found, commit, paid))
    else:
        _tell(found, commit, paid)
    if found.stopped:
        said = f"{found.stopped.message}; what is measured is kept; {found.stopped.mend}"
        note(f"stopped (budget): {said}")


def _document(found: Found, commit: str, paid: Usage) -> dict[str, Any]:
    whole = found.whole
    return {
        "rev": commit,
        "split": whole.split,
        "score": whole.score,
        "trials": len(whole.scored),
        "right": whole.right,
        "functions": [_plain(one, found.left_out.get(one.function)) for one in found.counted],
        "single_use": found.named(lambda one: one.is_single_use and not one.is_idle),
        "unused": found.named(lambda one: one.is_idle),
        "interval": SOURCE,
        "model_calls": paid.calls,
        "tokens": paid.tokens,
        "cost": paid.cost,
        "stop": {"why": "budget", "reason": found.stopped.message} if found.stopped else None,
    }


def _plain(one: Contribution, left: LeftOut | None) -> dict[str, Any]:
    return {**asdict(one), "left_out": asdict(left) if left else None}


def _tell(found: Found, commit: str, paid: Usage) -> None:
    whole = found.whole
    heads = (*COUNTED, *MEASURED) if found.left_out else COUNTED
    rows = [_row(one, found.left_out.get(one.function)) for one in found.counted]
    if rows:
        click.echo("\n".join(columns([heads, *(row[: len(heads)] for row in rows)])))
    if names := found.named(lambda one: one.is_single_use and not one.is_idle):
        said = "single use, a help with at most one task beyond those it was written for"
        click.echo(f"{said}: {', '.join(names)}")
    if names := found.named(lambda one: one.is_idle):
        click.echo(f"never used: {', '.join(names)}")
    for one in found.counted:
        if one.goes and one.function in found.left_out:
            click.echo(f"without {one.function}: also without {', '.join(one.goes)}")
    if found.left_out:
        click.echo(f"{SOURCE}; tasks that are not run again count as they were")
    click.echo(
        f"{whole.split} at {commit[:10]}: {whole.right} of {len(whole.scored)} right "
        f"({paid.calls} model calls, {cost_of(paid)})"
    )


def _row(one: Contribution, left: LeftOut | None) -> tuple[str, ...]:
    tasks = f"{one.tasks} + {one.through}" if one.through else str(one.tasks)
    counts = (one.function, str(one.calls), tasks, str(one.right), str(one.reused))
    if left is None:
        return (*counts, *(["-"] * len(MEASURED)))
    return (
        *counts,
        f"{left.right} of {left.trials}",
        str(left.without),
        f"{left.lost:+.3f}",
        f"{left.low:+.3f} to {left.high:+.3f}",
        f"{left.rerun} of {left.tasks}",
    )
