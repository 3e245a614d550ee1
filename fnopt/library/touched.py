"""What an edit may have touched of a library; all else is as it was worked out before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from fnopt.library.derived import Change, Derived, change, index
from fnopt.library.dotted import absolute, own_modules, ways_to_write, with_above
from fnopt.library.function import Library
from fnopt.library.module import Module

Made = TypeVar("Made")
Touched = Callable[[Library, Library], frozenset[str]]
"""Of two libraries, the paths of the second whose modules may mean something else than before."""


def by_module(
    make: Callable[[Library, Module], Made], touched: Touched
) -> Derived[Mapping[str, Made]]:
    """What ``make`` works out of each module, by path in any order; anew only where ``touched``
    says that it may differ from the library of before."""

    def every(library: Library) -> Mapping[str, Made]:
        return {path: make(library, module) for path, module in library.modules.items()}

    def renew(known: Mapping[str, Made], change: Change) -> Mapping[str, Made]:
        modules = change.after.modules
        paths = touched(change.before, change.after)
        found = dict(known)
        for path in change.gone:
            found.pop(path, None)
        return found | {path: make(change.after, modules[path]) for path in paths}

    return Derived(every, renew)


def changed(before: Library, after: Library) -> frozenset[str]:
    """The modules that were not there before, or not as they are now."""
    return frozenset(change(before, after).new)


@lru_cache(maxsize=16)
def touched(before: Library, after: Library) -> frozenset[str]:
    """Those, and the modules that import one that changed, came or went: by any of its names, or
    as a part of a package above it."""
    what = change(before, after)
    names = _names_of([*what.new.values(), *what.gone.values()])
    above = with_above(names)
    was, now = own_modules(before), own_modules(after)
    names |= {one for one in above if (one in was) != (one in now)}
    return frozenset(what.new).union(_saying(after, names, above))


def below_wholes(library: Library, paths: Iterable[str]) -> frozenset[str]:
    """The modules that import a package, or a module as a whole, of which one at these paths may
    be an attribute."""
    names = _names_of(library.modules[path] for path in paths)
    return _saying(library, frozenset(), with_above(names))


def mentioning(library: Library, paths: Iterable[str]) -> frozenset[str]:
    """The modules whose imports may mean one at these paths."""
    names = _names_of(library.modules[path] for path in paths)
    return _saying(library, names, with_above(names))


def _names_of(modules: Iterable[Module]) -> frozenset[str]:
    return frozenset().union(*map(ways_to_write, modules))


def _saying(library: Library, names: frozenset[str], above: frozenset[str]) -> frozenset[str]:
    """The modules that take something from one of ``names``, or a whole that is ``above``."""
    nobody = frozenset[str]()
    takers, wholes = _TAKERS.of(library), _WHOLES.of(library)
    takes = (takers.get(name, nobody) for name in names)
    return nobody.union(*takes, *(wholes.get(name, nobody) for name in above))


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


_TAKERS = index(lambda module: ((name, module.path) for name in _mentions(module).modules))
_WHOLES = index(lambda module: ((name, module.path) for name in _mentions(module).wholes))
