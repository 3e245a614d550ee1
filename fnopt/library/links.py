"""Which module does an import mean, and what is taken from it?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fnopt.library.function import Library
from fnopt.library.module import Module, Statement
from fnopt.library.scope import Import

_DEFINED = ("function", "class")
_MANY = 64
"""Modules through which names are handed on, beyond which :func:`handing` gives up."""


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


@lru_cache(maxsize=4)
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


@lru_cache(maxsize=4)
def _packages(library: Library) -> frozenset[str]:
    """The dotted names below which there are modules of the library."""
    above = (name.rpartition(".")[0] for name in own_modules(library))
    return frozenset(name for name in above if name)


@lru_cache(maxsize=4)
def linked(library: Library) -> Mapping[str, tuple[Link, ...]]:
    """By path: where the imports of a module lead within the library, anywhere in it."""
    roots = _roots(library)
    return {
        path: tuple(
            {
                link: None
                for one in module.imports
                if one.level or one.module.partition(".")[0] in roots
                for link in import_links(library, module, one, None)
            }
        )
        for path, module in library.modules.items()
    }


def around(library: Library, path: str) -> tuple[Module, ...]:
    """The module and what it imports of the library, itself or through others; by path."""
    paths = _followed(library, path, lambda _: True, len(library.modules))
    return tuple(library.modules[one] for one in sorted(paths))


def handing(library: Library, path: str) -> tuple[Module, ...]:
    """The same, but through others only as far as they hand on what is not defined in them.

    Empty when these are too many to be looked through for every module.
    """

    def follows(link: Link) -> bool:
        return _hands_on(library.modules[link.path], link.name)

    paths = _followed(library, path, follows, _MANY)
    return tuple(library.modules[one] for one in sorted(paths)) if len(paths) <= _MANY else ()


def _followed(library: Library, path: str, follows: Callable[[Link], bool], most: int) -> set[str]:
    """The paths that imports lead to from one on, up to a little more than ``most``."""
    further = linked(library)
    if not further[path]:
        return {path}
    paths, followed = {path}, {path}
    pending = [path]
    while pending and len(paths) <= most:
        for link in further[pending.pop()]:
            paths.add(link.path)
            if link.path not in followed and follows(link):
                followed.add(link.path)
                pending.append(link.path)
    return paths


def _hands_on(module: Module, name: str | None) -> bool:
    """Whether the name may come from elsewhere: all that are not functions or classes here."""
    bound = module.bound.get(name, ()) if name else ()
    return not bound or any(module.statements[at].kind not in _DEFINED for at in bound)


@lru_cache(maxsize=4)
def gates(library: Library) -> frozenset[str]:
    """The modules that may see more of the library than what they import, by path: as an
    attribute of a package, once somebody else has imported it."""
    roots = _roots(library)
    return frozenset(
        path
        for path, module in library.modules.items()
        if any(
            _is_gate(library, module, one)
            for one in module.imports
            if one.level or one.module.partition(".")[0] in roots
        )
    )


def _is_gate(library: Library, module: Module, one: Import) -> bool:
    """Whether modules of the library can be had as attributes of what is imported."""
    if one.name is None:
        return True
    base = absolute(module, one)
    name = base if one.name == "*" else f"{base}.{one.name}"
    return name in _packages(library)


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
