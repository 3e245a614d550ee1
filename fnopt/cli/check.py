"""``fnopt check``: every rule on every function; against a base, what is new and what it breaks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fnopt.cli.colour import paint
from fnopt.cli.columns import plain
from fnopt.cli.echo import document, json_option, note, unobeyed

if TYPE_CHECKING:
    from fnopt.cli.session import Session
    from fnopt.library.function import Library
    from fnopt.records import Fault

FAULTS = 3
COLOURS = {"error": "red", "warning": "yellow"}
FORMATS = ("text", "github", "gitlab")


@click.command("check")
@click.argument("what", metavar="[PATH | FUNCTION]...", nargs=-1)
@click.option("--base", metavar="REV", help="Count only what is new since REV, and what it breaks.")
@click.option("--doctests", is_flag=True, help="Run the examples in docstrings, in the sandbox.")
@click.option("--strict", is_flag=True, help="Exit 3 on warnings, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="For people, as annotations for GitHub (the default in its Actions), or as GitLab's code "
    "quality report.",
)
@json_option
def check(
    what: tuple[str, ...],
    base: str | None,
    doctests: bool,
    strict: bool,
    form: str | None,
    as_json: bool,
) -> int:
    """Check every rule on every function.

    Of the library as it stands in the working tree, or of the files, folders and functions that are
    named; without --doctests nothing is imported or run. Against a base only new faults count, and
    those who call a function as it was are named. Exit 3 on errors.
    """
    from fnopt.cli.session import Session
    from fnopt.errors import UsageError
    from fnopt.library import policy

    if form and as_json:
        raise UsageError("--json is a format of its own", "leave --format or --json out")
    with Session() as session:
        library = session.library()
        old = session.library(base) if base is not None else None
        chosen = _chosen(session, [one for one in (library, old) if one is not None], what)
        faults = policy.check(library, session.rules)
        if old is not None:
            faults = _against(session, old, library, faults)
        if doctests:
            faults += _examples(session, old, library, chosen)
    faults = tuple(one for one in faults if chosen is None or {one.function, one.file} & chosen)
    if as_json:
        document({"faults": [asdict(one) for one in faults]})
    else:
        _tell(faults, form or _usual())
    if not library.files and old is None:
        note(f"no file is of {session.layout}: see library.functions in the configuration")
    since = f" since {base}" if base is not None else ""
    note(f"{_functions(library, chosen)}: {_counted(faults)}{since}")
    return FAULTS if any(strict or one.level == "error" for one in faults) else 0


def _examples(
    session: Session, old: Library | None, library: Library, chosen: set[str] | None
) -> tuple[Fault, ...]:
    """The examples that are wrong, of chosen functions that are not as in ``old``."""
    from fnopt.library.rules.registry import levelled
    from fnopt.train.examples import faults

    among = (one for one in library.functions if chosen is None or {one.name, one.path} & chosen)
    before = {one.name: one.source for one in old.functions} if old is not None else {}
    names = [one.name for one in among if before.get(one.name) != one.source]
    return tuple(levelled(faults(library, names, session.sandbox), session.rules))


def _against(
    session: Session, old: Library, library: Library, faults: Sequence[Fault]
) -> tuple[Fault, ...]:
    """What is new, and what callers of the old library miss, by file and line."""
    from fnopt.library import policy
    from fnopt.library.compat import incompatible
    from fnopt.library.since import new_since

    for one in old.faults:
        if one.rule != "duplicate-name":
            note(f"at the base {plain(one.message)}: what is wrong in there counts as new")
    fresh = new_since(old, policy.check(old, session.rules), library, faults)
    found = (*fresh, *incompatible(old, library, session.rules))
    return tuple(sorted(found, key=lambda one: (one.file or "", one.line or 0)))


def _chosen(session: Session, libraries: list[Library], words: Sequence[str]) -> set[str] | None:
    """The functions and files that the words name; None for all. Raises UsageError."""
    if not words:
        return None
    files = {path for library in libraries for path in library.files}
    names = {one.name for library in libraries for one in library.functions}
    found: set[str] = set()
    for word in words:
        if word in names:
            found.add(word)
        else:
            found |= _files(session, libraries, files, names, word)
    return found


def _files(
    session: Session, libraries: list[Library], files: set[str], names: set[str], word: str
) -> set[str]:
    import difflib

    from fnopt.errors import UsageError

    root = session.repo.root.resolve()
    here = os.path.relpath(os.path.realpath(word), root).replace(os.sep, "/")
    below: set[str] = set()
    for path in (here, word.rstrip("/")):  # as the shell completes it, or as faults name it
        below = below or {one for one in files if path in (".", one) or one.startswith(f"{path}/")}
    from fnopt.library.unread import unread_with

    if not below:
        for fault in (one for library in libraries if (one := unread_with(library, word))):
            message = f"{word!r:.80} is in a file that cannot be read: {fault.message}"
            raise UsageError(message, f"mend {fault.file}; see: fnopt check {fault.file}")
        near = difflib.get_close_matches(word, sorted(names), n=1)
        mend = f"did you mean {near[0]}?" if near else "see: fnopt list"
        where = f"no function, file or folder of {session.layout}"
        raise UsageError(f"{word!r:.80} is {where}", mend)
    return below


def _usual() -> str:
    """What is understood here: GitHub's runner sets this variable, and so do Gitea's and
    Forgejo's, which read the same commands."""
    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"


def _tell(faults: Sequence[Fault], form: str) -> None:
    from fnopt.report import annotations

    if form == "text":
        _tell_people(faults)
    else:
        click.echo(getattr(annotations, form)(faults), nl=False)


def _tell_people(faults: Sequence[Fault]) -> None:
    """Faults as a linter tells them, coloured on a terminal alone."""
    for fault in faults:
        place = ":".join(str(part) for part in (fault.file, fault.line) if part)
        place = unobeyed(plain(place))
        level = paint(fault.level, COLOURS[fault.level])
        rule = paint(fault.rule, bold=True)
        said = unobeyed(plain(fault.message))
        click.echo(f"{paint(place, bold=True)}: {level} {rule} {said}")
        if fault.mend:
            click.echo(f"  mend: {unobeyed(plain(fault.mend))}")


def _functions(library: Library, chosen: set[str] | None) -> str:
    among = library.functions
    if chosen is not None:
        among = tuple(one for one in among if {one.name, one.path} & chosen)
    return f"{len(among)} function{'s' * (len(among) != 1)}"


def _counted(faults: Sequence[Fault]) -> str:
    levels: list[str] = [one.level for one in faults]
    told = [
        f"{count} {level}{'s' * (count > 1)}" for level in COLOURS if (count := levels.count(level))
    ]
    return ", ".join(told) or "no faults"
