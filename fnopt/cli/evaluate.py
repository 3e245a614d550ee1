"""``fnopt eval`` and ``fnopt test``: score a revision on a split."""

from __future__ import annotations

from typing import Any

import click

from fnopt.cli import build
from fnopt.cli.echo import document, json_option, note
from fnopt.cli.session import Session
from fnopt.errors import EndpointError
from fnopt.history import openings
from fnopt.records import Evaluation, Split, Usage
from fnopt.report.live import Live
from fnopt.report.words import cost_of
from fnopt.train.budget import Budget
from fnopt.train.run import library_at

REV = click.argument("rev", default="HEAD")
LIMIT = click.option("--limit", type=click.IntRange(1), help="Only the first N tasks.")


@click.command("eval", help="Score the library at REV (default: HEAD) on a split.")
@REV
@click.option(
    "--split",
    type=click.Choice(["train", "val"]),
    default="val",
    show_default=True,
    help="Which tasks; the test split is sealed, see: fnopt test.",
)
@LIMIT
@json_option
def evaluate(rev: str, split: Split, limit: int | None, as_json: bool) -> None:
    """Score a revision; what was measured before costs nothing."""
    with Session() as session:
        commit = session.repo.resolve(rev)
        result, paid = _score(session, commit, split, limit)
        _show(_document(commit, result, paid), result, paid, as_json)


@click.command(help="Open the sealed test split and score the library at REV; it is recorded.")
@REV
@json_option
def test(rev: str, as_json: bool) -> None:
    """Score a revision on the test split, which nothing else does."""
    with Session() as session:
        commit = session.repo.resolve(rev)
        build.tasks(session, "test")
        before = openings.read(session.repo)
        result, paid = _score(session, commit, "test", None)
        openings.record(session.repo, commit, result)
        if before:
            note(f"openings of the test split before this one: {len(before)}; see {openings.REF}")
        _show(_document(commit, result, paid), result, paid, as_json)


def _score(
    session: Session, commit: str, split: Split, limit: int | None
) -> tuple[Evaluation, Usage]:
    purse = Budget(session.limits)
    with Live(lambda: purse.spent) as live:
        library = library_at(session.repo, commit, session.layout)
        offered = build.offered(session, library)
        watch = build.Watcher(live.say, live.trials, live.download)
        bench = build.evaluator(session, purse, watch, offered)
        for fault in library.faults:
            note(f"{fault.file}: {fault.message}")
        if offered is not None:
            note(f"offered, since they worked in training: {', '.join(sorted(offered)) or 'none'}")
        result = bench.evaluate(library, split, build.tasks(session, split)[:limit])
    _require_scored(result)
    return result, purse.spent


def _require_scored(result: Evaluation) -> None:
    lost = [trial for trial in result.trials if trial.error is not None]
    if len(lost) == len(result.trials):
        raise EndpointError(f"no trial could be scored: {lost[0].error}", "see: fnopt doctor")
    if lost:
        note(f"trials left out, since infrastructure failed: {len(lost)}")


def _document(commit: str, result: Evaluation, paid: Usage) -> dict[str, Any]:
    return {
        "rev": commit,
        "split": result.split,
        "score": result.score,
        "trials": len(result.scored),
        "right": result.right,
        "model_calls": paid.calls,
        "tokens": paid.tokens,
        "cost": paid.cost,
    }


def _show(values: dict[str, Any], result: Evaluation, paid: Usage, as_json: bool) -> None:
    if as_json:
        document(values)
        return
    click.echo(
        f"{values['split']} at {values['rev'][:10]}: {result.score:.3f} "
        f"({result.right} of {len(result.scored)} right; "
        f"{paid.calls} model calls, {cost_of(paid)})"
    )
