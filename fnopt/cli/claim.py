"""``fnopt claim``: what can be said to people about a run, proven apart from the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fnopt.cli import build, clients, evaluators
from fnopt.cli.echo import document, json_option, note
from fnopt.cli.session import Session
from fnopt.errors import EndpointError, UsageError
from fnopt.evaluate.claim import FRESH, Claim, libraries
from fnopt.evaluate.claim import claim as claimed
from fnopt.evaluate.pairs import Block
from fnopt.history import openings
from fnopt.history.runs import RunBranch
from fnopt.history.updates import PEOPLES, updates
from fnopt.records import Evaluation, Split
from fnopt.report.live import Live
from fnopt.report.words import cost_of
from fnopt.train.rests import on_trials
from fnopt.train.run import library_at

if TYPE_CHECKING:
    from fnopt.train.budget import Budget


@click.command(
    help="Measure what a run gained, with an interval, on fresh trials or the sealed split."
)
@click.option("--run", "name", help="Which run (default: the current one).")
@click.option(
    "--split",
    type=click.Choice(["val", "test"]),
    default="val",
    show_default=True,
    help="val: fresh trials, the interval made wider for what val chose; test: opens the seal.",
)
@click.option("--trials", type=click.IntRange(1), help="Trials a task (default: tasks.trials).")
@json_option
def claim(name: str | None, split: Split, trials: int | None, as_json: bool) -> int:
    """Measure the last library of a run against its first; exit 3 when nothing was kept."""
    with Session() as session:
        branch = session.run(name)
        base, head = _began(branch), branch.head()
        clients.require_prices(session.config, clients.trying(session.config))
        purse = session.allowance("claim")
        log = [one for one in updates(branch) if one.base is not None or one.action in PEOPLES]
        kept = sum(one.verdict == "kept" or one.overruled for one in log)
        chosen = libraries(len(log), kept) if split == "val" else 1
        with _opened(session, (base, head), split) as record:
            block = _measured(session, (base, head), split, trials, purse)
            found = claimed([block], chosen)
            if found is None:
                raise EndpointError("infrastructure failed at every task", "see: fnopt doctor")
            record(block)
        facts = {"run": branch.name, "base_commit": base, "commit": head, **asdict(found)}
        facts |= {"judged": len(log), "kept": kept}
        claims = {f"claims/{split}.json": {**facts, "rests": on_trials(block)}}
        branch.evidence.write(claims, _kept(block), f"claim on {split}")
        paid = purse.spent
        if as_json:
            bill = {"model_calls": paid.calls, "tokens": paid.tokens, "cost": paid.cost}
            document({**facts, **bill})
        else:
            _tell(found, len(log))
            click.echo(f"{paid.calls} model calls, {cost_of(paid)}")
    return 0 if kept else 3


def _began(branch: RunBranch) -> str:
    """The commit that a run began at. Raises UsageError when its evidence is not here."""
    start = branch.evidence.document("run.json") or {}
    base = start.get("base")
    if not isinstance(base, str):
        raise UsageError(
            f"where run {branch.name} began is not known here: its evidence is missing",
            f"git fetch ORIGIN {branch.evidence.ref}:{branch.evidence.ref}",
        )
    return branch.repo.resolve(base)


def _measured(
    session: Session, commits: tuple[str, str], split: Split, trials: int | None, purse: Budget
) -> Block:
    """Fresh trials of both libraries on all tasks of a split."""
    tasks = build.tasks(session, split)
    first = 0 if split == "test" else FRESH
    numbers = range(first, first + (trials or session.config.tasks.trials))
    with Live(lambda: purse.spent) as live:
        watch = clients.Watcher(live.say, live.trials, live.download, once=live.say_once)
        bench = evaluators.evaluator(session, purse, watch, numbers=numbers, sealed=split == "test")
        libraries_ = [library_at(session.repo, commit, session.layout) for commit in commits]
        before, after = (bench.evaluate(library, split, tasks) for library in libraries_)
    return before, after


@contextmanager
def _opened(
    session: Session, commits: tuple[str, str], split: Split
) -> Iterator[Callable[[Sequence[Evaluation]], None]]:
    """Records the opening of the sealed split; of val there is nothing to open."""
    if split != "test":
        yield lambda _: None
        return
    earlier = openings.read(session.repo)
    if earlier:
        note(f"openings of the test split before this one: {len(earlier)}; see {openings.REF}")
    tier = session.sandbox.tier
    with openings.opening(session.repo, commits, tier, session.has_paid) as record:
        yield record


def _kept(block: Block) -> Block | tuple[()]:
    """What becomes evidence, which travels: no conversation about a task of the sealed split."""
    return () if block[0].split == "test" else block


def _tell(found: Claim, judged: int) -> None:
    fresh = "fresh trials" if found.split == "val" else "the sealed split"
    click.echo(
        f"{found.split}, {fresh}: {found.base:.3f} -> {found.score:.3f}, a gain of "
        f"{found.gain:+.3f}, between {found.low:+.3f} and {found.high:+.3f} at "
        f"{found.confidence:.0%} confidence"
    )
    lost = f", {found.lost} left out since infrastructure failed" if found.lost else ""
    click.echo(f"{found.better} better, {found.worse} worse of {found.tasks} tasks{lost}")
    if found.libraries > 1:
        click.echo(
            f"val chose the updates: the interval holds for each of {found.libraries} libraries "
            f"that {judged} judged updates could have led to"
        )
    if not found.proven:
        click.echo("not proven: no gain lies in that interval too; more tasks would narrow it")
