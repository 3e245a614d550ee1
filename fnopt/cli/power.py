"""``fnopt power``: what gain the validation tasks can show, before anything is paid for."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import click

from fnopt.cli import build, judging
from fnopt.cli.echo import document, json_option
from fnopt.cli.session import Session
from fnopt.config import Config
from fnopt.evaluate.gate import Paired
from fnopt.evaluate.power import OFTEN, Design

SHOWN = (0.02, 0.05, 0.1, 0.2)
"""Gains in the table."""

EARLY = "this is of one look at all tasks; stopping early takes up to about a tenth of the power"
"""What is said where the gate looks more than once."""


@click.command(help="Say what gain the validation tasks can show, before anything is paid for.")
@click.option("--tasks", type=click.IntRange(1), help="So many tasks instead of those configured.")
@click.option("--trials", type=click.IntRange(1), help="Trials a task (default: tasks.trials).")
@click.option("--gain", type=click.FloatRange(0, 1, min_open=True), help="A gain of interest.")
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    help="Per proposal (default: what the configured gate uses).",
)
@click.option("--noise", type=click.FloatRange(0, 1), help="Share of tasks that flip by chance.")
@json_option
def power(
    tasks: int | None,
    trials: int | None,
    gain: float | None,
    confidence: float | None,
    noise: float | None,
    as_json: bool,
) -> None:
    """The smallest gain that shows four times in five, and the tasks that smaller ones need."""
    with Session() as session:
        config = session.config
        number = tasks or len(build.tasks(session, config.gate.split))
        flips, source = _flips(session, noise)
        usual = judging.design_of(config, flips)
        design = replace(
            usual, trials=trials or usual.trials, confidence=confidence or usual.confidence
        )
        control = "" if confidence else _control(config)
    looks = Paired(design.confidence, design.margin).looks(number)
    rows = [_row(design, number, one) for one in ((gain,) if gain else SHOWN)]
    seen = design.visible(number)
    if as_json:
        values = {"tasks": number, **asdict(design), "looks": looks, "source": source}
        document({**values, "gain": seen, "table": rows})
    else:
        _tell(number, design, source, seen, rows, control)
        if looks > 1:
            click.echo(EARLY)


def _row(design: Design, tasks: int, gain: float) -> dict[str, Any]:
    seen = design.power(tasks, gain)
    return {"gain": gain, "power": round(seen, 4), "tasks_needed": design.needed(gain)}


def _flips(session: Session, given: float | None) -> tuple[float, str]:
    """The share of tasks that flip from trial to trial, and where it comes from."""
    return (given, "given") if given is not None else judging.flips(session)


def _control(config: Config) -> str:
    """Where the confidence per proposal comes from, where it is not the configured number."""
    if config.gate.control != "run":
        return ""
    return f" (gate.control: {config.gate.confidence:g} for {config.stop.max_steps} steps)"


def _tell(
    tasks: int,
    design: Design,
    source: str,
    seen: float | None,
    rows: list[dict[str, Any]],
    control: str,
) -> None:
    trials = f"{design.trials} trial{'s' if design.trials > 1 else ''} each"
    can = f"a gain of {seen:.2f}" if seen is not None else "no gain at all"
    click.echo(f"with {tasks} tasks and {trials} you can see {can} four times in five")
    click.echo(
        f"at confidence {design.confidence:g} per proposal{control}; answers that flip by chance: "
        f"{design.noise:.0%} of tasks ({source})"
    )
    if design.margin:
        click.echo(f"a gain has to exceed gate.margin = {design.margin:g}, too")
    for row in rows:
        click.echo(
            f"a gain of {row['gain']:.2f} is seen {row['power']:.0%} of the time; {_take(row)}"
        )


def _take(row: dict[str, Any]) -> str:
    """What it takes to see a row's gain often enough."""
    if row["tasks_needed"] is None:
        return f"no number of tasks shows it {OFTEN:.0%} of the time"
    return f"{OFTEN:.0%} take {row['tasks_needed']:,} tasks"
