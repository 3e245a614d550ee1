"""One function before and after: does it take less, or give something else? Who is broken by it?"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from fnopt.library.calls import Site, definite, sites
from fnopt.library.function import Function, Library, definition
from fnopt.library.module import Module
from fnopt.library.signature import Parameter, Signature, misfits, signature_of
from fnopt.library.subtype import Aliases, accepts, covers
from fnopt.records import Fault, Level

_SHOWN = 3  # places that a message names before it counts


def breakage(
    rule: str,
    function: Function,
    path: str,
    line: int | None,
    message: str,
    mend: str,
    broken: Iterable[Site],
    others: Iterable[Site] = (),
) -> Fault:
    """A fault that names the call sites: an error where it breaks some, a warning else."""
    left, rest = list(broken), list(others)
    if left:
        said = f"still wanted by {_listed(left)}"
    elif rest:
        said = f"called by {_listed(rest)}"
    else:
        said = "nothing in the library calls it"
    level: Level = "error" if left else "warning"
    return Fault(rule, f"{message}; {said}", mend, function.name, path, line, level)


def _listed(places: list[Site]) -> str:
    names = list(dict.fromkeys(one.place for one in places))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


@lru_cache(maxsize=4_096)
def _signature(function: Function) -> Signature:
    return signature_of(definition(function.source))


@lru_cache(maxsize=256)
def _aliases(module: Module) -> Aliases:
    """The names that the module gives to annotations: ``Unit = Literal["m", "km"]``."""
    found: dict[str, ast.expr] = {}
    for node in module.tree().body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
            case _ if type(node).__name__ == "TypeAlias":
                found[node.name.id] = node.value  # type: ignore[attr-defined]  # of Python 3.12
    return found


@dataclass
class Compared:
    """One function before and after, with the calls that it has now."""

    old_library: Library
    library: Library
    old: Function
    new: Function

    @cached_property
    def took(self) -> Signature:
        """The signature before."""
        return _signature(self.old)

    @cached_property
    def takes(self) -> Signature:
        """The signature now."""
        return _signature(self.new)

    @cached_property
    def places(self) -> tuple[Site, ...]:
        """Who calls it now, or passes it on."""
        return sites(self.library, self.new.name)

    def faults(self) -> Iterator[Fault]:
        """Every way in which it takes less, or gives something else."""
        renamed = dict(self._renamed())
        yield from self._names(renamed)
        yield from self._required(renamed)
        yield from self._kinds()
        yield from self._order(renamed)
        yield from self._types(renamed)
        yield from self._result()

    @property
    def takes_as_before(self) -> bool:
        """Whether every call by name that fitted still does."""
        same: dict[str, str] = {}
        faults = (self._names(same), self._required(same), self._types(same))
        return not any(True for some in faults for _ in some)

    def _renamed(self) -> Iterator[tuple[str, str]]:
        """Old and new name of parameters that have the place and the type of one that is gone."""
        olds = {one.name for one in self.took.parameters}
        news = {one.name for one in self.takes.parameters}
        if len(self.took.parameters) > len(self.takes.parameters):
            return
        for one, other in zip(self.took.parameters, self.takes.parameters, strict=False):
            both_new = one.name not in news and other.name not in olds
            if both_new and one.kind == other.kind and _type(one) == _type(other):
                yield one.name, other.name

    def _names(self, renamed: dict[str, str]) -> Iterator[Fault]:
        news = {one.name for one in self.takes.parameters}
        for one in self.took.parameters:
            if one.name in renamed and one.kind not in ("positional", "rest", "others"):
                now = renamed[one.name]
                message = f"{self.new.name} takes {now} where it took {one.name}"
                mend = f"Keep the name {one.name}, or let callers follow."
                yield self._told("parameter-renamed", message, mend, self._misfitting())
            elif one.name not in news and one.name not in renamed and not self._swallows(one):
                message = f"{self.new.name} no longer takes {one}"
                mend = "Keep it, or let callers follow."
                yield self._told("parameter-removed", message, mend, self._misfitting())

    def _swallows(self, one: Parameter) -> bool:
        return one.kind == "keyword" and self.takes.has("others")

    def _required(self, renamed: dict[str, str]) -> Iterator[Fault]:
        before = {renamed.get(one.name, one.name): one for one in self.took.parameters}
        for one in self.takes.parameters:
            known = before.get(one.name)
            if one.required and (known is None or not known.required):
                what = "requires" if known is None else "no longer has a default for"
                message = f"{self.new.name} {what} {one.name}"
                mend = f"Give {one.name} a default, or let callers follow."
                yield self._told("parameter-required", message, mend, self._misfitting())

    def _kinds(self) -> Iterator[Fault]:
        before = {one.name: one for one in self.took.parameters}
        for one in self.takes.parameters:
            known = before.get(one.name)
            if known is None or known.kind in ("rest", "others") or one.kind == known.kind:
                continue
            if one.kind != "either":
                by = "position" if one.kind == "positional" else "name"
                message = f"{self.new.name} takes {one.name} by {by} only"
                mend = "Let it be given as before, or let callers follow."
                yield self._told("parameter-kind", message, mend, self._misfitting())

    def _order(self, renamed: dict[str, str]) -> Iterator[Fault]:
        old = [renamed.get(one.name, one.name) for one in self.took.positional]
        new = [one.name for one in self.takes.positional]
        moved = [one for one in old if one in new and new.index(one) != old.index(one)]
        if not moved:
            return
        first = min(index(one) for one in moved for index in (old.index, new.index))
        left = [one for one in self._left() if one.given and one.given.positional > first]
        if not left and [one for one in old if one in new] == new:
            return  # some are gone, which is told already
        message = (
            f"{self.new.name} takes ({', '.join(new)}) by position, no longer ({', '.join(old)})"
        )
        mend = "Put new parameters last, or let callers name their arguments."
        yield self._told("parameter-order", message, mend, left)

    def _types(self, renamed: dict[str, str]) -> Iterator[Fault]:
        before = {renamed.get(one.name, one.name): one for one in self.took.parameters}
        old, new = self._aliases()
        for index, one in enumerate(self.takes.parameters):
            known = before.get(one.name)
            if known and covers(one.annotation, known.annotation, new, old) is False:
                said = _spoken(one.annotation), _spoken(known.annotation)
                message = f"{self.new.name} takes {said[0]} for {one.name}, no longer {said[1]}"
                mend = "Take what was taken before, or let callers follow."
                left = [site for site in self._left() if self._passes(site, one, index)]
                yield self._told("type-narrowed", message, mend, left)

    def _passes(self, site: Site, one: Parameter, index: int) -> bool:
        """Whether a call gives the parameter something that may not be of its type."""
        given = site.given
        if given is None or not (index < given.positional or one.name in given.keywords):
            return False
        values = dict(given.values)
        literal = values.get(one.name, values.get(index))
        _, new = self._aliases()
        return literal is None or accepts(one.annotation, literal, new) is not True

    def _result(self) -> Iterator[Fault]:
        old, new = self._aliases()
        if covers(self.took.result, self.takes.result, old, new) is False:
            said = _spoken(self.takes.result), _spoken(self.took.result)
            message = f"{self.new.name} returns {said[0]}, no longer {said[1]}"
            mend = "Return what was returned before, or let callers follow."
            called = [one for one in self._left() if one.given is not None]
            yield self._told("result-changed", message, mend, called)

    def _aliases(self) -> tuple[Aliases, Aliases]:
        """Those of the modules before and after."""
        return (
            _aliases(self.old_library.modules[self.old.path]),
            _aliases(self.library.modules[self.new.path]),
        )

    def _misfitting(self) -> list[Site]:
        """The calls that do not fit what it takes now."""
        takes = definite(self.library, self.new.path, self.new.name)
        return [
            one
            for one in self.places
            if takes and one.given and one.certain and any(misfits(takes, one.given))
        ]

    def _left(self) -> list[Site]:
        """The places in functions that say what they said before."""
        return [one for one in self.places if self._as_before(one)]

    def _as_before(self, site: Site) -> bool:
        old, new = (one.modules.get(site.path) for one in (self.old_library, self.library))
        if old is None or new is None:
            return False
        return any(_said(new, site) == known for known in _sources(old))

    def _told(self, rule: str, message: str, mend: str, broken: list[Site]) -> Fault:
        path, line = self.new.path, self.new.line
        return breakage(rule, self.new, path, line, message, mend, broken, self.places)


@lru_cache(maxsize=256)
def _sources(module: Module) -> frozenset[bytes]:
    return frozenset(module.source(one).strip() for one in module.statements)


def _said(module: Module, site: Site) -> bytes:
    """The source of the statement around a place."""
    offset = module.text.offset(site.line, site.column - 1)
    inside = (one for one in module.statements if one.start <= offset < one.end)
    return next((module.source(one).strip() for one in inside), b"")


def _type(one: Parameter) -> str:
    return _spoken(one.annotation)


def _spoken(annotation: ast.expr | None) -> str:
    try:
        return ast.unparse(annotation) if annotation is not None else "anything"
    except (RecursionError, ValueError):
        return "…"
