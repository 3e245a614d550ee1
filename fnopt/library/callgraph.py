"""What does a function reach? Its callees, its callers, and a digest of all that could change it.

Safe rather than sharp: where a module is handed around, or names are made at run time, everything
that could be meant is taken.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from functools import lru_cache

from fnopt.library.dotted import absolute, dotted_names
from fnopt.library.fingerprint import of_source
from fnopt.library.function import Library
from fnopt.library.importing import Effect
from fnopt.library.links import import_links, links
from fnopt.library.module import Module, Statement
from fnopt.library.scope import Import

_READERS = (b"__doc__", b"getdoc", b"inspect", b"doctest", b"help(", b"vars(", b"__dict__")
"""What code must say to read a docstring."""

Place = tuple[str, int]
"""A statement of the library: its path and its index among the module's statements."""


def neighbours(library: Library, place: Place, *, read: bool = True) -> set[Place]:
    """The statements that the one at ``place`` may need, in its module and in others.

    With ``read`` also what it may read as a file, by way of ``__file__``.
    """
    path, index = place
    module = library.modules[path]
    statement = module.statements[index]
    if statement.loads or (read and statement.far):
        return {(one.path, i) for one in library.modules.values() for i in range(_size(one))}
    found = set()
    chains = statement.names.chains
    for need in module.needs(index):
        found.add((path, need))
        other = module.statements[need]
        if other.kind in ("import", "other"):  # what of the imported modules is used from here
            used = None if statement.dynamic or statement is other else chains
            for one in other.names.imports:
                found |= _places(library, module, one, used)
    if statement.kind not in ("import", "future"):
        for one in statement.names.imports:  # imports inside a function
            found |= _places(library, module, one, chains)
    return found


def _places(
    library: Library, module: Module, one: Import, chains: frozenset[tuple[str, ...]] | None
) -> set[Place]:
    found: set[Place] = set()
    if chains is not None and one.bound != "*" and not any(c[0] == one.bound for c in chains):
        return found
    for link in import_links(library, module, one, chains):
        target = library.modules[link.path]
        wanted = range(_size(target)) if link.name is None else target.bound.get(link.name)
        if wanted is None:  # by a star import, by __getattr__, or not at all
            wanted = range(_size(target)) if _is_open(target) else ()
        found |= {(link.path, index) for index in wanted}
        if link.name is not None:  # a name that is imported there, too, is followed
            found |= _passed_on(library, target, link.name)
    return found


def _passed_on(library: Library, module: Module, name: str, depth: int = 8) -> set[Place]:
    """Where a name leads that the module itself imports (``__init__.py`` handing functions on)."""
    found: set[Place] = set()
    for index in module.bound.get(name, ()) if depth else ():
        for one in module.statements[index].names.imports:
            if one.bound != name:
                continue
            for link in import_links(library, module, one, None):
                target = library.modules[link.path]
                every = range(_size(target))
                inner = every if link.name is None else target.bound.get(link.name, ())
                found |= {(link.path, place) for place in inner}
                if link.name is not None:
                    found |= _passed_on(library, target, link.name, depth - 1)
    return found


def _is_open(module: Module) -> bool:
    return module.starred or "__getattr__" in module.bound


def _size(module: Module) -> int:
    return len(module.statements)


def callees(library: Library, name: str) -> frozenset[str]:
    """The library functions that ``name`` calls, itself or through private helpers.

    Raises KeyError when the library has no such function.
    """
    return _graph(library)[name]


def callers(library: Library, name: str) -> frozenset[str]:
    """The library functions that call ``name``, themselves or through private helpers."""
    return frozenset(one for one, called in _graph(library).items() if name in called)


@lru_cache(maxsize=4)
def _graph(library: Library) -> Mapping[str, frozenset[str]]:
    return {function.name: _callees(library, function.name) for function in library.functions}


def _callees(library: Library, name: str) -> frozenset[str]:
    start = places_of(library, name)
    seen = set(start)
    pending = list(start)
    found: set[str] = set()
    while pending:
        for place in neighbours(library, pending.pop(), read=False) - seen:
            seen.add(place)
            statement = library.modules[place[0]].statements[place[1]]
            if statement.is_public:
                found.add(statement.name)
            else:
                pending.append(place)
    return frozenset(found - {name})


def places_of(library: Library, name: str) -> tuple[Place, ...]:
    """The statements that define the function. Raises KeyError when there is none."""
    function = library.get(name)
    if function is None:
        raise KeyError(name)
    module = library.modules[function.path]
    return tuple((function.path, index) for index in module.bound[name])


@lru_cache(maxsize=4_096)
def closure_digest(library: Library, name: str) -> str:
    """SHA-256 of everything that could change what ``name`` does, or the import of its module.

    Layout and comments do not count, nor do docstrings of others that no code reads. Raises
    KeyError when the library has no such function.
    """
    own = set(places_of(library, name))
    places = sorted(closure(library, name))
    sources = [_source(library, place) for place in places]
    read = any(word in source for source in sources for word in _READERS)
    digest = hashlib.sha256()
    for place, source in zip(places, sources, strict=True):
        known = of_source(source, docstrings=read or place in own)
        module = library.modules[place[0]].name
        digest.update(f"{module} {known};".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _source(library: Library, place: Place) -> bytes:
    module = library.modules[place[0]]
    return module.source(module.statements[place[1]])


def closure(library: Library, name: str) -> frozenset[Place]:
    """Every statement that calling ``name`` may run, and what importing its modules runs."""
    seen = set(places_of(library, name))
    pending = list(seen)
    imported: set[str] = set()
    while pending:
        place = pending.pop()
        found = neighbours(library, place) | _imports(library, place[0], imported)
        pending += found - seen
        seen |= found
    return frozenset(seen)


def _imports(library: Library, path: str, imported: set[str]) -> set[Place]:
    """What runs when a module is imported for the first time, its packages' files included."""
    if path in imported:
        return set()
    imported.add(path)
    module = library.modules[path]
    found = {(path, i) for i, one in enumerate(module.statements) if _runs(library, module, one)}
    parts = module.name.split(".")
    for count in range(1, len(parts)):
        package = dotted_names(library).get(".".join(parts[:count]))
        if package is not None:
            found |= _imports(library, package, imported)
    for one in module.statements:
        if one.kind in ("import", "other", "guard"):
            for link in links(library, module, one):
                found |= _imports(library, link.path, imported)
    return found


def _runs(library: Library, module: Module, one: Statement) -> bool:
    """Whether importing ``one`` may matter to a function that does not name it."""
    if one.kind == "import":
        return any(not _is_known(library, module, imported) for imported in one.names.imports)
    return one.kind == "future" or one.effect > Effect.NOTHING


def _is_known(library: Library, module: Module, one: Import) -> bool:
    """Whether the import is of the standard library or of the library's own modules."""
    if not one.level and one.module.partition(".")[0] in sys.stdlib_module_names:
        return True
    base = absolute(module, one)
    return base in dotted_names(library) or f"{base}.{one.name}" in dotted_names(library)
