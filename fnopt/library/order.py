"""In which order does a module keep its imports, if in any, and where does another one belong?

Known are the orders of isort and ruff, and what people make of them: sections or none, ``import x``
before ``from x import y`` or by name alone, relative imports from afar or from near first.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise, product

from fnopt.library.module import Module, Statement
from fnopt.library.scope import Import

STANDARD, FOREIGN, OWN, RELATIVE = range(1, 5)
"""Sections, in their order."""

_DIGITS = re.compile(r"([0-9]+)")
Key = tuple[object, ...]


@dataclass(frozen=True)
class Order:
    """How the imports of a block are sorted. ``own``: the dotted names of the library's modules."""

    own: AbstractSet[str]
    sections: bool
    straight_first: bool
    from_afar: bool
    ignores_case: bool

    def key(self, one: Import) -> tuple[int, bool, int, Key, bool]:
        """What comes first has the smaller key."""
        straight = one.name is None
        return (
            section(one, self.own) if self.sections else 0,
            not straight and self.straight_first,
            -one.level if self.from_afar else one.level,
            natural(one.module.lower() if self.ignores_case else one.module),
            not straight,
        )


@dataclass(frozen=True)
class Block:
    """The imports of a module in groups, as blank lines part them, and their order."""

    groups: tuple[tuple[Statement, ...], ...]
    order: Order

    def group_for(self, one: Import) -> int | None:
        """The group to which an import belongs; None when it needs one of its own."""
        root = one.module.partition(".")[0]
        kin = [i for i, g in enumerate(self.groups) if _has_root(g, root) and not one.level]
        wanted = section(one, self.order.own)
        held = [{section(_first(s), self.order.own) for s in group} for group in self.groups]
        same = [i for i, sections in enumerate(held) if wanted in sections]
        mixed = [i for i, sections in enumerate(held) if len(sections) > 1]
        return next(iter([*kin, *same[::-1], *mixed]), None)

    def group_before(self, one: Import) -> int:
        """How many groups come before one of the import's own."""
        wanted = section(one, self.order.own)
        firsts = [section(_first(group[0]), self.order.own) for group in self.groups]
        above = [i for i, there in enumerate(firsts) if there < wanted]
        return above[-1] + 1 if above else 0

    def above(self, one: Import, group: int) -> Statement | None:
        """The statement of a group behind which the import goes; None: before the first."""
        key = self.order.key(one)
        found = [s for s in self.groups[group] if self.order.key(_first(s)) <= key]
        return found[-1] if found else None


def sorted_block(module: Module, own: AbstractSet[str]) -> Block | None:
    """The imports at the module's beginning, if they are sorted in an order that is known."""
    statements = _leading(module)
    if not statements or not all(one.alone for one in statements):
        return None
    groups = _groups(module, statements)
    for styles in product((True, False), repeat=4):
        order = Order(own, *styles)
        if _is_sorted(groups, order):
            return Block(groups, order)
    return None


def _leading(module: Module) -> list[Statement]:
    """The first run of imports; nothing where others follow before the first definition."""
    found: list[Statement] = []
    ended = False
    for one in module.statements:
        if one.kind in ("function", "class", "overload", "guard"):
            break
        if one.kind == "import" and ended:
            return []
        if one.kind == "import":
            found.append(one)
        ended = bool(found) and one.kind != "import"
    return found


def _groups(module: Module, statements: Sequence[Statement]) -> tuple[tuple[Statement, ...], ...]:
    groups = [[statements[0]]]
    for one, other in pairwise(statements):
        between = module.text.body[one.end : other.start].splitlines()
        if any(not line.strip() for line in between):
            groups.append([])
        groups[-1].append(other)
    return tuple(tuple(group) for group in groups)


def _is_sorted(groups: Iterable[Sequence[Statement]], order: Order) -> bool:
    for group in groups:
        keys = [order.key(_first(one)) for one in group]
        if any(one > other for one, other in pairwise(keys)):
            return False
    firsts = [section(_first(group[0]), order.own) for group in groups]
    return not order.sections or firsts == sorted(firsts)


def section(one: Import, own: AbstractSet[str]) -> int:
    """The section of isort's to which an import belongs."""
    root = one.module.partition(".")[0]
    if one.level:
        return RELATIVE
    if root in sys.stdlib_module_names:
        return STANDARD
    return OWN if root in own else FOREIGN


def _first(statement: Statement) -> Import:
    return statement.names.imports[0]


def _has_root(group: Iterable[Statement], root: str) -> bool:
    return any(not _first(s).level and _first(s).module.partition(".")[0] == root for s in group)


def natural(name: str) -> Key:
    """Numbers in a name count as numbers."""
    parts = enumerate(_DIGITS.split(name))
    return tuple((0, int(one), "") if odd % 2 else (1, 0, one) for odd, one in parts if one)


def place_among(names: Sequence[str], name: str) -> int:
    """Where a name goes among those of one import: sorted as they are, else at the end."""
    for key in _MEMBERS:
        keys = [key(one) for one in names]
        if keys == sorted(keys):
            return sum(one <= key(name) for one in keys)
    return len(names)


def by_type(name: str) -> Key:
    """Constants, classes, the rest: isort's ``orderby_type``."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return (kind, natural(name.lower()), name)


_MEMBERS: tuple[Callable[[str], Key], ...] = (
    by_type,
    lambda name: (natural(name.lower()), name),
    lambda name: (name,),
)
