"""Cut a function out of its file, with the helpers, constants and imports that only it used."""

from __future__ import annotations

from fnopt.library.concrete import anchored
from fnopt.library.fingerprint import of_source
from fnopt.library.function import Library
from fnopt.library.futures import without_annotations
from fnopt.library.links import outside
from fnopt.library.module import Module, Statement
from fnopt.library.ours import Provenance, is_other
from fnopt.library.ownership import owned, place_of
from fnopt.library.prune import pruned, to_cut
from fnopt.library.source import Text
from fnopt.records import Fault

_LOOKED_UP = frozenset({"__getattr__", "__dir__", "__doc__", "__test__", "__version__"})


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
    along, names = _along(module, name, ours)
    gone = {index, *owned(library, module, name, along)}
    fault = _in_use(library, module, name, gone)
    if fault:
        return fault
    wanted = names | {one for i in gone for one in module.statements[i].names.reaches}
    after = pruned(module, to_cut(library, module, gone, wanted, ours))
    if isinstance(after, Fault):
        return after
    if ours and any(one.kind == "future" for one in after.statements):
        after = without_annotations(after, ours(module.path).along_with(name))
    return None if _goes(library, after, name, ours) else after.text


def _along(
    module: Module, name: str, ours: Provenance | None
) -> tuple[frozenset[int], frozenset[str]]:
    """Statements and imported names that came with the function, as far as nobody looks them up.

    Whether the function itself does is of no account: it was all one edit.
    """
    staying = [i for i, one in enumerate(module.statements) if one.is_public and one.name != name]
    needed = module.reach(staying)
    looked_up = {one for i in needed for one in module.statements[i].names.reaches}
    others = [
        i
        for i, one in enumerate(module.statements)
        if is_other(one) and one.alone and i not in needed and not _is_for_others(module, one, name)
    ]
    imports = [alias for one in module.statements for alias in one.names.imports]
    idle = [alias for alias in imports if alias.bound not in looked_up]
    if ours is None or not (others or idle):
        return frozenset(), frozenset()
    came = ours(module.path).along_with(name)
    return (
        frozenset(i for i in others if of_source(module.source(module.statements[i])) in came),
        frozenset(alias.bound for alias in idle if alias.key in came),
    )


def _is_for_others(module: Module, one: Statement, name: str) -> bool:
    """What is looked up from outside, and the variants of another function."""
    staying = {other.name for other in module.statements if other.is_public} - {name}
    if one.names.binds == {"__all__"}:  # it goes with the last of those that it names
        return bool(staying & one.names.mentions)
    variant = one.kind == "overload" and one.name in staying
    return variant or one.kind == "docstring" or bool(one.names.binds & _LOOKED_UP)


def _goes(library: Library, module: Module, name: str, ours: Provenance | None) -> bool:
    """Whether what is left of the file may go, too: nothing that anybody would miss.

    A file that was there when the function was added to it stays; one that fnopt brought goes with
    all that fnopt brought into it.
    """
    if module.is_package or any(outside(library, module.path, used=False)):
        return False
    kinds = ("docstring", "future", "import")
    rest = [one for one in module.statements if one.kind not in kinds]
    if any(one.is_public for one in rest):
        return False
    known = ours(module.path) if ours else None
    if known is not None and not known.whole and name in known.functions:
        return False
    if known is None or not known.whole:
        return not rest
    return all(of_source(module.source(one)) in known.statements for one in rest)


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
