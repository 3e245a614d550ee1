"""Where is a function called, and with what? Across modules, aliases and packages that hand it on.

Sharp where :mod:`fnopt.library.callgraph` is safe: a place is named only if what stands there leads
to the function by names alone; what a function does with one that it was handed is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fnopt.library.function import Library
from fnopt.library.links import absolute, dotted_names, own_modules
from fnopt.library.module import Module
from fnopt.library.references import Reference, references
from fnopt.library.scope import Import
from fnopt.library.signature import Given, Signature, misfits
from fnopt.records import Fault

_HANDED = 8  # modules that hand one name on to each other

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
    for path in sorted(library.modules):
        module = library.modules[path]
        for one in references(module).found:
            ends = list(dict.fromkeys(_ends(library, module, one)))
            for target, rest in ends:
                site = _site(module, one, called=not rest, certain=len(ends) == 1)
                found.setdefault(target, []).append(site)
    return {target: tuple(places) for target, places in found.items()}


def mismatches(library: Library) -> Iterator[Fault]:
    """Calls whose arguments do not fit the function that they call."""
    for (path, name), places in sorted(all_sites(library).items()):
        takes = definite(library, path, name)
        for site in places if takes else ():
            if takes and site.given is not None and site.certain:
                yield from _mismatch(name, takes, site, site.given)


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


def _ends(library: Library, module: Module, one: Reference) -> Iterator[End]:
    """The functions that a reference may lead to, with the attributes that are left."""
    if one.imports:
        for imported in one.imports:
            yield from _imported(library, module, imported, one.chain, _HANDED)
    else:
        yield from _named(library, module, one.chain, _HANDED)


def _named(library: Library, module: Module, chain: tuple[str, ...], left: int) -> Iterator[End]:
    """What a name of the module leads to, with its attributes."""
    name, *rest = chain
    if name not in module.bound:
        for one in _stars(module) if left else ():
            yield from _taken(library, absolute(module, one), chain, left, without=module.path)
        return
    if name in references(module).aliases and left:
        to = references(module).aliases[name]
        yield from _named(library, module, (*to, *rest), left - 1)
    for index in module.bound[name]:
        statement = module.statements[index]
        if statement.kind == "function":
            yield (module.path, name), tuple(rest)
        elif statement.kind != "class" and left:
            for one in (one for one in statement.names.imports if one.bound == name):
                yield from _imported(library, module, one, chain, left)


def _stars(module: Module) -> Iterator[Import]:
    for index in module.bound.get("*", ()):
        yield from (one for one in module.statements[index].names.imports if one.bound == "*")


def _imported(
    library: Library, module: Module, one: Import, chain: tuple[str, ...], left: int
) -> Iterator[End]:
    """What the chain leads to, of which the import binds the first name."""
    base, rest = absolute(module, one), chain[1:]
    if one.name is not None:  # of the package itself: ``from . import dates`` means a module
        yield from _taken(library, base, (one.name, *rest), left, without=module.path)
    else:
        yield from _taken(library, base if one.alias else base.partition(".")[0], rest, left)


def _taken(
    library: Library, base: str, rest: tuple[str, ...], left: int, *, without: str = ""
) -> Iterator[End]:
    """What attributes of a module lead to: its own names go before the modules below it."""
    index = dotted_names(library)
    while rest:
        path = index.get(base)
        module = library.modules[path] if path and path != without else None
        if module is not None and (rest[0] in module.bound or module.starred) and left:
            found = list(_named(library, module, rest, left - 1))
            if found or rest[0] in module.bound:
                yield from found
                return
        base, rest = f"{base}.{rest[0]}", rest[1:]
        if base not in _packages(library):
            return


@lru_cache(maxsize=4)
def _packages(library: Library) -> frozenset[str]:
    return own_modules(library)
