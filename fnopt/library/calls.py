"""Where is a function called, and with what? Across modules, aliases and packages that hand it on.

Sharp where :mod:`fnopt.library.callgraph` is safe: a place is named only if what stands there leads
to the function by names alone; what a function does with one that it was handed is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain as joined

from fnopt.library.dotted import absolute, dotted_names, own_modules
from fnopt.library.function import Library
from fnopt.library.links import touched_through
from fnopt.library.module import Module
from fnopt.library.references import Reference, references
from fnopt.library.scope import Import
from fnopt.library.signature import Given, Signature, misfits
from fnopt.library.touched import by_module
from fnopt.records import Fault

_STEPS = 100  # names through which one is handed on
_LONGEST = 16  # attributes of one chain, aliases written out

Target = tuple[str, str]
"""A function of a module, public or not: path and name."""


@dataclass(frozen=True)
class Site:
    """A place that leads to a function. ``column`` counts from 1.

    ``caller``: the function or class around it, None at the top of a module; ``public``: whether
    that is a function of the library. ``given``: the arguments of the call; None where the
    function is passed on. ``certain``: nothing else can be meant there.
    """

    path: str
    line: int
    column: int
    caller: str | None
    public: bool
    given: Given | None
    certain: bool

    @property
    def place(self) -> str:
        """``path:line``."""
        return f"{self.path}:{self.line}"


def sites(library: Library, name: str) -> tuple[Site, ...]:
    """Every place in the library that calls the function or passes it on, but its own recursion.

    Raises KeyError when the library has no such function.
    """
    function = library.get(name)
    if function is None:
        raise KeyError(name)
    found = all_sites(library).get((function.path, name), ())
    return tuple(one for one in found if (one.path, one.caller) != (function.path, name))


@lru_cache(maxsize=4)
def all_sites(library: Library) -> Mapping[Target, tuple[Site, ...]]:
    """The places that lead to each function, by path and line."""
    found: dict[Target, list[Site]] = {}
    leading = _LEADING.of(library)
    for path in library.modules:
        for target, site in leading[path].sites:
            found.setdefault(target, []).append(site)
    return {target: tuple(places) for target, places in found.items()}


def mismatches(library: Library, module: Module) -> tuple[Fault, ...]:
    """The calls of a module whose arguments do not fit the function that they call, by line."""
    return _LEADING.of(library)[module.path].faults


@dataclass(frozen=True)
class _Leading:
    """Where a module leads to functions, and which of these calls do not fit."""

    sites: tuple[tuple[Target, Site], ...]
    faults: tuple[Fault, ...]


def _leading(library: Library, module: Module) -> _Leading:
    paths = _paths(library)
    sites: list[tuple[Target, Site]] = []
    faults: list[Fault] = []
    for one in references(module).found:
        ends = paths.ends(module, one.chain, one.imports)
        for target, rest in ends:
            site = _site(module, one, called=not rest, certain=len(ends) == 1)
            sites.append((target, site))
            faults += _misfit(library, target, site)
    return _Leading(tuple(sites), tuple(faults))


_LEADING = by_module(_leading, touched_through)


def _misfit(library: Library, target: Target, site: Site) -> Iterator[Fault]:
    takes = definite(library, *target) if site.given is not None and site.certain else None
    if takes is not None and site.given is not None:
        yield from _mismatch(target[1], takes, site, site.given)


def definite(library: Library, path: str, name: str) -> Signature | None:
    """What a function takes; None where something else may take its place when it is called."""
    module = library.modules[path]
    bound = [i for i in module.bound[name] if module.statements[i].kind != "overload"]
    takes = references(module).takes.get(name)
    return takes if takes and takes.plain and len(bound) == 1 else None


def _mismatch(name: str, takes: Signature, site: Site, given: Given) -> Iterator[Fault]:
    wrong = "; ".join(misfits(takes, given))
    if wrong:
        message = f"{site.caller or site.path} calls {name} {wrong}"
        mend = f"It takes ({', '.join(map(str, takes.parameters))})."
        caller = site.caller if site.public else None
        yield Fault("call-mismatch", message, mend, caller, site.path, site.line)


def _site(module: Module, one: Reference, *, called: bool, certain: bool) -> Site:
    statement = module.statements[one.index]
    given = one.given if called else None
    inside = statement.name or None
    column = one.column + 1
    return Site(module.path, one.line, column, inside, statement.is_public, given, certain)


End = tuple[Target, tuple[str, ...]]
Chain = tuple[str, ...]


class _Paths:
    """The ways from names to functions, each walked once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._index = dotted_names(library)
        self._packages = own_modules(library)
        self._known: dict[tuple[str, Chain, tuple[Import, ...]], tuple[End, ...]] = {}
        self._seen: set[tuple[str, Chain]] = set()

    def ends(self, module: Module, chain: Chain, imports: tuple[Import, ...]) -> tuple[End, ...]:
        """The functions that a chain of names may lead to, with the attributes that are left.

        ``imports`` bind its first name; without any, the module does.
        """
        key = (module.path, chain, imports)
        if key not in self._known:
            self._seen.clear()
            ways = [self._imported(module, one, chain) for one in imports]
            found = joined.from_iterable(ways) if imports else self._named(module, chain)
            self._known[key] = tuple(dict.fromkeys(found))
        return self._known[key]

    def _named(self, module: Module, chain: Chain) -> Iterator[End]:
        """What a name of the module leads to, with its attributes."""
        way = (module.path, chain)
        if way in self._seen or len(self._seen) >= _STEPS or len(chain) > _LONGEST:
            return
        self._seen.add(way)
        name, *rest = chain
        if name not in module.bound:
            for one in _stars(module):
                yield from self._taken(absolute(module, one), chain, without=module.path)
            return
        if name in references(module).aliases:
            yield from self._named(module, (*references(module).aliases[name], *rest))
        for statement in (module.statements[index] for index in module.bound[name]):
            if statement.kind == "function":
                yield (module.path, name), tuple(rest)
            elif statement.kind != "class":
                for one in (one for one in statement.names.imports if one.bound == name):
                    yield from self._imported(module, one, chain)

    def _imported(self, module: Module, one: Import, chain: Chain) -> Iterator[End]:
        """What the chain leads to, of which the import binds the first name."""
        base, rest = absolute(module, one), chain[1:]
        if one.name is not None:  # of the package itself: ``from . import dates`` means a module
            yield from self._taken(base, (one.name, *rest), without=module.path)
        else:
            yield from self._taken(base if one.alias else base.partition(".")[0], rest)

    def _taken(self, base: str, rest: Chain, *, without: str = "") -> Iterator[End]:
        """What attributes of a module lead to: its own names go before the modules below it,
        and those before what it takes from others by ``*``."""
        while rest:
            path = self._index.get(base)
            module = self._library.modules[path] if path and path != without else None
            below = f"{base}.{rest[0]}"
            if module is not None and (rest[0] in module.bound or below not in self._packages):
                yield from self._named(module, rest)
                return
            if below not in self._packages:
                return
            base, rest = below, rest[1:]


@lru_cache(maxsize=4)
def _paths(library: Library) -> _Paths:
    return _Paths(library)


def _stars(module: Module) -> Iterator[Import]:
    for index in module.bound.get("*", ()):
        yield from (one for one in module.statements[index].names.imports if one.bound == "*")
