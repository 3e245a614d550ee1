"""``fnopt init``: scaffold into an existing repository."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fnopt.cli.echo import document, json_option, note

if TYPE_CHECKING:
    from fnopt.cli.scaffold import File
    from fnopt.cli.session import Session


@click.command("init")
@click.option(
    "--tasks",
    metavar="FILE",
    help="A file of tasks (JSONL), or reasoning-gym:FAMILY[,FAMILY…]?size=…&seed=…, to be divided "
    "into train, val and test.",
)
@json_option
def init(tasks: str | None, as_json: bool) -> None:
    """Scaffold fnopt.toml, functions/, tasks/ and a CI workflow.

    Into the git repository around the current folder. Whatever is there already is kept: it can be
    run again at any time.
    """
    from fnopt.cli.scaffold import configured_in, scaffold, task_source
    from fnopt.cli.session import Session
    from fnopt.errors import GitStateError

    with Session() as session:
        root = session.repo.root
        if session.repo.bare:
            raise GitStateError(f"{root} is a bare repository", "run it in a clone: git clone")
        config = session.config
        source = task_source(root, Path.cwd(), tasks) if tasks else None
        place = configured_in(root)
        made = scaffold(root, config, source, session.prose)
        if source and place:
            note(f'{place} is kept: set tasks.source = "{source}" there yourself')
        faults = _faults(session)
    _tell(root, made, faults, as_json)


def _faults(session: Session) -> dict[str, int]:
    """How often each rule is broken by the functions that are there already."""
    from fnopt.library.policy import check

    faults = check(session.library(), session.config.library.packages)
    return dict(Counter(fault.rule for fault in faults).most_common())


def _tell(root: Path, made: list[File], faults: dict[str, int], as_json: bool) -> None:
    commands = _next(root, made)
    if as_json:
        files = [{"path": one.path, "state": one.state} for one in made]
        document({"root": str(root), "files": files, "faults": faults, "next": commands})
        return
    for one in made:
        click.echo(f"{one.state:<7}  {one.path}")
    if faults:
        counts = ", ".join(f"{count} {rule}" for rule, count in faults.items())
        note(f"the functions that are there have faults: {counts} (see: fnopt check)")
    note("next:")
    for command in commands:
        note(f"  {command}")


def _next(root: Path, made: list[File]) -> list[str]:
    """The three commands that come next."""
    new = [os.path.relpath(root / one.path) for one in made if one.state == "created"]
    if not new:
        return ["fnopt doctor", "fnopt eval", "fnopt train"]
    commit = f"git add {shlex.join(new)} && git commit -m 'Set up fnopt'"
    return [commit, "fnopt doctor", "fnopt train"]
