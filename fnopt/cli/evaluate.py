"""``fnopt eval`` and ``fnopt test``: score a revision on a split."""

from __future__ import annotations

from typing import Any

import click

from fnopt.agents.attempt import failure_of
from fnopt.cli import build, clients, evaluators, forecast
from fnopt.cli.echo import document, json_option, note
from fnopt.cli.session import Session
from fnopt.errors import EndpointError, FnoptError
from fnopt.history import openings
from fnopt.records import Evaluation, Split, Usage
from fnopt.report.live import Live
from fnopt.report.words import cost_of
from fnopt.train.run import library_at

REV = click.argument("rev", default="HEAD")
DRY = click.option("--dry-run", is_flag=True, help="Say what it would cost; ask no model.")
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
@DRY
@json_option
def evaluate(rev: str, split: Split, limit: int | None, dry_run: bool, as_json: bool) -> None:
    """Score a revision; what was measured before costs nothing."""
    with Session() as session:
        commit = session.repo.resolve(rev)
        if dry_run:
            forecast.of_evaluation(session, commit, split, limit, as_json)
            return
        result, paid = _score(session, "eval", commit, split, limit)
        _show(session, _document(session, commit, result, paid), result, paid, as_json)


@click.command(help="Open the sealed test split and score the library at REV; it is recorded.")
@REV
@DRY
@json_option
def test(rev: str, dry_run: bool, as_json: bool) -> None:
    """Score a revision on the test split, which nothing else does."""
    with Session() as session:
        commit = session.repo.resolve(rev)
        build.tasks(session, "test")
        if dry_run:  # scores nothing, and so is no opening
            forecast.of_evaluation(session, commit, "test", None, as_json)
            return
        before = openings.read(session.repo)
        with openings.opening(
            session.repo, [commit], session.sandbox.tier, session.has_paid
        ) as record:
            result, paid = _score(session, "test", commit, "test", None)
            record([result])
        if before:
            note(f"openings of the test split before this one: {len(before)}; see {openings.REF}")
        _show(session, _document(session, commit, result, paid), result, paid, as_json)


def _score(
    session: Session, command: str, commit: str, split: Split, limit: int | None
) -> tuple[Evaluation, Usage]:
    clients.require_prices(session.config, clients.trying(session.config))
    purse = session.allowance(command)
    with Live(lambda: purse.spent) as live:
        library = library_at(session.repo, commit, session.layout)
        offered = evaluators.offered(session, library)
        watch = clients.Watcher(live.say, live.trials, live.download, once=live.say_once)
        bench = evaluators.evaluator(session, purse, watch, offered, sealed=split == "test")
        for fault in library.faults:
            note(f"{fault.file}: {fault.message}")
        if offered is not None:
            note(f"offered, since they worked in training: {', '.join(sorted(offered)) or 'none'}")
        result = bench.evaluate(library, split, build.tasks(session, split)[:limit])
    require_scored(result)
    return result, session.shares["agent"].spent


def require_scored(result: Evaluation) -> None:
    """Raise EndpointError when infrastructure failed all trials; say how many it did."""
    lost = [trial for trial in result.trials if trial.error is not None]
    if len(lost) == len(result.trials):
        raise EndpointError(f"no trial could be scored: {lost[0].error}", "see: fnopt doctor")
    if lost:
        note(f"trials left out, since infrastructure failed: {len(lost)}")
        note(f"the first of them: {lost[0].error}")
    failed = [failure_of(trial.messages) for trial in result.scored]
    if failed and all(failed):
        raise FnoptError(
            f"the agent gave no answer to any of {len(failed)} tasks: {failed[0]}",
            "mend it and run the same command again: nothing of this is kept",
        )


def _document(session: Session, commit: str, result: Evaluation, paid: Usage) -> dict[str, Any]:
    return {
        "rev": commit,
        "split": result.split,
        "score": result.score,
        "trials": len(result.scored),
        "right": result.right,
        "tier": session.sandbox.tier,
        **used(paid),
    }


def used(paid: Usage, calls: str = "model_calls") -> dict[str, Any]:
    """What was paid for, in a document; null where nobody says."""
    if paid.untold:
        return {calls: None, "tokens": None, "cost": None}
    return {calls: paid.calls, "tokens": paid.tokens, "cost": paid.cost}


def _paid(paid: Usage) -> str:
    return cost_of(paid) if paid.untold else f"{paid.calls} model calls, {cost_of(paid)}"


def judged(session: Session) -> dict[str, Any]:
    """What the judge cost, in a document of a command that has one."""
    judge = session.shares.get("judge")
    return {"judge": used(judge.spent, "calls")} if judge else {}


def tell_judged(session: Session) -> None:
    """The same in words."""
    if judge := session.shares.get("judge"):
        click.echo(f"judge: {judge.spent.calls} calls, {cost_of(judge.spent)}")


def _show(
    session: Session, values: dict[str, Any], result: Evaluation, paid: Usage, as_json: bool
) -> None:
    if as_json:
        document(values | judged(session))
        return
    click.echo(
        f"{values['split']} at {values['rev'][:10]}: {result.score:.3f} "
        f"({result.right} of {len(result.scored)} right; {_paid(paid)})"
    )
    tell_judged(session)
