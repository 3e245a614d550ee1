"""``fnopt log``: the updates of a run with their verdicts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fnopt.cli.echo import document, json_option, note
from fnopt.records import Usage

if TYPE_CHECKING:
    from fnopt.cli.session import Session
    from fnopt.history.runs import RunBranch
    from fnopt.history.updates import Update

HEADINGS = ("STEP", "VERDICT", "ACTION", "SCORE", "COST", "COMMIT", "REASON")


@click.command("log")
@click.argument("function", required=False)
@click.option("--run", "run_name", metavar="RUN", help="The run; without it, the current one.")
@json_option
def log(function: str | None, run_name: str | None, as_json: bool) -> None:
    """Show the updates of a run with their verdicts.

    Oldest first; with FUNCTION, only the updates of that function. Scores are the selection scores
    of the library before the update and with it.
    """
    from fnopt.cli.session import Session
    from fnopt.history.updates import updates

    with Session() as session:
        run = _named(session, run_name) if run_name else session.current_run()
        found = [one for one in updates(run) if function in (None, *one.function.split(", "))]
    if as_json:
        document({"run": run.name, "branch": f"fnopt/{run.name}", "updates": _plain(found)})
        return
    note(f"run {run.name}, branch fnopt/{run.name}: {_counted(found, function)}")
    if found:
        from fnopt.cli.columns import columns

        click.echo("\n".join(columns([HEADINGS, *map(_row, found)])))


def _named(session: Session, name: str) -> RunBranch:
    from fnopt.errors import UsageError
    from fnopt.history import runs

    known = runs.names(session.repo)
    if name not in known:
        raise UsageError(f"there is no run {name!r}", f"runs: {', '.join(known) or 'none yet'}")
    return runs.RunBranch(session.repo, name)


def _plain(found: list[Update]) -> list[dict[str, object]]:
    return [{key: value for key, value in asdict(one).items() if key != "tasks"} for one in found]


def _counted(found: list[Update], function: str | None) -> str:
    what = f" of {function}" if function else ""
    if not found:
        return f"no updates{what} yet"
    verdicts = [one.verdict for one in found]
    counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)]
    return f"{len(found)} updates{what}, {', '.join(counts)}"


def _row(update: Update) -> tuple[str, ...]:
    from fnopt.report.words import cost_of, percent

    base, score = percent(update.base), percent(update.score)
    usage = Usage(prompt_tokens=update.tokens, cost=update.cost)
    taken_back = update.revert is not None and update.verdict == "kept"
    return (
        str(update.step),
        f"{update.verdict}, taken back" if taken_back else update.verdict,
        _action(update),
        f"{base} → {score}" if update.base is not None or update.score is not None else "",
        cost_of(usage) if update.tokens else "",
        update.commit[:10] if update.commit else "",
        f"by {update.revert[:10]}; {update.reason}"
        if taken_back and update.revert
        else update.reason,
    )


def _action(update: Update) -> str:
    pairs = zip(update.action.split(", "), update.function.split(", "), strict=False)
    if update.action.count(", ") != update.function.count(", "):
        return f"{update.action} {update.function}"
    return ", ".join(f"{action} {name}" for action, name in pairs)
