"""``fnopt runs``, ``abandon``, ``clean`` and ``update``: the runs of a repository."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fnopt.cli.echo import document, json_option, note
from fnopt.cli.refused import refused

if TYPE_CHECKING:
    from fnopt.history.lifecycle import Standing, Swept
    from fnopt.history.repo import Repository
    from fnopt.history.runs import RunBranch

HEADINGS = ("RUN", "STATE", "STEPS", "KEPT", "SCORE", "COST", "LAST", "")


@click.command("runs")
@json_option
def runs(as_json: bool) -> None:
    """List the runs of the repository and how each stands; the current one comes first.

    open: fnopt train goes on with it. held: a process works on it. waiting: a candidate has no
    verdict yet. merged: all of it is in what is checked out. abandoned: given up. gone: its branch
    is not here, its evidence is. Scores are selection scores, before the run and now.
    """
    from fnopt.cli.session import Session
    from fnopt.history.lifecycle import standings

    with Session() as session:
        found = standings(session.repo)
    if as_json:
        document({"runs": [asdict(one) for one in found]})
        return
    if not found:
        note("there is no run here yet; start one: fnopt train")
        return
    from fnopt.cli.columns import columns

    click.echo("\n".join(columns([HEADINGS, *map(_row, found)])))


@click.command("abandon")
@click.argument("name", metavar="RUN")
@json_option
def abandon(name: str, as_json: bool) -> None:
    """Give a run up: no command goes on with it by itself.

    Its branch and its evidence stay, and fnopt train --run RUN takes it up again; a candidate that
    waits for its verdict goes. fnopt clean sweeps abandoned runs away.
    """
    from fnopt.cli.session import Session
    from fnopt.history.lifecycle import abandon as give_up
    from fnopt.history.runs import RunBranch

    with Session() as session:
        dropped = give_up(RunBranch(session.repo, name))
    if as_json:
        document({"run": name, "dropped": dropped})
        return
    note(f"abandoned {name}; to go on with it after all: fnopt train --run {name}")
    if dropped:
        note(f"dropped the candidate that waited: {dropped[:10]}")


@click.command("clean")
@click.option("--merged", is_flag=True, help="Those that are merged into what is checked out, too.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@json_option
def clean(merged: bool, dry_run: bool, as_json: bool) -> None:
    """Delete the runs that are abandoned: branch, evidence, and what waits.

    What goes is told with its commit, by which it can be brought back for as long as git keeps it.
    """
    from fnopt.cli.session import Session
    from fnopt.history.lifecycle import sweep, sweepable

    with Session() as session:
        wanted = [one.run for one in sweepable(session.repo, merged=merged)]
        swept = [
            _would_go(session.repo, one) if dry_run else sweep(session.repo, one) for one in wanted
        ]
    if as_json:
        document({"dry_run": dry_run, "runs": [asdict(one) for one in swept]})
        return
    if not swept:
        note("nothing to clean: see fnopt runs")
    for one in swept:
        _tell_swept(one, "would delete" if dry_run else "deleted")


@click.command("update")
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--from", "rev", help="What to merge (default: the branch that the run came from).")
@json_option
def update(name: str | None, rev: str | None, as_json: bool) -> int:
    """Bring a run up to date: merge the branch that it came from into the run's.

    No working tree is needed. Functions that only one side changed are merged even where git sees a
    conflict. Refused (exit 3) where both sides changed the same function, which is named, or
    another file; or where the library would not work any more.
    """
    from fnopt.cli.session import Session
    from fnopt.history.catch_up import CaughtUp, catch_up

    with Session() as session:
        run = _run(session.repo, name) if name else session.current_run()
        outcome = catch_up(run, rev or _origin(run), session.layout)
    if not isinstance(outcome, CaughtUp):
        return refused(outcome, as_json)
    branch = outcome.branch.removeprefix("refs/heads/")
    if as_json:
        document({**asdict(outcome), "branch": branch, "refused": None})
        return 0
    if outcome.commit is None:
        note(f"{branch} has {outcome.merged[:10]} already")
        return 0
    click.echo(outcome.commit)
    changed = ", ".join(outcome.functions) or "no function"
    note(f"merged {outcome.merged[:10]} into {branch}; changed by it: {changed}")
    return 0


def _run(repo: Repository, name: str) -> RunBranch:
    from fnopt.errors import UsageError
    from fnopt.history import runs as known

    if name not in known.names(repo):
        there = ", ".join(known.names(repo)) or "none yet"
        raise UsageError(f"there is no run {name!r:.80}", f"runs: {there}")
    return known.RunBranch(repo, name)


def _origin(run: RunBranch) -> str:
    """The branch that a run came from; of runs that do not know, what is checked out."""
    from fnopt.errors import UsageError

    start = run.evidence.document("run.json") or {}
    shown = run.repo.checked_out()
    there = shown.removeprefix("refs/heads/") if shown and shown != run.branch else None
    found = start.get("from") or there
    if not found:
        raise UsageError(f"what {run.name} came from is not known", "name it: --from main")
    return str(found)


def _would_go(repo: Repository, name: str) -> Swept:
    from fnopt.history.lifecycle import Swept
    from fnopt.history.runs import RunBranch

    return Swept(name, RunBranch(repo, name).references())


def _tell_swept(swept: Swept, what: str) -> None:
    note(f"{what} run {swept.run}")
    for ref, commit in swept.refs.items():
        click.echo(f"{ref} {commit}")


def _row(one: Standing) -> tuple[str, ...]:
    from fnopt.records import Usage
    from fnopt.report.words import cost_of, percent

    usage = Usage(prompt_tokens=one.tokens, cost=one.cost)
    return (
        one.run,
        one.state,
        str(one.steps),
        str(one.kept),
        f"{percent(one.base)} → {percent(one.score)}" if one.base is not None else "",
        cost_of(usage) if one.tokens else "",
        one.last[:10],
        one.detail,
    )
