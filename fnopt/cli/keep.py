"""``fnopt keep``: a person overrules the gate."""

from __future__ import annotations

from dataclasses import asdict

import click

from fnopt.cli.echo import document, json_option, note
from fnopt.cli.refused import refused


@click.command("keep")
@click.argument("update", metavar="UPDATE")
@json_option
def keep(update: str, as_json: bool) -> int:
    """Keep an update that the gate took back, or that waits for its verdict.

    UPDATE is a commit of `fnopt log` or `fnopt runs`, whole or its beginning. A new commit brings
    it back, on the branch that is checked out if the update is on it, else on its run's; one that
    waits is published as it is. `fnopt log` tells that a person decided. Refused (exit 3) when its
    functions were changed since, or would not work any more.
    """
    from fnopt.cli.session import Session
    from fnopt.history.keep import KeptByPerson
    from fnopt.history.keep import keep as keep_it

    with Session() as session:
        outcome = keep_it(session.repo, update, session.layout)
    if not isinstance(outcome, KeptByPerson):
        return refused(outcome, as_json)
    branch = outcome.branch.removeprefix("refs/heads/")
    if as_json:
        document({**asdict(outcome), "branch": branch, "refused": None})
    else:
        click.echo(outcome.commit)
        note(f"kept {outcome.update[:10]} ({', '.join(outcome.functions)}) on {branch}")
    return 0
