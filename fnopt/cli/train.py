"""``fnopt step`` and ``fnopt train``: learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import click

from fnopt.cli import build, profiles
from fnopt.cli.duration import DURATION
from fnopt.cli.echo import document, json_option
from fnopt.cli.session import Session
from fnopt.errors import BudgetSpent, UsageError
from fnopt.history import runs
from fnopt.history.lifecycle import take_up
from fnopt.history.runs import RunBranch
from fnopt.history.updates import Update, scores, updates
from fnopt.report.live import Live
from fnopt.report.table import steps_table
from fnopt.train.loop import Stop, ended
from fnopt.train.loop import train as go_on
from fnopt.train.outcome import Kept, Refused, Reverted, Step, Terminated, Undecided
from fnopt.train.run import Run
from fnopt.train.step import step as one_step

EXIT = {"finished": 0, "patience": 0, "small": 0, "steps": 0, "budget": 7, "undecided": 5}
NOT_IMPROVED = 3

LIMITS = (
    click.option("--run", "name", help="The run to go on with, or to start."),
    click.option("--new", is_flag=True, help="Start a new run."),
    click.option("--from", "rev", help="Where a new run begins (default: HEAD)."),
    click.option("--max-steps", type=click.IntRange(1), help="Steps of the whole run."),
    click.option("--patience", type=click.IntRange(1), help="Steps in vain before it ends."),
    click.option("--max-cost", type=click.FloatRange(0, min_open=True), help="US dollars."),
    click.option("--max-tokens", type=click.IntRange(1), help="Tokens of the whole run."),
    click.option("--max-time", type=DURATION, help="Such as 90s, 30m or 2h, for this command."),
)


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose a run and limit it."""
    for option in reversed(LIMITS):
        command = option(command)
    return command


@click.command(help="Propose, check, commit and judge one edit; keep it or revert it.")
@limit_options
@click.option("--dry-run", is_flag=True, help="Propose and check, show the diff, commit nothing.")
@json_option
def step(dry_run: bool, as_json: bool, **options: Any) -> int:
    """One step of the current run; exit 3 when nothing was kept."""
    with Session(options=_limits(options)) as session:
        branch = choose_run(session, options)
        if dry_run:
            from fnopt.cli.preview import preview

            return preview(session, branch, options["rev"], as_json)
        with branch.lock(), Live(lambda: session.purse(branch.name).spent) as live:
            run = begin(session, branch, options["rev"], live)
            stop = ended(run)
            if stop is not None:
                return _end(run, [], stop, as_json) or NOT_IMPROVED
            try:
                result = one_step(run)
            except BudgetSpent as error:
                return _end(run, [], Stop("budget", error.message), as_json)
            live.step(result)
            code = _end(run, [result], _stop_after(result), as_json)
    return code or (0 if isinstance(result, Kept | Terminated) else NOT_IMPROVED)


@click.command(help="Step until it stops paying. Goes on with the current run by itself.")
@limit_options
@json_option
def train(as_json: bool, **options: Any) -> int:
    """Steps in a row, until nothing is left to fix or a limit is reached."""
    steps: list[Step] = []
    with Session(options=_limits(options)) as session:
        branch = choose_run(session, options)
        with branch.lock(), Live(lambda: session.purse(branch.name).spent) as live:
            run = begin(session, branch, options["rev"], live)

            def tell(result: Step) -> None:
                steps.append(result)
                live.step(result)

            stop = go_on(run, tell)
            return _end(run, steps, stop, as_json)


def choose_run(session: Session, options: dict[str, Any]) -> RunBranch:
    """The run that the options mean: a named one, a new one, or the current one."""
    name, new = options["name"], options["new"]
    current = runs.current(session.repo)
    if options["rev"] and not new and (name or current) in runs.names(session.repo):
        raise UsageError("--from is for a new run", "add --new, or a new name with --run")
    if new and name in runs.names(session.repo):
        raise UsageError(f"run {name} exists already", f"go on with it: fnopt train --run {name}")
    if name is None:
        name = runs.fresh_name(session.repo) if new or current is None else current
    branch = RunBranch(session.repo, name)
    runs.require_branch(branch)
    return branch


def begin(session: Session, branch: RunBranch, rev: str | None, live: Live) -> Run:
    """The run, its branch created where it is new, and what its evidence holds in the store."""
    base = session.repo.resolve(rev or "HEAD")
    _require_importable(session)
    tell = partial(profiles.note, branch)
    watch = build.Watcher(live.say, live.trials, live.download, tell)
    run = build.run(session, branch, session.purse(branch.name), watch)
    run.begin(base, _came_from(session, rev))
    take_up(branch)
    build.recall(session, branch)
    live.say(f"run {branch.name} on branch fnopt/{branch.name}")
    return run


def _require_importable(session: Session) -> None:
    """Raises UsageError where no function that is learned could ever be imported."""
    home = session.layout.home() or ""
    if not all(part.isidentifier() for part in PurePosixPath(home.removesuffix(".py")).parts):
        raise UsageError(
            f"library.functions: Python can import nothing from {home!r}",
            "rename it: letters, digits and underscores, no digit first",
        )


def _came_from(session: Session, rev: str | None) -> str | None:
    """The branch that a new run begins at, if it is one: what ``fnopt update`` merges later."""
    heads = "refs/heads/"
    named = session.repo.checked_out() if rev is None else heads + rev.removeprefix(heads)
    known = named is not None and session.repo.ref(named) is not None
    return named.removeprefix(heads) if named and known else None


def _end(run: Run, steps: list[Step], stop: Stop | None, as_json: bool) -> int:
    """Show what was done; returns the exit code."""
    base, score = scores(updates(run.branch))
    done = [one.update for one in steps if isinstance(one, Kept | Reverted | Refused)]
    if as_json:
        document(
            {
                "run": run.branch.name,
                "branch": f"fnopt/{run.branch.name}",
                "steps": [entry(update) for update in done],
                "base": base,
                "score": score,
                "stop": asdict(stop) if stop else None,
            }
        )
    else:
        _tell(done, base, score, stop, run.judging.split)
    return EXIT[stop.why] if stop else 0


def _tell(
    done: list[Update], base: float | None, score: float | None, stop: Stop | None, split: str
) -> None:
    from rich.console import Console

    if done:
        console = Console(highlight=False)
        console.print(steps_table(done, console.width, split))
    if base is not None and score is not None:
        click.echo(f"{split}, a selection score: {base:.3f} before the run, {score:.3f} now")
    if stop:
        click.echo(f"stopped ({stop.why}): {stop.reason}")


def entry(update: Update) -> dict[str, Any]:
    """An update as ``--json`` shows it."""
    values = asdict(update)
    del values["tasks"]
    return values


def _stop_after(result: Step) -> Stop | None:
    match result:
        case Terminated(why):
            return Stop("finished", why)
        case Undecided(verdict):
            return Stop("undecided", verdict.reason)
        case Kept() | Reverted() | Refused():
            return None


def _limits(options: dict[str, Any]) -> dict[str, Any]:
    """What the options say of the configuration's ``stop`` section."""
    keys = ("max_steps", "patience", "max_cost", "max_tokens", "max_time")
    return {f"stop.{key}": options[key] for key in keys if options[key] is not None}
