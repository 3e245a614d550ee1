"""The dotted names of modules: those of a library, and those that imports say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache

from fnopt.library.function import Library
from fnopt.library.module import Module
from fnopt.library.scope import Import


@lru_cache(maxsize=4)
def dotted_names(library: Library) -> Mapping[str, str]:
    """Every way to write a module's name, with its path; exact names before shortened ones."""
    found: dict[str, str] = {}
    for path, module in library.modules.items():
        found.setdefault(module.name, path)
    for path, module in library.modules.items():
        for rest in shortened(module.name):
            found.setdefault(rest, path)
    return found


@lru_cache(maxsize=20_000)
def shortened(name: str) -> tuple[str, ...]:
    """What else a module can be called: ``src.tools.dates`` is imported as ``tools.dates``."""
    parts = name.split(".")
    return tuple(
        ".".join(parts[start:])
        for start in range(1, len(parts))
        if parts[start] not in sys.stdlib_module_names
    )


@lru_cache(maxsize=4)
def own_modules(library: Library) -> frozenset[str]:
    """The dotted names under which the library's modules, and the packages above, are imported."""
    names = dotted_names(library)
    return frozenset(names).union(*map(packages_above, names))


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
