"""What an edit may have touched of a library; all else is as it was worked out before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from fnopt.library.dotted import absolute, own_modules, packages_above, shortened
from fnopt.library.function import Library
from fnopt.library.module import Module

Made = TypeVar("Made")
Touched = Callable[[Library, Library], frozenset[str]]
"""Of two libraries, the paths of the second whose modules may mean something else than before."""

_KEPT = 4
"""Libraries of which what was worked out is kept."""


class ByModule(Generic[Made]):
    """What ``make`` works out of each module of a library, anew only where ``touched`` says that
    it may differ from the library of before. Safe to use from several threads."""

    def __init__(self, make: Callable[[Library, Module], Made], touched: Touched) -> None:
        self._make = make
        self._touched = touched
        self._known: dict[Library, Mapping[str, Made]] = {}
        self._lock = threading.Lock()

    def of(self, library: Library) -> Mapping[str, Made]:
        """By path, in the order of the library."""
        with self._lock:
            known = self._known.pop(library, None)
            if known is not None:
                self._known[library] = known  # the last to be forgotten
                return known
            before, kept = next(reversed(self._known.items()), (None, {}))
        anew = self._touched(before, library) if before is not None else library.modules.keys()
        made = {
            path: self._make(library, module) if path in anew else kept[path]
            for path, module in library.modules.items()
        }
        with self._lock:
            self._known[library] = made
            while len(self._known) > _KEPT:
                self._known.pop(next(iter(self._known)))
        return made

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._known.clear()


@lru_cache(maxsize=16)
def changed(before: Library, after: Library) -> frozenset[str]:
    """The modules that were not there before, or not as they are now."""
    return frozenset(_other(after.modules, before.modules))


@lru_cache(maxsize=16)
def touched(before: Library, after: Library) -> frozenset[str]:
    """Those, and the modules that import one that changed, came or went: by any of its names, or
    as a part of a package above it."""
    new = changed(before, after)
    gone = _other(before.modules, after.modules)
    if not new and not gone:
        return new
    modules = [before.modules[one] for one in gone] + [after.modules[one] for one in new]
    names = _ways_to_write(modules)
    above = _with_above(names)
    names |= own_modules(before) ^ own_modules(after)
    every = after.modules.items()
    return new.union(path for path, one in every if one.imports and _says(one, names, above))


def below_wholes(library: Library, paths: Iterable[str]) -> frozenset[str]:
    """The modules that import a package, or a module as a whole, of which one at these paths may
    be an attribute."""
    above = _with_above(_ways_to_write(library.modules[path] for path in paths))
    every = library.modules.items()
    return frozenset(path for path, one in every if one.imports and _says(one, frozenset(), above))


def _ways_to_write(modules: Iterable[Module]) -> frozenset[str]:
    names = {one.name for one in modules}
    return frozenset(names).union(*map(shortened, names))


def _with_above(names: frozenset[str]) -> frozenset[str]:
    return names.union(*map(packages_above, names))


def _says(module: Module, names: frozenset[str], above: frozenset[str]) -> bool:
    """Whether the module takes something from one of ``names``, or a whole that is ``above``."""
    said = _mentions(module)
    return not (names.isdisjoint(said.modules) and above.isdisjoint(said.wholes))


def _other(these: Mapping[str, Module], those: Mapping[str, Module]) -> list[str]:
    return [path for path, module in these.items() if those.get(path) is not module]


@dataclass(frozen=True)
class _Mentions:
    """What the imports of a module say: the ``modules`` that names are taken from, and what may be
    a package (``wholes``), of which anything below may be meant."""

    modules: frozenset[str]
    wholes: frozenset[str]


@lru_cache(maxsize=20_000)
def _mentions(module: Module) -> _Mentions:
    modules: set[str] = set()
    wholes: set[str] = set()
    for one in module.imports:
        base = absolute(module, one)
        modules.add(base)
        if one.name is None:
            wholes |= {base, base.partition(".")[0]}
        else:
            wholes.add(base if one.name == "*" else f"{base}.{one.name}")
    return _Mentions(frozenset(modules), frozenset(wholes))
