"""``fnopt rollback UPDATE``: a person takes one update back."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fnopt.cli.echo import document, json_option, note

if TYPE_CHECKING:
    from fnopt.history.rollback import Refusal, RolledBack

REFUSED = 3
FUNCTION_AT = re.compile(r"[^@]+@(?!\{).*")  # git's own rev@{n} is none


@click.command("rollback")
@click.argument("update")
@json_option
def rollback(update: str, as_json: bool) -> int:
    """Take one update back.

    UPDATE is a commit of `fnopt log`, whole or its beginning. A new commit undoes just this update,
    on the branch that is checked out if the update is on it, else on its run's branch. Refused
    (exit 3) when later updates built on it, or when a function still calls one that would go.
    """
    from fnopt.cli.session import Session
    from fnopt.errors import UsageError
    from fnopt.history.rollback import RolledBack, roll_back

    if FUNCTION_AT.fullmatch(update):
        raise UsageError(
            f"{update}: bringing one function back to a revision is not supported yet",
            "name an update of `fnopt log`: fnopt rollback UPDATE",
        )
    with Session() as session:
        outcome = roll_back(session.repo, update, session.layout)
    if isinstance(outcome, RolledBack):
        return _done(outcome, as_json)
    return _refused(outcome, as_json)


def _done(outcome: RolledBack, as_json: bool) -> int:
    if as_json:
        document({**asdict(outcome), "branch": _short(outcome.branch), "refused": None})
    else:
        click.echo(outcome.commit)
        names = ", ".join(outcome.functions)
        note(f"took back {outcome.update[:10]} ({names}) on {_short(outcome.branch)}")
    return 0


def _refused(outcome: Refusal, as_json: bool) -> int:
    if as_json:
        document({"commit": None, "refused": asdict(outcome)})
    note(f"refused: {outcome.message}")
    note(f"mend: {outcome.mend}")
    return REFUSED


def _short(branch: str) -> str:
    return branch.removeprefix("refs/heads/")
