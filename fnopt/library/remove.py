"""Cut a function out of its file, with the helpers, constants and imports that only it used."""

from __future__ import annotations

from fnopt.library.concrete import anchored
from fnopt.library.function import Library
from fnopt.library.links import outside
from fnopt.library.module import Module
from fnopt.library.ours import Provenance
from fnopt.library.ownership import owned, place_of
from fnopt.library.prune import pruned, to_cut
from fnopt.library.source import Text
from fnopt.records import Fault


def cut(
    library: Library, there: Module, name: str, ours: Provenance | None = None
) -> Text | Fault | None:
    """The file without the function; None when nothing worth keeping is left of it.

    With ``ours`` the imports that people wrote stay, needed or not.
    """
    module = anchored(there)
    if isinstance(module, Fault):
        return module
    index = place_of(module, name)
    gone = {index, *owned(library, module, name)}
    fault = _in_use(library, module, name, gone)
    if fault:
        return fault
    wanted = {one for i in gone for one in module.statements[i].names.reaches}
    after = pruned(module, to_cut(library, module, gone, wanted, ours))
    if isinstance(after, Fault):
        return after
    goes = _is_empty(library, after) and not _came_into(module.path, name, ours)
    return None if goes else after.text


def _came_into(path: str, name: str, ours: Provenance | None) -> bool:
    """Whether the function was added to a file that was there: the file stays without it."""
    known = ours(path) if ours else None
    return known is not None and not known.whole and name in known.functions


def _in_use(library: Library, module: Module, name: str, gone: set[int]) -> Fault | None:
    """Functions that call it are checked by the caller; here is all else that names it."""
    for i, statement in enumerate(module.statements):
        if i not in gone and name in statement.names.reaches:
            return _fault(name, module.path, statement.line)
    for one, link, path in outside(library, module.path):
        if link.name == name:
            return _fault(name, path, one.line)
    return None


def _fault(name: str, path: str, line: int) -> Fault:
    mend = "Take it out of there first."
    return Fault("in-use", f"{name} is still used in {path}:{line}", mend, name, path, line)


def _is_empty(library: Library, module: Module) -> bool:
    """Whether the file may go: only docstring and imports are left, and no module imports it."""
    if module.is_package or any(outside(library, module.path, used=False)):
        return False
    return all(one.kind in ("docstring", "future", "import") for one in module.statements)
