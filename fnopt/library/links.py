"""Which module does an import mean, and what is taken from it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fnopt.library.dotted import absolute, dotted_names, own_modules
from fnopt.library.function import Library
from fnopt.library.module import Module, Statement
from fnopt.library.scope import Import
from fnopt.library.touched import below_wholes, by_module, mentioning, touched

_DEFINED = ("function", "class")


@dataclass(frozen=True)
class Link:
    """What an import or an attribute of a module leads to: one name of it, or all for None."""

    path: str
    name: str | None


def links(library: Library, module: Module, statement: Statement) -> Iterator[Link]:
    """Where the imports inside ``statement`` lead within the library."""
    for one in statement.names.imports:
        if _may_be_own(library, one):
            yield from import_links(library, module, one, None)


def linked(library: Library) -> Mapping[str, tuple[Link, ...]]:
    """By path: where the imports of a module lead within the library, anywhere in it."""
    return _LINKED.of(library)


def _linked(library: Library, module: Module) -> tuple[Link, ...]:
    own = (one for one in module.imports if _may_be_own(library, one))
    found = (link for one in own for link in import_links(library, module, one, None))
    return tuple(dict.fromkeys(found))


_LINKED = by_module(_linked, touched)


def _may_be_own(library: Library, one: Import) -> bool:
    """Whether the first part of its name is that of a module or package of the library."""
    return bool(one.level) or one.module.partition(".")[0] in own_modules(library)


@lru_cache(maxsize=16)
def touched_through(before: Library, after: Library) -> frozenset[str]:
    """The modules that an edit touched, and those that it reaches through others, which hand on
    what is not defined in them."""
    found = set(touched(before, after))
    pending = frozenset(found)
    while pending:
        handed = frozenset(
            path
            for path in mentioning(after, pending)
            if any(
                one.path in pending and _hands_on(after.modules[one.path], one.name)
                for one in linked(after)[path]
            )
        )
        pending = (handed | below_wholes(after, pending)) - found
        found |= pending
    return frozenset(found)


@lru_cache(maxsize=16)
def touched_around(before: Library, after: Library) -> frozenset[str]:
    """The modules of which something differs in what they import, however far away."""
    found = set(touched(before, after))
    pending = frozenset(found)
    while pending:
        importers = {
            path
            for path in mentioning(after, pending)
            if any(one.path in pending for one in linked(after)[path])
        }
        pending = frozenset(importers - found)
        found |= pending
    return frozenset(found)


def around(library: Library, path: str) -> tuple[Module, ...]:
    """The module and what it imports of the library, itself or through others; by path."""
    further = linked(library)
    paths, pending = {path}, [path]
    while pending:
        new = {link.path for link in further[pending.pop()]} - paths
        paths |= new
        pending += new
    return tuple(library.modules[one] for one in sorted(paths))


def _hands_on(module: Module, name: str | None) -> bool:
    """Whether the name may come from elsewhere: all that are not functions or classes here."""
    bound = module.bound.get(name, ()) if name else ()
    return not bound or any(module.statements[at].kind not in _DEFINED for at in bound)


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
