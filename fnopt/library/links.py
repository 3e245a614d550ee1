"""Which module does an import mean, and what is taken from it?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fnopt.library.function import Library
from fnopt.library.module import Module, Statement
from fnopt.library.scope import Import


@dataclass(frozen=True)
class Link:
    """What an import or an attribute of a module leads to: one name of it, or all for None."""

    path: str
    name: str | None


@lru_cache(maxsize=4)
def dotted_names(library: Library) -> Mapping[str, str]:
    """Every way to write a module's name, with its path; exact names before shortened ones."""
    found: dict[str, str] = {}
    for path, module in library.modules.items():
        found.setdefault(module.name, path)
    for path, module in library.modules.items():
        rest = module.name
        while "." in rest:  # src/tools/dates.py is imported as tools.dates
            rest = rest.partition(".")[2]
            if rest.partition(".")[0] not in sys.stdlib_module_names:
                found.setdefault(rest, path)
    return found


@lru_cache(maxsize=4)
def _roots(library: Library) -> frozenset[str]:
    """The first part of every way to write a module's name."""
    return frozenset(name.partition(".")[0] for name in dotted_names(library))


def own_modules(library: Library) -> frozenset[str]:
    """The dotted names under which the library's modules, and the packages above, are imported."""
    names = set(dotted_names(library))
    for name in tuple(names):
        while "." in name:
            name = name.rpartition(".")[0]
            names.add(name)
    return frozenset(names)


def links(library: Library, module: Module, statement: Statement) -> Iterator[Link]:
    """Where the imports inside ``statement`` lead within the library."""
    for one in statement.names.imports:
        if one.level or one.module.partition(".")[0] in _roots(library):
            yield from import_links(library, module, one, None)


def outside(
    library: Library, path: str, *, used: bool = True
) -> Iterator[tuple[Import, Link, str]]:
    """The imports in other modules that lead to the one at ``path``, with where they stand.

    With ``used`` a module object that is imported leads only to what is taken from it.
    """
    for other in library.modules.values():
        if other.path == path:
            continue
        chains = frozenset(chain for one in other.statements for chain in one.names.chains)
        for statement in other.statements:
            for one in statement.names.imports:
                for link in import_links(library, other, one, chains if used else None):
                    if link.path == path:
                        yield one, link, other.path


def import_links(
    library: Library, module: Module, one: Import, chains: frozenset[tuple[str, ...]] | None
) -> Iterator[Link]:
    """What an import leads to; ``chains``: how its name is used, None when that is unknown."""
    base = absolute(module, one)
    index = dotted_names(library)
    if one.name is None:
        yield from _module_links(library, base, one.alias, chains)
    elif f"{base}.{one.name}" in index:
        yield from _used(library, f"{base}.{one.name}", one.bound, (), chains)
        if _binds(library, base, one.name) and index[base] != module.path:
            yield Link(index[base], one.name)
    elif base in index:
        yield Link(index[base], None if one.name == "*" else one.name)


def _module_links(
    library: Library, base: str, alias: str | None, chains: frozenset[tuple[str, ...]] | None
) -> Iterator[Link]:
    root, *rest = base.split(".")
    if alias:
        yield from _used(library, base, alias, (), chains)
    elif base in dotted_names(library):
        yield from _used(library, base, root, tuple(rest), chains)
        if chains is not None:  # what others have imported of the package can be had, too
            yield from _used(library, root, root, (), chains)


def _used(
    library: Library,
    target: str,
    root: str,
    inner: tuple[str, ...],
    chains: frozenset[tuple[str, ...]] | None,
) -> Iterator[Link]:
    """What the chains that start at ``root`` (a module object, ``inner`` within it) lead to."""
    index = dotted_names(library)
    for chain in [(root,)] if chains is None else [one for one in chains if one[0] == root]:
        rest = chain[1:]
        if rest[: len(inner)] != inner[: len(rest)]:
            continue
        rest = rest[len(inner) :]
        name = target
        while rest and f"{name}.{rest[0]}" in index:
            name, rest = f"{name}.{rest[0]}", rest[1:]
        if name in index:
            yield Link(index[name], rest[0] if rest else None)


def _binds(library: Library, base: str, name: str) -> bool:
    path = dotted_names(library).get(base)
    return path is not None and name in library.modules[path].bound


def absolute(module: Module, one: Import) -> str:
    """The dotted name of the imported module, relative ones resolved."""
    if not one.level:
        return one.module
    parts = module.package.split(".") if module.package else []
    kept = parts[: len(parts) - (one.level - 1)]
    return ".".join([*kept, *([one.module] if one.module else [])])
