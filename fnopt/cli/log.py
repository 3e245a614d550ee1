"""``fnopt log``: the updates of a run with their verdicts; the history of one function."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fnopt.cli.echo import document, json_option, note
from fnopt.records import Usage

if TYPE_CHECKING:
    from fnopt.cli.session import Session
    from fnopt.history.lineage import Event
    from fnopt.history.runs import RunBranch
    from fnopt.history.updates import Update

WHEN = ("DATE", "COMMIT", "WHAT", "BY", "SUBJECT")
HEADINGS = ("STEP", "VERDICT", "ACTION", "SCORE", "COST", "COMMIT", "REASON")


@click.command("log")
@click.argument("function", required=False)
@click.option("--run", "run_name", metavar="RUN", help="The run; without it, the current one.")
@json_option
def log(function: str | None, run_name: str | None, as_json: bool) -> None:
    """Show the updates of a run with their verdicts, or the history of a function.

    Oldest first. Scores are the selection scores of the library before the update and with it. With
    FUNCTION: its updates alone, and below them every commit that changed it, newest first, through
    renames and moves, people's commits included.
    """
    from fnopt.cli.session import Session
    from fnopt.history.updates import updates

    with Session() as session:
        if function is not None:
            _log_function(session, function, run_name, as_json)
            return
        run = _named(session, run_name) if run_name else session.current_run()
        found = updates(run)
    if as_json:
        entries = [update.to_json() for update in found]
        document({"run": run.name, "branch": f"fnopt/{run.name}", "updates": entries})
        return
    _tell_updates(run, found, None)


def _log_function(session: Session, name: str, run_name: str | None, as_json: bool) -> None:
    from fnopt.errors import UsageError
    from fnopt.history.updates import updates

    run = _named(session, run_name) if run_name else _current(session)
    events = _events(session, run, name)
    names = {name, *(called for one in events for called in (one.name, one.before) if called)}
    every = updates(run) if run else []
    found = [one for one in every if names & set(one.function.split(", "))]
    if not events and not found:
        raise UsageError(f"there never was a function {name!r:.80} here", "see: fnopt list")
    if as_json:
        where = {"run": run.name if run else None, "branch": f"fnopt/{run.name}" if run else None}
        history = [asdict(one) for one in events]
        document({**where, "updates": [update.to_json() for update in found], "history": history})
        return
    if run:
        _tell_updates(run, found, name)
    _tell_history(session, events, apart=bool(found))


def _current(session: Session) -> RunBranch | None:
    from fnopt.history import runs

    name = runs.current(session.repo)
    return runs.RunBranch(session.repo, name) if name else None


def _events(session: Session, run: RunBranch | None, name: str) -> tuple[Event, ...]:
    """The function's history on the run's branch; else on what is checked out."""
    from fnopt.history.lineage import lineage

    heads = [run.head()] if run and run.exists else []
    if session.repo.ref("HEAD"):
        heads.append(session.repo.resolve("HEAD"))
    for head in dict.fromkeys(heads):
        if found := lineage(session.repo, session.layout, head, name).events:
            return found
    return ()


def _tell_updates(run: RunBranch, found: list[Update], function: str | None) -> None:
    from fnopt.cli.columns import columns

    note(f"run {run.name}, branch fnopt/{run.name}: {_counted(found, function)}")
    if found:
        click.echo("\n".join(columns([HEADINGS, *map(_row, found)])))


def _tell_history(session: Session, events: tuple[Event, ...], *, apart: bool) -> None:
    from fnopt.cli.columns import columns

    if apart and events:
        click.echo()
    if events:
        click.echo("\n".join(columns([WHEN, *map(_when, events)])))
    if session.repo.shallow():
        note("this clone is shallow: older commits are not here (git fetch --unshallow)")


def _when(event: Event) -> tuple[str, ...]:
    match event.kind:
        case "renamed":
            what = f"renamed from {event.before} to {event.name}"
        case "moved":
            what = f"moved to {event.path}"
        case "added" | "brought back" | "removed":
            what = f"{event.kind}: {event.path}"
        case _:
            what = event.kind
    who = f"fnopt, {event.verdict}" if event.verdict else event.author
    return (event.date[:10], event.commit[:10], what, who, event.subject)


def _named(session: Session, name: str) -> RunBranch:
    from fnopt.errors import UsageError
    from fnopt.history import runs

    known = runs.names(session.repo)
    if name not in known:
        raise UsageError(f"there is no run {name!r}", f"runs: {', '.join(known) or 'none yet'}")
    return runs.RunBranch(session.repo, name)


def _counted(found: list[Update], function: str | None) -> str:
    what = f" of {function}" if function else ""
    if not found:
        return f"no updates{what} yet"
    verdicts = [one.verdict for one in found]
    counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)]
    return f"{len(found)} updates{what}, {', '.join(counts)}"


def _row(update: Update) -> tuple[str, ...]:
    from fnopt.report.words import cost_of, edits_of, percent

    base, score = percent(update.base), percent(update.score)
    usage = Usage(prompt_tokens=update.tokens, cost=update.cost)
    taken_back = update.revert is not None and update.verdict == "kept"
    return (
        str(update.step),
        _verdict(update),
        ", ".join(edits_of(update)),
        f"{base} → {score}" if update.base is not None or update.score is not None else "",
        cost_of(usage) if update.tokens else "",
        update.commit[:10] if update.commit else "",
        f"by {update.revert[:10]}; {update.reason}"
        if taken_back and update.revert
        else update.reason,
    )


def _verdict(update: Update) -> str:
    """The gate's, and what a person made of it."""
    if update.overruled:
        return f"{update.verdict}, kept by a person"
    taken_back = update.revert is not None and update.verdict == "kept"
    return f"{update.verdict}, taken back" if taken_back else update.verdict
