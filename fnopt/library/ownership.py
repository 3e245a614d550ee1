"""Which helpers, constants and imports of a module belong to one function alone?"""

from __future__ import annotations

from fnopt.library.function import Library
from fnopt.library.importing import Effect
from fnopt.library.links import outside
from fnopt.library.module import Module, Statement


def place_of(module: Module, name: str) -> int:
    """The index of the one statement that defines ``name``."""
    (index,) = module.bound[name]
    return index


def owned(
    library: Library, module: Module, name: str, brought: frozenset[int] = frozenset()
) -> frozenset[int]:
    """The statements that ``name`` needs and that nothing else in the library needs.

    Public functions and those that share a line are never among them; statements that do something
    are only where fnopt ``brought`` them along. The function itself is not either.
    """
    index = place_of(module, name)
    mine = _candidates(module, index) | brought
    taken, every = names_taken(library, module)
    roots = {i for i in range(len(module.statements)) if i not in mine and i != index}
    taken |= {name for i in roots for name in module.statements[i].names.sets}
    for i in mine:
        if module.statements[i].names.binds & taken or (every and not _is_private(module, i)):
            roots.add(i)
    staying = (module.source(module.statements[i]) for i in roots)
    if any(b"__globals__" in source for source in staying):
        return frozenset()
    asking = {i for i in roots if module.statements[i].kind != "import"}  # by itself it needs none
    while True:
        needed = module.reach(asking, without=frozenset({index}))
        told = {i for i in mine - needed if _touches(module, i, needed)}
        if not told:
            return frozenset(mine - needed)
        asking |= told


def _touches(module: Module, index: int, needed: set[int]) -> bool:
    """Whether importing the statement may change what stays: it registers itself, or counts on.

    A decorator of the module's own, a base that knows its subclasses, a call with what others use.
    """
    one = module.statements[index]
    if one.kind not in ("function", "class") and one.effect is Effect.NOTHING:
        return False
    now = {place for name in one.names.now for place in module.bound.get(name, ())} - {index}
    reached = {i for place in now for i in _reach_by_name(module, place)}
    own = {i for i in reached if module.statements[i].kind not in ("import", "future")}
    return bool(own & needed)


def users(module: Module, names: frozenset[str], but: str) -> list[str]:
    """The functions of the module, ``but`` aside, that need one of the names; or else lines."""
    places = {place for name in names for place in module.bound.get(name, ())}
    found = []
    for index, one in enumerate(module.statements):
        if index in places or one.name == but or one.kind == "import":
            continue
        if (one.is_public and places & module.reach([index])) or one.names.reaches & names:
            found.append(one.name or f"line {one.line}")
    return sorted(set(found))


def _candidates(module: Module, index: int) -> set[int]:
    """What the function reaches by name, and could do without it."""
    reached = _reach_by_name(module, index) - {index}
    return {i for i in reached if _is_removable(module, i)}


def _is_removable(module: Module, index: int) -> bool:
    one = module.statements[index]
    plain = one.kind in ("import", "function", "class", "constant") or _only_imports(one)
    if not plain or one.is_public:
        return False
    return one.alone and one.effect < Effect.WORKS and not _is_dunder(one.names.binds)


def _only_imports(one: Statement) -> bool:
    """Whether it is an ``if TYPE_CHECKING:``, or a ``try`` around an import."""
    imported = {alias.bound for alias in one.names.imports}
    return one.kind == "other" and bool(imported) and one.names.binds <= imported


def _is_dunder(names: frozenset[str]) -> bool:
    return any(name.startswith("__") and name.endswith("__") for name in names)


def _is_private(module: Module, index: int) -> bool:
    return all(name.startswith("_") for name in module.statements[index].names.binds)


def _reach_by_name(module: Module, start: int) -> set[int]:
    """Like ``module.reach``, but names that are made at run time count for nothing."""
    reached, pending = {start}, [start]
    while pending:
        wanted = module.statements[pending.pop()].names.reaches
        for place in {place for name in wanted for place in module.bound.get(name, ())}:
            if place not in reached:
                reached.add(place)
                pending.append(place)
    return reached


def names_taken(library: Library, module: Module) -> tuple[set[str], bool]:
    """The names that other modules take from this one; whether one of them takes all."""
    names = [link.name for _, link, _ in outside(library, module.path)]
    return {name for name in names if name is not None}, None in names
