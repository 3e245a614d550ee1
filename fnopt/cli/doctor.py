"""``fnopt doctor``: what is missing, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from fnopt.cli.columns import plain
from fnopt.cli.echo import document, json_option, note

if TYPE_CHECKING:
    from fnopt.cli.checks import Check
    from fnopt.cli.session import Session

WIDTH = 15  # of a check's name


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Ask no model and no forge.")
@click.option("--security", is_flag=True, help="Attack the sandbox instead, and say what happens.")
@json_option
def doctor(offline: bool, security: bool, as_json: bool) -> int:
    """Say what is missing, and the command that mends it.

    Looks at git, the configuration, tasks, sandbox, forge and models; each model is asked up to
    eleven times, past the cache, and what it can do is kept. Nothing is downloaded. The exit code
    is that of the first check that fails: 4 git, 5 model, 6 sandbox, 1 anything else.

    With --security learned code that means harm is run in the sandbox of the configuration: files
    and sockets that are set up for it are its targets. Exit code 6 where one is reached that the
    tier should keep.
    """
    from fnopt.cli.session import Session

    if security:
        from fnopt.cli import security as attacks

        with Session() as session:
            return attacks.report(session.sandbox, as_json=as_json)

    found: list[Check] = []
    with Session() as session:
        for one in _checks(session, offline):
            found.append(one)
            if not as_json:
                _tell(one)
    if as_json:
        shown = ("name", "ok", "message", "mend")
        document({"checks": [{key: getattr(one, key) for key in shown} for one in found]})
    failed = [one for one in found if not one.ok]
    note(f"{len(failed)} of {len(found)} checks failed" if failed else "all is well")
    return failed[0].code if failed else 0


def _checks(session: Session, offline: bool) -> Iterator[Check]:
    """Every check, up to the first that leaves no ground for those behind it."""
    from fnopt.cli import checks
    from fnopt.cli.probe import Probe
    from fnopt.report.words import cost_of

    for name, look in checks.CHECKS.items():
        one = checks.check(name, partial(look, session))
        yield one
        if not one.ok and name in checks.VITAL:
            return
    yield checks.check("forge", partial(checks.forge, session, offline=offline))
    probe = Probe(session, offline=offline)
    yield from probe.checks()
    if probe.spent.calls:
        note(f"model calls: {probe.spent.calls}, {cost_of(probe.spent)}")


def _tell(one: Check) -> None:
    mark = "ok" if one.ok else "--"
    click.echo(f"{mark}  {one.name:<{WIDTH}}  {plain(one.message)}")
    if one.mend:
        click.echo(f"{'':<{WIDTH + 4}}  {'mend' if not one.ok else 'hint'}: {plain(one.mend)}")
