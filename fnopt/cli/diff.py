"""``fnopt diff REV [REV] [FUNCTION]``: what became of each function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from fnopt.cli.colour import paint
from fnopt.cli.columns import columns, plain, printable
from fnopt.cli.echo import document, json_option, note

if TYPE_CHECKING:
    from fnopt.cli.session import Session
    from fnopt.library.changes import Change
    from fnopt.library.function import Function, Library
    from fnopt.records import Fault

WHAT = "[REV] [REV] [FUNCTION]"
COLOURS = {"error": "red", "warning": "yellow", "+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True)
class Shown:
    """One change with its diff and what it breaks."""

    change: Change
    diff: str
    faults: tuple[Fault, ...]


@click.command("diff")
@click.argument("what", metavar=WHAT, nargs=-1)
@click.option("--stat", is_flag=True, help="One line a function.")
@json_option
def diff(what: tuple[str, ...], stat: bool, as_json: bool) -> None:
    """Show what became of each function between two revisions.

    Or between a revision (HEAD where none is named) and the working tree; REV..REV is understood,
    too. Functions are followed through renames and moves, each is shown with its helpers, and with
    what its change breaks.
    """
    from fnopt.cli.session import Session
    from fnopt.library.changes import changes, elsewhere
    from fnopt.library.compat import incompatible

    with Session() as session:
        revs, function = _words(session, what)
        old, new = session.library(revs[0]), session.library(revs[1])
        rules = session.rules
    found = [one for one in changes(old, new) if function is None or function in _names(one)]
    if function is not None and not found:
        _known(function, old, new)
    faults = incompatible(old, new, rules) if found else ()
    shown = [_shown(old, new, one, faults) for one in found]
    others = [] if function else [(path, text) for path, text in elsewhere(old, new)]
    if as_json:
        document({"before": revs[0], "after": revs[1], **_document(shown, others)})
        return
    if stat:
        _stat(shown, others)
    else:
        _tell(shown, others)
    note(_counted(shown, others))


def _words(session: Session, what: Sequence[str]) -> tuple[tuple[str, str | None], str | None]:
    """The two revisions (None: the working tree) and the function. Raises UsageError."""
    from fnopt.errors import UsageError

    words = list(what) or ["HEAD"]
    first, dots, last = words[0].partition("..")
    if dots and not last.startswith("."):
        words[:1] = [first or "HEAD", last or "HEAD"]
        if len(words) < 4:
            return (words[0], words[1]), next(iter(words[2:]), None)
    match words:
        case [function] if _is_function(session, function):
            return ("HEAD", None), function
        case [rev]:
            return (rev, None), None
        case [rev, other] if _is_commit(session, other):
            return (rev, other), None
        case [rev, function]:
            return (rev, None), function
        case [rev, other, function]:
            return (rev, other), function
    raise UsageError(f"{len(what)} words are too many", f"write: fnopt diff {WHAT}")


def _is_commit(session: Session, word: str) -> bool:
    from fnopt.errors import GitStateError

    try:
        return bool(session.repo.resolve(word))
    except GitStateError:
        return False


def _is_function(session: Session, word: str) -> bool:
    """Whether a word that names no commit is a function of HEAD or of the working tree."""
    if not word.isidentifier() or _is_commit(session, word) or not _is_commit(session, "HEAD"):
        return False
    return any(session.library(rev).get(word) for rev in ("HEAD", None))


def _names(change: Change) -> set[str]:
    return {one.name for one in change.ends if one}


def _known(function: str, old: Library, new: Library) -> None:
    """Raises UsageError where neither library has the function."""
    import difflib

    from fnopt.errors import UsageError

    names = sorted({one.name for library in (old, new) for one in library.functions})
    if function not in names:
        near = difflib.get_close_matches(function, names, n=1)
        mend = f"did you mean {near[0]}?" if near else "see: fnopt list"
        raise UsageError(f"{function!r:.80} is no revision, and no function of either", mend)


def _shown(old: Library, new: Library, change: Change, faults: Sequence[Fault]) -> Shown:
    from fnopt.library.changes import diff as difference

    own = tuple(one for one in faults if one.function == change.name)
    return Shown(change, difference(old, new, change), own)


def _document(shown: Sequence[Shown], others: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "changes": [
            {
                "kind": one.change.kind,
                "name": one.change.name,
                "renamed": one.change.renamed,
                "moved": one.change.moved,
                "revised": one.change.revised,
                "before": _end(one.change.before),
                "after": _end(one.change.after),
                "diff": one.diff,
                "faults": [asdict(fault) for fault in one.faults],
            }
            for one in shown
        ],
        "files": [{"path": path, "diff": text} for path, text in others],
    }


def _end(function: Function | None) -> dict[str, Any] | None:
    if function is None:
        return None
    keys = ("name", "module", "path", "line", "signature")
    return {key: getattr(function, key) for key in keys}


def _tell(shown: Sequence[Shown], others: Sequence[tuple[str, str]]) -> None:
    for one in shown:
        click.echo(paint(_title(one.change), bold=True))
        before, after = (end.signature if end else "" for end in one.change.ends)
        if before and after and before != after:
            click.echo(f"  was {plain(before)}\n  now {plain(after)}")
        for fault in one.faults:
            level = paint(fault.level, COLOURS[fault.level])
            click.echo(f"  {level} {fault.rule} {plain(fault.message)}")
        _tell_diff(one.diff)
    for path, text in others:
        click.echo(paint(f"outside of functions: {plain(path)}", bold=True))
        _tell_diff(text)


def _tell_diff(text: str) -> None:
    for line in printable(text).split("\n")[:-1]:
        click.echo(paint(line, COLOURS.get(line[:1])))
    click.echo()


def _title(change: Change) -> str:
    """``renamed weeks to whole_weeks, moved from functions/dates.py to functions/weeks.py``."""
    old, new = change.before, change.after
    where = f" ({plain(change.now.path)})"
    if not old or not new:
        return f"{change.kind} {change.name}{where}"
    said = [f"renamed {old.name} to {new.name}"] if change.renamed else []
    if change.moved:
        name = "" if said else f" {new.name}"
        said.append(f"moved{name} from {plain(old.path)} to {plain(new.path)}")
    if change.revised:
        said.append("revised" if said else f"revised {new.name}")
    return ", ".join(said) + ("" if change.moved else where)


def _stat(shown: Sequence[Shown], others: Sequence[tuple[str, str]]) -> None:
    rows: list[tuple[str, ...]] = []
    for one in shown:
        rules = ", ".join(dict.fromkeys(fault.rule for fault in one.faults))
        names = " -> ".join(dict.fromkeys(end.name for end in one.change.ends if end))
        rows.append((one.change.kind, names, one.change.now.path, *_lines(one.diff), rules))
    rows += [("", "", path, *_lines(text), "") for path, text in others]
    if rows:
        click.echo("\n".join(columns(rows)))


def _lines(text: str) -> tuple[str, str]:
    """How many lines came and went."""
    body = text.split("\n")[2:]
    came, went = (sum(line[:1] == sign for line in body) for sign in "+-")
    return f"+{came}", f"-{went}"


def _counted(shown: Sequence[Shown], others: Sequence[tuple[str, str]]) -> str:
    kinds = [one.change.kind for one in shown]
    levels = [fault.level for one in shown for fault in one.faults]
    told = [f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)]
    told += [_many(levels.count(one), one) for one in dict.fromkeys(levels)]
    told += [f"{_many(len(others), 'file')} outside of functions"] if others else []
    return ", ".join(told) or "no function changed"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
