"""What of a file did fnopt's own edits bring, and what did people write?

The library cannot know: its history does. Where nobody says, an import counts as brought along by
the function that alone needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fnopt.library.fingerprint import of_source
from fnopt.library.module import Module, Statement, read_module

Key = tuple[str, str | None, str | None, int]
"""What is imported, and as what: :attr:`fnopt.library.scope.Import.key`."""


@dataclass(frozen=True)
class Ours:
    """``imports`` and ``functions`` that came by fnopt's edits; ``whole``: so did the file.

    ``statements`` are the fingerprints of what else came. ``along``: pairs of a function and what
    came or changed in the same edit, an import's key or a fingerprint.
    """

    imports: frozenset[Key] = frozenset()
    functions: frozenset[str] = frozenset()
    whole: bool = False
    statements: frozenset[str] = frozenset()
    along: frozenset[tuple[str, Key | str]] = frozenset()

    def __or__(self, other: Ours) -> Ours:
        return Ours(
            self.imports | other.imports,
            self.functions | other.functions,
            self.whole or other.whole,
            self.statements | other.statements,
            self.along | other.along,
        )

    def but(self, theirs: Ours) -> Ours:
        """What people never brought: what they did is theirs, whoever brought it again."""
        foreign = theirs.imports | theirs.statements
        return Ours(
            self.imports - theirs.imports,
            self.functions - theirs.functions,
            self.whole and not theirs.whole,
            self.statements - theirs.statements,
            frozenset(pair for pair in self.along if pair[1] not in foreign),
        )

    def along_with(self, name: str) -> frozenset[Key | str]:
        """What came by the edits that added or revised the function."""
        return frozenset(what for function, what in self.along if function == name)


Provenance = Callable[[str], Ours]
"""Asked for a path, and only when the answer matters."""


def brought(before: bytes | None, after: bytes) -> Ours:
    """What is in a file and was not there before; None where there was no file."""
    old, new = _all(before or b""), _all(after)
    came = replace(new.but(old), whole=before is None)
    changed = _sources(after) - _sources(before or b"")
    things: tuple[Key | str, ...] = (*came.imports, *came.statements)
    return replace(came, along=frozenset((name, what) for name, _ in changed for what in things))


def _all(data: bytes) -> Ours:
    statements = _statements(data)
    return Ours(
        frozenset(one.key for each, _ in statements for one in each.names.imports),
        frozenset(one.name for one, _ in statements if one.is_public),
        statements=frozenset(of_source(source) for one, source in statements if is_other(one)),
    )


def _sources(data: bytes) -> frozenset[tuple[str, bytes]]:
    return frozenset((one.name, source) for one, source in _statements(data) if one.is_public)


def _statements(data: bytes) -> list[tuple[Statement, bytes]]:
    module = read_module("a.py", data)
    if not isinstance(module, Module):
        return []
    return [(one, module.source(one)) for one in module.statements]


def is_other(one: Statement) -> bool:
    """Whether it is neither an import nor a function that the module offers."""
    return one.kind not in ("import", "future") and not one.is_public
