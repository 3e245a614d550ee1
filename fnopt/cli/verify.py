"""``fnopt verify``: in CI, without key or model: what commits say follows from the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fnopt.cli.colour import paint
from fnopt.cli.columns import plain
from fnopt.cli.echo import document, json_option, note

if TYPE_CHECKING:
    from fnopt.history.repo import Repository
    from fnopt.review.proof.finding import Finding, Report

FOUND = 3
COLOURS = {"error": "red", "warning": "yellow"}


@click.command("verify")
@click.argument("rev", metavar="[REV]", default="HEAD")
@click.option("--run", "name", help="Which run (default: the one that REV's commits name).")
@click.option("--base", metavar="REV", help="The branch that it is to be merged into.")
@json_option
def verify(rev: str, name: str | None, base: str | None, as_json: bool) -> int:
    """Check that what the commits say follows from the evidence.

    Without key, model or sandbox: the gate is run again over the trials that the evidence holds,
    and nothing of the repository is imported. Exit 3 where something does not follow, 4 where the
    clone is too shallow or the evidence cannot be read.
    """
    from fnopt.cli.session import Session
    from fnopt.review.proof.verify import Asked
    from fnopt.review.proof.verify import verify as verified

    with Session() as session:
        repo = session.repo
        head = repo.resolve(rev)
        onto = repo.resolve(base) if base is not None else None
        run = name or _run(repo, rev, head, onto)
        if run is None:
            _nothing(rev, as_json)
            return 0
        report = verified(repo, Asked(run, head, onto, _remote(repo)))
    if as_json:
        document(_document(report))
    else:
        _tell(report.findings)
        note(_summary(report))
    return 0 if report.holds else FOUND


def _run(repo: Repository, rev: str, head: str, base: str | None) -> str | None:
    """The run whose branch is meant; else the newest that the commits name."""
    from fnopt.history.runs import BRANCHES, NAME, RUNS
    from fnopt.review.proof.told import runs_in

    shown = repo.checked_out() if rev == "HEAD" else rev
    own = (shown or "").removeprefix("refs/heads/").removeprefix("refs/remotes/")
    name = own.rpartition("fnopt/")[2] if "fnopt/" in own else ""
    if NAME.fullmatch(name) and (repo.ref(BRANCHES + name) or repo.ref(RUNS + name)):
        return name
    named = (one for one in runs_in(repo, head, base) if NAME.fullmatch(one))
    return next(named, None)


def _remote(repo: Repository) -> str:
    """Where evidence would be fetched from."""
    known = repo.git("remote").text.split()
    return "origin" if "origin" in known or not known else known[0]


def _nothing(rev: str, as_json: bool) -> None:
    if as_json:
        checked = {"updates": 0, "commits": 0, "trials": 0, "libraries": 0}
        document({"run": None, "findings": [], "checked": checked})
    note(f"no commit of a run in {rev}: nothing to verify")


def _document(report: Report) -> dict[str, object]:
    checked = ("updates", "commits", "trials", "libraries")
    return {
        "run": report.run,
        "findings": [asdict(one) for one in report.findings],
        "checked": {key: getattr(report, key) for key in checked},
    }


def _tell(findings: Sequence[Finding]) -> None:
    for one in findings:
        level = paint(one.level, COLOURS[one.level])
        place = one.commit[:10] if one.commit else "evidence"
        kind = paint(one.kind, bold=True)
        click.echo(f"{paint(place, bold=True)}: {level} {kind}: {plain(one.message)}")
        if one.mend:
            click.echo(f"  mend: {plain(one.mend)}")


def _summary(report: Report) -> str:
    updates = f"{report.updates:,} update{'s' * (report.updates != 1)}"
    levels = [one.level for one in report.findings]
    errors, warnings = levels.count("error"), levels.count("warning")
    warned = f" ({warnings} warning{'s' * (warnings != 1)})" if warnings else ""
    if errors:
        end = f"{errors} finding{'s' * (errors != 1)}{warned}"
    else:
        end = f"every figure follows{warned}"
    return f"run {report.run}: {updates}, {report.trials:,} trials: {end}"
