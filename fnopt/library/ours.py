"""What of a file did fnopt's own edits bring, and what did people write?

The library cannot know: its history does. Where nobody says, an import counts as brought along by
the function that alone needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fnopt.library.module import Module, read_module

Key = tuple[str, str | None, str | None, int]
"""What is imported, and as what: :attr:`fnopt.library.scope.Import.key`."""


@dataclass(frozen=True)
class Ours:
    """``imports`` and ``functions`` that came by fnopt's edits; ``whole``: so did the file."""

    imports: frozenset[Key] = frozenset()
    functions: frozenset[str] = frozenset()
    whole: bool = False

    def __or__(self, other: Ours) -> Ours:
        return Ours(
            self.imports | other.imports,
            self.functions | other.functions,
            self.whole or other.whole,
        )


Provenance = Callable[[str], Ours]
"""Asked for a path, and only when the answer matters."""


def brought(before: bytes | None, after: bytes) -> Ours:
    """What is in a file and was not there before; None where there was no file."""
    old = Ours() if before is None else _all(before)
    new = _all(after)
    return Ours(new.imports - old.imports, new.functions - old.functions, before is None)


def _all(data: bytes) -> Ours:
    module = read_module("a.py", data)
    if not isinstance(module, Module):
        return Ours()
    imports = (one.key for statement in module.statements for one in statement.names.imports)
    functions = (one.name for one in module.statements if one.is_public)
    return Ours(frozenset(imports), frozenset(functions))
