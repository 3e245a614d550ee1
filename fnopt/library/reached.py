"""The files that importing one module of a library can read: all that the sandbox needs of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import PurePosixPath

from fnopt.library.function import Library
from fnopt.library.links import links


@lru_cache(maxsize=64)
def files_for(library: Library, path: str) -> Mapping[str, bytes]:
    """The module at ``path``, what it imports of the library, and the packages above these.

    All files of the library where one of them may read others by names that are made at run time,
    and where a file could not be read, since nobody knows what that imports.
    """
    if library.faults:
        return library.files
    found: set[str] = set()
    pending = [path]
    while pending:
        one = pending.pop()
        if one in found:
            continue
        found.add(one)
        module = library.modules[one]
        for statement in module.statements:
            if statement.far:
                return library.files
            if statement.names.imports:
                pending += (link.path for link in links(library, module, statement))
        pending += (above for above in _packages(one) if above in library.modules)
    return {one: library.files[one] for one in sorted(found)}


def _packages(path: str) -> Iterator[str]:
    """The ``__init__.py`` of every folder above a file."""
    return (str(folder / "__init__.py") for folder in PurePosixPath(path).parents)
