"""Imports that nothing in their module looks up, and that no other module takes from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fnopt.library.derived import change, index
from fnopt.library.function import Library
from fnopt.library.module import Module, Statement
from fnopt.library.ownership import names_taken
from fnopt.library.scope import Import


@dataclass(frozen=True)
class Unused:
    """The import at ``position`` among those of the statement ``index`` of a module."""

    path: str
    index: int
    position: int
    what: Import

    def __str__(self) -> str:
        one = self.what
        renamed = f" as {one.alias}" if one.alias else ""
        if one.name is None:
            return f"import {one.module}{renamed}"
        return f"from {'.' * one.level}{one.module} import {one.name}{renamed}"


def unused(library: Library, module: Module) -> tuple[Unused, ...]:
    """The imports at the top level that could go; a line that says ``noqa`` is left alone.

    What a package's ``__init__.py`` imports, and ``import a as a``, is there for others.
    """
    found = _idle(module)
    if not found:
        return ()
    taken, every = names_taken(library, module)
    return tuple(one for one in found if not every and one.what.bound not in taken)


@lru_cache(maxsize=20_000)
def _idle(module: Module) -> tuple[Unused, ...]:
    """The imports that the module itself does not look up."""
    if module.is_package or any(one.dynamic for one in module.statements):
        return ()
    looked_up = {name for one in module.statements for name in one.names.reaches}
    return tuple(
        Unused(module.path, index, position, one)
        for index, statement in enumerate(module.statements)
        if statement.kind == "import" and b"noqa" not in _line(module, statement)
        for position, one in enumerate(statement.names.imports)
        if one.bound not in looked_up and not _for_others(one)
    )


def _for_others(one: Import) -> bool:
    return one.bound == "*" or (one.alias is not None and one.alias == (one.name or one.module))


def _line(module: Module, statement: Statement) -> bytes:
    """The statement, with the remark behind it."""
    return module.source(statement).lower()


def unused_imports(before: Library, after: Library) -> tuple[Unused, ...]:
    """The imports that were needed and are left unused, in the files that both have."""
    return tuple(
        one
        for path, module in change(before, after).new.items()
        if before.files.get(path, after.files[path]) != after.files[path]
        for one in _new(before, after, module)
    )


def with_idle_imports(library: Library) -> Iterator[Module]:
    """The modules that import what they do not look up, by path."""
    return (library.modules[path] for path in sorted(_IDLE.of(library).get("idle", ())))


_IDLE = index(lambda module: [("idle", module.path)] if _idle(module) else [])


def _new(before: Library, after: Library, module: Module) -> Iterator[Unused]:
    old = before.modules.get(module.path)
    known = {one.what.key for one in unused(before, old)} if old else set()
    return (one for one in unused(after, module) if one.what.key not in known)
