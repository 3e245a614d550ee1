"""Why a library must not become another one by a roll-back: what resolved would no longer do so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fnopt.library.callgraph import callers
from fnopt.library.dotted import absolute, own_modules
from fnopt.library.function import Library, read
from fnopt.library.policy import new_faults
from fnopt.records import Fault

BREAKING = ("syntax", "undefined-name", "duplicate-name", "missing-import", "call-mismatch")
"""Rules that say that names resolve, and that calls fit what they call."""
SHOWN = 3  # names that a message lists before it counts


@dataclass(frozen=True)
class Refusal:
    """Why something cannot be taken back; ``functions``, ``files`` and ``commits`` stand in the
    way (``commits`` are later updates, newest first)."""

    message: str
    mend: str
    functions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()


def broken(before: Library, after: Library, parent: Library) -> Refusal | None:
    """Why a library must not become ``after``: something that resolved would no longer do so.

    What did not resolve in ``parent``, the library before the update, is nobody's loss.
    """
    if orphans := _orphans(before, after):
        lost = sorted({name for names in orphans.values() for name in names})
        who = tuple(sorted(orphans))
        call = "calls" if len(who) == 1 else "call"
        return Refusal(
            f"{listed(who)} still {call} {listed(lost)}, which would go",
            f"take back or revise {listed(who)} first",
            functions=who,
        )
    known = set(new_faults(parent, after))
    faults = [one for one in new_faults(before, after) if one.rule in BREAKING and one in known]
    if not faults:
        return None
    return Refusal(
        f"the library would break: {_told(faults)}",
        "take back what was built on it first, or mend it by hand after: git revert",
        functions=tuple(sorted({one.function for one in faults if one.function})),
        files=tuple(sorted({one.file for one in faults if one.file})),
    )


def stranded(after: Library, past: Library) -> Refusal | None:
    """Why ``after`` will not do: it imports a module of the library of ``past`` that is gone."""
    gone = own_modules(past) - own_modules(after)
    for module in after.modules.values() if gone else ():
        for one in (one for statement in module.statements for one in statement.names.imports):
            base = absolute(module, one)
            lost = next((name for name in (base, f"{base}.{one.name}") if name in gone), None)
            if lost:
                return Refusal(
                    f"{module.path}:{one.line} would import {lost}, which is no module any more",
                    "bring back what it needs from there first, or copy the function by hand",
                    files=(module.path,),
                )
    return None


def unreadable(library: Library, path: str, names: Iterable[str]) -> Refusal | None:
    """Why nothing can be done: a file that cannot be read is to be edited, or may call it."""
    for fault in library.faults:
        text = library.files.get(fault.file or "")
        if text is None or fault.file in library.modules:
            continue
        calls = next((name for name in names if name.encode() in text), None)
        if fault.file == path or calls:
            place = f"{fault.file}:{fault.line}" if fault.line else str(fault.file)
            what = "is where it belongs" if fault.file == path else f"may call {calls}"
            message = f"{fault.file} {what}, and cannot be read: {fault.message} ({place})"
            return Refusal(
                message, f"mend {fault.file} and commit it first", files=(str(fault.file),)
            )
    return None


def _told(faults: Sequence[Fault]) -> str:
    first = faults[0]
    place = f" ({first.file}:{first.line})" if first.file and first.line else ""
    return f"{first.message}{place}" + (f" and {len(faults) - 1} more" if faults[1:] else "")


def _orphans(before: Library, after: Library) -> dict[str, tuple[str, ...]]:
    """Functions of ``after`` that call one that is gone, with the names that they call.

    The call graph links only what exists: so the lost functions are put back as empty ones.
    """
    gone = [one for one in before.functions if after.get(one.name) is None]
    files = dict(after.files)
    for one in gone:
        files[one.path] = files.get(one.path, b"") + f"\n\ndef {one.name}(): ...\n".encode()
    ghosts = read(files)
    names = {one.name for one in gone}
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        for caller in callers(ghosts, name) - names if ghosts.get(name) else ():
            found[caller] = (*found.get(caller, ()), name)
    return found


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
