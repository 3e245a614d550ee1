"""Which functions run when one is called: grants are by function, and a process has all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from fnopt.library.callgraph import callees
from fnopt.library.function import Library, read


def reached(files: Mapping[str, bytes], function: str) -> frozenset[str]:
    """The function and all that it may call: who runs it runs them."""
    return _all_called(tuple(files.items()), function)


@lru_cache(maxsize=1024)
def _all_called(files: tuple[tuple[str, bytes], ...], function: str) -> frozenset[str]:
    library = _library(files)
    found, pending = set(), [function]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += callees(library, name) if library.get(name) else ()
    return frozenset(found)


@lru_cache(maxsize=4)
def _library(files: tuple[tuple[str, bytes], ...]) -> Library:
    return read(dict(files))
