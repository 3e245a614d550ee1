"""Which functions are left alone: marked in their text, or named in the configuration."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from fnopt.library.function import Library

LOCK = "# fnopt: locked"


def is_locked(library: Library, name: str, patterns: Iterable[str]) -> bool:
    """Whether the function of that name may be read and never edited; it need not be there."""
    function = library.get(name)
    marked = function is not None and LOCK in function.source
    return marked or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
