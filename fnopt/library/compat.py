"""What stops working for those who call a function as it was: agents, and the library itself.

An error breaks a call inside the library that was left as it was. What only agents and code outside
could notice is a warning: they read the signature anew, and a person should see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fnopt.library.calls import all_sites
from fnopt.library.changes import Change, pairs
from fnopt.library.compared import Compared, breakage
from fnopt.library.function import Library, read
from fnopt.library.rules.registry import Settings, Switch
from fnopt.records import Fault


def incompatible(
    before: Library, after: Library, settings: Settings | None = None
) -> tuple[Fault, ...]:
    """Why calls of ``before`` may fail on ``after``, by function; call sites are named.

    ``settings`` may give a rule another level, or turn it off.
    """
    changed = [one for one in pairs(before, after) if _may_matter(one)]
    lost = _lost(after, changed)
    faults: list[Fault] = []
    for one in changed:
        if one.before is None or one.after is None or one.renamed or one.moved:
            faults += _gone(one, lost)
        if one.before is not None and one.after is not None:
            faults += Compared(before, after, one.before, one.after).faults()
    return tuple(_switched(faults, dict(settings.levels) if settings else {}))


def _switched(faults: Iterable[Fault], levels: Mapping[str, Switch]) -> Iterator[Fault]:
    for one in faults:
        match levels.get(one.rule):
            case None:
                yield one
            case "error" | "warning" as level:
                yield replace(one, level=level)


def _may_matter(change: Change) -> bool:
    return change.before is not None and change.kind != "same"


def _lost(after: Library, changes: Iterable[Change]) -> Library:
    """The library with what is gone put back, empty: so that it shows who still wants it."""
    ghosts: dict[str, list[str]] = {}
    for one in changes:
        old = one.before
        if old is not None and (one.after is None or one.renamed or one.moved):
            module = after.modules.get(old.path)
            unreadable = module is None and old.path in after.files
            if not unreadable and (module is None or old.name not in module.bound):
                ghosts.setdefault(old.path, []).append(f"\n\ndef {old.name}(): ...\n")
    files = dict(after.files)
    for path, added in ghosts.items():
        module = after.modules.get(path)
        files[path] = (module.text.body if module else b"") + "".join(added).encode()
    return read(files) if ghosts else after


def _gone(change: Change, lost: Library) -> Iterator[Fault]:
    """A function that is no longer where it was, with those who still look for it there."""
    old, new = change.before, change.after
    assert old is not None, "BUG: it was there"
    module = lost.modules.get(old.path)
    places = all_sites(lost).get((old.path, old.name), ()) if module else ()
    left = [one for one in places if (one.path, one.caller) != (old.path, old.name)]
    if new is None:
        message = f"{old.name} is gone"
        mend = "Bring it back, or revise its callers."
        yield breakage("function-removed", old, old.path, None, message, mend, left)
    elif change.renamed:
        message = f"{old.name} is now called {new.name}"
        mend = f"Let callers follow, or keep {old.name} beside it."
        yield breakage("function-renamed", new, new.path, new.line, message, mend, left)
    elif left:
        message = f"{new.name} moved from {old.path}"
        mend = f"Import it from {new.module}."
        yield breakage("function-moved", new, new.path, new.line, message, mend, left)
