"""A name of a module: where it stands, in which scope, and what follows it.

Scopes are resolved as Python does it. libcst's own take what a ``case`` captures and what ``del``
names for names of the module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fnopt.library.scope import Import


@dataclass(eq=False)
class Scope:
    """``kind`` is module, class, function or comprehension."""

    kind: str
    parent: Scope | None = None
    bound: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)

    def find(self, name: str, *, inner: bool = True) -> Scope | None:
        """The scope in which a name that is looked up here is bound; None when in no scope."""
        if self.parent is not None and name in self.globals:
            return self.top.find(name)
        hidden = self.kind == "class" and not inner
        if name in self.bound and name not in self.nonlocals and not hidden:
            return self
        return self.parent.find(name, inner=False) if self.parent else None

    @property
    def top(self) -> Scope:
        """The module's scope."""
        return self.parent.top if self.parent else self

    def outwards(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        yield self
        if self.parent:
            yield from self.parent.outwards()


Span = tuple[int, int]


@dataclass(frozen=True)
class Occurrence:
    """A name at ``span`` that is looked up, bound or declared in ``scope``.

    ``chain``: the attributes that follow it, with their places; ``loads``: it is looked up.
    """

    name: str
    span: Span
    scope: Scope
    chain: tuple[tuple[str, Span], ...] = ()
    loads: bool = False


@dataclass(frozen=True)
class Imported:
    """One imported name; ``parts`` are the places of the module's dotted parts and of the name."""

    what: Import
    scope: Scope
    parts: tuple[tuple[str, Span], ...]
    name: Span | None


@dataclass(frozen=True)
class Occurrences:
    """All of a module. ``exported``: the strings of ``__all__``, without their quotes."""

    names: tuple[Occurrence, ...]
    imports: tuple[Imported, ...]
    exported: tuple[tuple[str, Span], ...]
