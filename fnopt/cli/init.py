"""``fnopt init``: scaffold into an existing repository."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fnopt.cli.ci import CHOICES, CI, GITLAB, GITLAB_ROOT, INCLUDE, ci_of
from fnopt.cli.echo import document, json_option, note

if TYPE_CHECKING:
    from fnopt.cli.scaffold import File
    from fnopt.cli.session import Session
    from fnopt.records import Level


@click.command("init")
@click.option(
    "--tasks",
    metavar="FILE",
    help="A file of tasks (JSONL), or reasoning-gym:FAMILY[,FAMILY…]?size=…&seed=…, to be divided "
    "into train, val and test.",
)
@click.option(
    "--ci",
    type=click.Choice(CHOICES),
    help="Whose CI a workflow is written for (default: by the remote's host; Forgejo: gitea).",
)
@json_option
def init(tasks: str | None, ci: CI | None, as_json: bool) -> None:
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
        ci = ci or ci_of(session.repo, config.review)
        made = scaffold(root, config, source, session.prose, ci)
        if source and place:
            note(f'{place} is kept: set tasks.source = "{source}" there yourself')
        if ci == "gitlab":
            _tell_include(root)
        faults = _faults(session)
    _tell(root, made, faults, as_json)


def _tell_include(root: Path) -> None:
    """Say what the pipeline that people have needs to hold, unless it does."""
    path = root / GITLAB_ROOT
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if GITLAB not in text:
        note(f"{GITLAB_ROOT} is kept: include {GITLAB} there yourself:")
        note("\n".join(f"  {line}" for line in INCLUDE.splitlines()))


def _faults(session: Session) -> dict[Level, dict[str, int]]:
    """How often each rule is broken by the functions that are there already, by level."""
    from fnopt.library.policy import check

    faults = check(session.library(), session.rules)
    levels: tuple[Level, ...] = ("error", "warning")
    return {
        level: dict(Counter(one.rule for one in faults if one.level == level).most_common())
        for level in levels
    }


def _tell(root: Path, made: list[File], faults: dict[Level, dict[str, int]], as_json: bool) -> None:
    commands = _next(root, made)
    if as_json:
        files = [{"path": one.path, "state": one.state} for one in made]
        counts = {"faults": faults["error"], "warnings": faults["warning"]}
        document({"root": str(root), "files": files, **counts, "next": commands})
        return
    for one in made:
        click.echo(f"{one.state:<7}  {one.path}")
    for level, rules in faults.items():
        if rules:
            broken = ", ".join(f"{count} {rule}" for rule, count in rules.items())
            note(f"{level}s in the functions that are there: {broken} (see: fnopt check)")
    if any(faults.values()):
        note("they stop nothing: only what an update adds is held against it")
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
