"""``fnopt rollback``: a person takes one update back, or brings one function back."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fnopt.cli.echo import document, json_option, note
from fnopt.cli.refused import refused

if TYPE_CHECKING:
    from fnopt.history.bring_back import BroughtBack
    from fnopt.history.rollback import RolledBack

FUNCTION_AT = re.compile(r"[^@]+@(?!\{).*", re.DOTALL)  # git's own rev@{n} is none


@click.command("rollback")
@click.argument("what", metavar="UPDATE | FUNCTION@REV")
@json_option
def rollback(what: str, as_json: bool) -> int:
    """Take one update back, or bring one function back as it was.

    UPDATE is a commit of `fnopt log`, whole or its beginning. A new commit undoes just this update,
    on the branch that is checked out if the update is on it, else on its run's branch. Refused
    (exit 3) when later updates built on it, or when a function still calls one that would go.

    FUNCTION@REV brings one function back as it was at REV, under the name that it had, with the
    helpers and imports that it needed, in a new commit on the branch that is checked out. Refused
    (exit 3) when a function calls it in a way that would no longer fit.
    """
    if FUNCTION_AT.fullmatch(what):
        return _function(what, as_json)
    return _update(what, as_json)


def _update(update: str, as_json: bool) -> int:
    from fnopt.cli.session import Session
    from fnopt.history.rollback import RolledBack, roll_back

    with Session() as session:
        outcome = roll_back(session.repo, update, session.layout)
    if isinstance(outcome, RolledBack):
        return _done(outcome, as_json)
    return refused(outcome, as_json)


def _function(words: str, as_json: bool) -> int:
    from fnopt.cli.session import Session
    from fnopt.errors import UsageError
    from fnopt.history.bring_back import BroughtBack, bring_back

    name, _, rev = words.partition("@")
    if not rev:
        raise UsageError(f"{words}: no revision after the @", f"write {name}@REV; see: fnopt log")
    with Session() as session:
        locked = tuple(session.config.library.locked)
        outcome = bring_back(session.repo, name, rev, session.layout, locked)
    if isinstance(outcome, BroughtBack):
        return _brought(outcome, as_json)
    return refused(outcome, as_json)


def _brought(outcome: BroughtBack, as_json: bool) -> int:
    branch = _short(outcome.branch)
    if as_json:
        document({**asdict(outcome), "branch": branch, "refused": None})
        return 0
    click.echo(outcome.commit)
    was = outcome.was if outcome.was != outcome.function else None
    called = f", until now {was}" if was else ""
    note(f"{outcome.function} is on {branch} as it was at {outcome.then[:10]}{called}")
    if outcome.others:
        note(f"changed along with it: {', '.join(outcome.others)}")
    return 0


def _done(outcome: RolledBack, as_json: bool) -> int:
    if as_json:
        document({**asdict(outcome), "branch": _short(outcome.branch), "refused": None})
    else:
        click.echo(outcome.commit)
        names = ", ".join(outcome.functions)
        note(f"took back {outcome.update[:10]} ({names}) on {_short(outcome.branch)}")
    return 0


def _short(branch: str) -> str:
    return branch.removeprefix("refs/heads/")
