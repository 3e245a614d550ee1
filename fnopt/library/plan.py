"""What is to happen to a module when code comes into it: patches, cuts, and what is new."""

from __future__ import annotations

import builtins
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from fnopt.library.draft import public_function
from fnopt.library.module import Module, Statement
from fnopt.library.ownership import users
from fnopt.library.source import Text
from fnopt.library.splice import Patch, patch

_BUILTIN = frozenset(dir(builtins))


@dataclass
class Plan:
    """What happens to a module: ``patches`` to its bytes, ``cuts`` of statements, ``new`` ones.

    ``index``: the function, None for one that is to be added; ``mine``: the statements that only
    it needs; ``taken``: the names that other modules import from this one; ``blank``: the lines
    between what comes in; ``own``: the dotted names of the library's modules; ``changed``: the
    statements among ``cuts`` that are not gone but say something else.
    """

    module: Module
    draft: Module
    name: str
    index: int | None
    mine: frozenset[int]
    taken: frozenset[str]
    blank: int
    own: AbstractSet[str]
    patches: list[Patch] = field(default_factory=list)
    cuts: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    new: list[bytes] = field(default_factory=list)

    @property
    def function(self) -> Statement | None:
        """The function as it stands in the file."""
        return None if self.index is None else self.module.statements[self.index]

    @property
    def coming(self) -> Statement:
        """The function as the draft has it."""
        new = public_function(self.draft)
        assert new is not None, "BUG: the draft was read"
        return new

    def replace(self, index: int, source: bytes, start: int | None = None) -> None:
        """Put ``source`` where the statement is, from ``start`` on."""
        old = self.module.statements[index]
        ended = self.module.source(old).endswith((b"\n", b"\r"))
        new = source if ended else source.rstrip(b"\n")
        self.patches.append(Patch(old.start if start is None else start, old.end, new))
        self.cuts.add(index)
        self.changed.add(index)

    def mend(self, index: int, patches: list[Patch]) -> None:
        """Change a statement here and there."""
        old = self.module.statements[index]
        inner = [one.moved(-old.start) for one in patches]
        self.new.append(patch(Text(self.module.source(old)), inner).body)
        self.patches += patches
        self.cuts.add(index)
        self.changed.add(index)

    def captured(self, names: frozenset[str]) -> list[str]:
        """Who would find the draft's meaning of a name, and finds a builtin or a star's today."""
        fresh = names - self.module.bound.keys()
        if not self.module.starred:
            fresh &= _BUILTIN
        return users(self.module, fresh, self.name) if fresh else []
