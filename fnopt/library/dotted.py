"""The dotted names of modules: those of a library, and those that imports say."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache

from fnopt.library.derived import Change, Derived, index
from fnopt.library.function import Library
from fnopt.library.module import Module
from fnopt.library.scope import Import


def dotted_names(library: Library) -> Mapping[str, str]:
    """Every way to write a module's name, with its path; exact names before shortened ones."""
    return _NAMES.of(library)


def ways_to_write(module: Module) -> tuple[str, ...]:
    """The name of a module, and what else it can be called."""
    return (module.name, *shortened(module.name))


def _names(library: Library) -> Mapping[str, str]:
    return {way: _meant(library, way) for way in _WAYS.of(library)}


def _names_after(known: Mapping[str, str], change: Change) -> Mapping[str, str]:
    ways = {way for module in change.moved for way in ways_to_write(module)}
    if not ways:
        return known
    left = _WAYS.of(change.after)
    anew = {way: _meant(change.after, way) for way in ways if way in left}
    found = dict(known)
    for way in ways:
        found.pop(way, None)
    return found | anew


def _meant(library: Library, way: str) -> str:
    """The path of the first module that can be written so, exact names before shortened ones."""
    paths = _WAYS.of(library)[way]
    return min(paths, key=lambda path: (library.modules[path].name != way, path))


_WAYS = index(lambda module: ((way, module.path) for way in ways_to_write(module)))
_NAMES = Derived(_names, _names_after)


@lru_cache(maxsize=20_000)
def shortened(name: str) -> tuple[str, ...]:
    """What else a module can be called: ``src.tools.dates`` is imported as ``tools.dates``."""
    parts = name.split(".")
    return tuple(
        ".".join(parts[start:])
        for start in range(1, len(parts))
        if parts[start] not in sys.stdlib_module_names
    )


def own_modules(library: Library) -> AbstractSet[str]:
    """The dotted names under which the library's modules, and the packages above, are imported."""
    return _OWN.of(library).keys()


def _every_name(module: Module) -> Iterator[tuple[str, str]]:
    return ((name, module.path) for name in with_above(ways_to_write(module)))


_OWN = index(_every_name)


def with_above(names: Iterable[str]) -> frozenset[str]:
    """Dotted names, and those of the packages that they lie in."""
    every = list(names)
    return frozenset(every).union(*map(packages_above, every))


@lru_cache(maxsize=20_000)
def packages_above(name: str) -> tuple[str, ...]:
    """The packages that a dotted name lies in, the nearest first."""
    return tuple(_above(name))


def _above(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def absolute(module: Module, one: Import) -> str:
    """The dotted name of the imported module, relative ones resolved."""
    if not one.level:
        return one.module
    parts = module.package.split(".") if module.package else []
    kept = parts[: len(parts) - (one.level - 1)]
    return ".".join([*kept, *([one.module] if one.module else [])])
