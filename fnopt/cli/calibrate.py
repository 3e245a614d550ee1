"""``fnopt calibrate``: how much of a difference is the agent's own noise?"""

from __future__ import annotations

from dataclasses import asdict

import click

from fnopt.cli import build, clients, evaluators
from fnopt.cli.echo import document, json_option
from fnopt.cli.judging import CALIBRATED, design_of
from fnopt.cli.session import Session
from fnopt.errors import EndpointError
from fnopt.evaluate.noise import Noise, noise
from fnopt.report.live import Live
from fnopt.report.words import cost_of
from fnopt.train.run import library_at


@click.command(help="Measure the agent's own noise: one library, several times.")
@click.argument("rev", default="HEAD")
@click.option("--repeats", type=click.IntRange(2), default=2, show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Only the first N tasks.")
@json_option
def calibrate(rev: str, repeats: int, limit: int | None, as_json: bool) -> None:
    """Several trials of each validation task with the library at REV; kept for ``fnopt power``."""
    with Session() as session:
        commit, split = session.repo.resolve(rev), session.config.gate.split
        clients.require_prices(session.config, clients.trying(session.config))
        purse = session.allowance("calibrate")
        with Live(lambda: purse.spent) as live:
            watch = clients.Watcher(live.say, live.trials, live.download, once=live.say_once)
            bench = evaluators.evaluator(session, purse, watch, numbers=range(repeats))
            library = library_at(session.repo, commit, session.layout)
            result = bench.evaluate(library, split, build.tasks(session, split)[:limit])
        found = noise(result)
        if found is None:
            raise EndpointError("no task could be scored twice", "see: fnopt doctor")
        session.store.keep_reply(CALIBRATED, asdict(found))
        seen = design_of(session.config, found.flips).visible(found.tasks)
        paid = purse.spent
    if as_json:
        bill = {"model_calls": paid.calls, "tokens": paid.tokens, "cost": paid.cost}
        document({"rev": commit, "split": split, **asdict(found), "gain": seen, **bill})
        return
    _tell_noise(found, split, commit, seen)
    click.echo(f"{paid.calls} model calls, {cost_of(paid)}")


def _tell_noise(found: Noise, split: str, commit: str, seen: float | None) -> None:
    scores = ", ".join(f"{score:.3f}" for score in found.scores)
    click.echo(f"{split} at {commit[:10]}, {found.tasks} tasks, the same library: {scores}")
    click.echo(
        f"{found.flips:.0%} of tasks flip from one trial to the next; that alone moves a score by "
        f"{found.spread:.3f} (a standard deviation)"
    )
    can = f"a gain of {seen:.2f}" if seen is not None else "no gain at all"
    click.echo(f"so many tasks show {can} four times in five; see: fnopt power")
