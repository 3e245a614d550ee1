"""Do the functions of the library call each other as they want to be called?"""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.library.calls import mismatches
from fnopt.library.function import Library
from fnopt.library.rules.registry import Settings, library_rule
from fnopt.records import Fault


@library_rule("call-mismatch", "A call within the library fits the function that it calls.")
def _mismatch(library: Library, _: Settings) -> Iterator[Fault]:
    yield from mismatches(library)
