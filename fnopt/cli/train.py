"""``fnopt step`` and ``fnopt train``: learn."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import click

from fnopt.cli import build, clients, ended_runs, profiles, recall
from fnopt.cli.echo import document, json_option
from fnopt.cli.evaluate import judged, tell_judged
from fnopt.cli.judging import too_coarse
from fnopt.cli.limits import limit_options, said_of_stop
from fnopt.cli.people import answer, look, with_people
from fnopt.cli.session import Session
from fnopt.errors import BudgetSpent, UsageError
from fnopt.evaluate.gate import Gate
from fnopt.history import runs
from fnopt.history.lifecycle import take_up
from fnopt.history.runs import RunBranch
from fnopt.history.updates import PEOPLES, Update, scores, updates
from fnopt.report.live import Live
from fnopt.report.table import steps_table
from fnopt.train.loop import Stop, ended, out_of_budget, undecided
from fnopt.train.loop import train as go_on
from fnopt.train.outcome import Kept, Refused, Replied, Reverted, Step, Terminated, Undecided
from fnopt.train.run import Run
from fnopt.train.step import step as one_step

EXIT = {"finished": 0, "patience": 0, "small": 0, "steps": 0, "budget": 7, "undecided": 5}
NOT_IMPROVED = 3


@click.command(help="Propose, check, commit and judge one edit; keep it or revert it.")
@limit_options
@click.option("--dry-run", is_flag=True, help="Propose and check, show the diff, commit nothing.")
@json_option
def step(dry_run: bool, as_json: bool, **options: Any) -> int:
    """One step of the current run; exit 3 when nothing was kept."""
    with Session(options=said_of_stop(options)) as session:
        branch = choose_run(session, options)
        if dry_run:
            from fnopt.cli.preview import preview

            return preview(session, branch, options["rev"], as_json)
        with branch.lock(), Live(lambda: session.purse(branch.name).spent) as live:
            run = begin(session, branch, options["rev"], live)
            stop = ended(run)
            if stop is not None:
                return _end(session, run, [], stop, as_json) or NOT_IMPROVED
            try:
                result = one_step(run)
            except BudgetSpent as error:
                return _end(session, run, [], out_of_budget(error), as_json)
            live.step(result)
            code = _end(session, run, [result], _stop_after(result), as_json)
        answer(session, branch)
    return code or (0 if isinstance(result, Kept | Terminated | Replied) else NOT_IMPROVED)


@click.command(help="Step until it stops paying. Goes on with the current run by itself.")
@limit_options
@click.option("--dry-run", is_flag=True, help="Say what it would cost; ask no model.")
@json_option
def train(dry_run: bool, as_json: bool, **options: Any) -> int:
    """Steps in a row, until nothing is left to fix or a limit is reached."""
    steps: list[Step] = []
    with Session(options=said_of_stop(options)) as session:
        branch = choose_run(session, options)
        if dry_run:
            from fnopt.cli import forecast

            return forecast.of_run(session, branch, options["rev"], as_json)
        with branch.lock(), Live(lambda: session.purse(branch.name).spent) as live:
            run = begin(session, branch, options["rev"], live)

            def tell(result: Step) -> None:
                steps.append(result)
                live.step(result)

            stop = go_on(run, tell)
            code = _end(session, run, steps, stop, as_json)
        answer(session, branch)
    return code


def choose_run(session: Session, options: dict[str, Any]) -> RunBranch:
    """The run that the options mean: a named one, a new one, or the current one; where people have
    merged or declined that, a new one from where it came from."""
    name, new = options["name"], options["new"]
    current = runs.current(session.repo)
    if options["rev"] and not new and (name or current) in runs.names(session.repo):
        raise UsageError("--from is for a new run", "add --new, or a new name with --run")
    if new and name in runs.names(session.repo):
        raise UsageError(f"run {name} exists already", f"go on with it: fnopt train --run {name}")
    if name is None and not new:
        current, options["rev"] = ended_runs.skip(session, current, options["rev"])
    if name is None:
        name = runs.fresh_name(session.repo) if new or current is None else current
    branch = RunBranch(session.repo, name)
    runs.require_branch(branch)
    look(session, branch)
    return branch


def begin(session: Session, branch: RunBranch, rev: str | None, live: Live) -> Run:
    """The run, its branch created where it is new, and what its evidence holds in the store."""
    base = session.repo.resolve(rev or "HEAD")
    _require_importable(session)
    tell = partial(profiles.note, branch)
    watch = clients.Watcher(live.say, live.trials, live.download, tell, live.say_once)
    run = build.run(session, branch, session.purse(branch.name), watch)
    run.begin(base, _came_from(session, rev))
    take_up(branch)
    run = with_people(session, run)
    recall.recall(session, branch)
    if warning := too_coarse(session, run.judging, run.train):
        live.say(f"warning: {warning}")
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


def _end(session: Session, run: Run, steps: list[Step], stop: Stop | None, as_json: bool) -> int:
    """Show what was done; returns the exit code."""
    base, score = scores(updates(run.branch))
    done = [one.update for one in steps if isinstance(one, Kept | Reverted | Refused)]
    if as_json:
        document(
            {
                "run": run.branch.name,
                "branch": f"fnopt/{run.branch.name}",
                "steps": [update.to_json() for update in done],
                "base": base,
                "score": score,
                "stop": asdict(stop) if stop else None,
                **judged(session),
            }
        )
    else:
        _tell(done, base, score, stop, run)
        tell_judged(session)
    return EXIT[stop.why] if stop else 0


def _tell(
    done: list[Update], base: float | None, score: float | None, stop: Stop | None, run: Run
) -> None:
    from rich.console import Console

    split = run.judging.split
    if done:
        console = Console(highlight=False)
        console.print(steps_table(done, console.width, split))
    if base is not None and score is not None:
        part = _measured_part(updates(run.branch), len(run.judging.tasks))
        click.echo(f"{split}, a selection score: {base:.3f} before the run, {score:.3f} now{part}")
        click.echo(_by_chance(updates(run.branch), run.judging.gate), nl=False)
    if stop:
        click.echo(f"stopped ({stop.why}): {stop.reason}")


def _by_chance(log: list[Update], gate: Gate) -> str:
    """How many updates the gate would have kept at most, had none of them any effect."""
    judged = [one for one in log if one.base is not None and one.action not in PEOPLES]
    judged = [one for one in judged if not one.answers]  # they need no gain
    if gate.chance is None or not judged:
        return ""
    most = gate.chance * len(judged)
    return f"of {len(judged)} judged updates chance alone would have kept {most:.1f} at most\n"


def _measured_part(log: list[Update], tasks: int) -> str:
    """What to say where the last update was judged before all tasks were met."""
    last = [update for update in log if update.base is not None][-1]
    return f" (on {round(last.share * tasks)} of {tasks} tasks)" if last.share < 1 else ""


def _stop_after(result: Step) -> Stop | None:
    match result:
        case Terminated(why):
            return Stop("finished", why)
        case Undecided(verdict):
            return undecided(verdict)
        case Kept() | Reverted() | Refused() | Replied():
            return None
