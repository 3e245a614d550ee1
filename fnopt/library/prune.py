"""Cut statements out of a module, and names out of the imports that stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fnopt.library.concrete import anchored
from fnopt.library.function import Library
from fnopt.library.members import without
from fnopt.library.module import Module
from fnopt.library.ours import Key, Provenance
from fnopt.library.ownership import names_taken
from fnopt.library.source import Text
from fnopt.library.splice import excise, patch, verified
from fnopt.records import Fault


@dataclass(frozen=True)
class Cut:
    """Statements that go as a whole, and the names that go out of others, by their positions."""

    statements: frozenset[int]
    names: Mapping[int, frozenset[int]]


def to_cut(
    library: Library,
    module: Module,
    gone: Iterable[int],
    wanted: Iterable[str],
    ours: Provenance | None,
) -> Cut:
    """What may go along with the statements ``gone``, which nothing else needs any more.

    Imports among them that people wrote stay; of the others' names, those that ``wanted`` says
    were needed and that nobody looks up any more go. Without ``ours`` all of ``gone`` go.
    """
    going = frozenset(gone)
    if ours is None:
        return Cut(going, {})
    imports = frozenset(i for i in going if _imports(module, i))
    if not imports and not _idle(library, module, going, frozenset(wanted)):
        return Cut(going, {})
    known = ours(module.path).imports
    staying = frozenset(i for i in imports if not _keys(module, i) <= known)
    idle = _idle(library, module, going - staying, frozenset(wanted))
    names = {i: _known(module, i, places, known) for i, places in idle.items()}
    whole = {i for i, places in names.items() if len(places) == len(_keys(module, i))}
    rest = {i: places for i, places in names.items() if places and i not in whole}
    return Cut(
        (going - staying) | whole, {i: p for i, p in rest.items() if i not in going - staying}
    )


def _imports(module: Module, index: int) -> bool:
    one = module.statements[index]
    return bool(one.names.imports) and one.kind in ("import", "other")


def _keys(module: Module, index: int) -> frozenset[Key]:
    return frozenset(one.key for one in module.statements[index].names.imports)


def _known(
    module: Module, index: int, places: frozenset[int], known: frozenset[Key]
) -> frozenset[int]:
    given = module.statements[index].names.imports
    return frozenset(place for place in places if given[place].key in known)


def _idle(
    library: Library, module: Module, gone: frozenset[int], wanted: frozenset[str]
) -> dict[int, frozenset[int]]:
    """The names of imports that only what is gone needed, by statement."""
    staying = [
        one for i, one in enumerate(module.statements) if i not in gone or one.kind == "import"
    ]
    taken, every = names_taken(library, module)
    if every or any(one.dynamic for one in staying if one.kind != "import"):
        return {}
    needed = {name for one in staying for name in one.names.reaches} | taken
    if needed - module.bound.keys():
        wanted -= {"*"}  # a star import may be what brings them, or hide a builtin
    found = {}
    for i, one in enumerate(module.statements):
        if one.kind == "import" and one.alone:
            bound = [alias.bound for alias in one.names.imports]
            found[i] = frozenset(j for j, b in enumerate(bound) if b in wanted and b not in needed)
    return {i: places for i, places in found.items() if places}


def pruned(module: Module, cut: Cut) -> Module | Fault:
    """The module without it."""
    there = _without_names(module, cut)
    if isinstance(there, Fault) or not cut.statements:
        return there
    text = excise(there.text, [there.statements[i] for i in cut.statements])
    return verified(text, there, cut.statements, ())


def _without_names(module: Module, cut: Cut) -> Module | Fault:
    if not cut.names:
        return module
    patches = [one for i, places in cut.names.items() for one in without(module, i, places)]
    new = []
    for i, places in cut.names.items():
        start = module.statements[i].start
        inner = [one.moved(-start) for one in without(module, i, places)]
        new.append(patch(Text(module.source(module.statements[i])), inner).body)
    there = verified(patch(module.text, patches), module, cut.names, new)
    return there if isinstance(there, Fault) else anchored(there)
