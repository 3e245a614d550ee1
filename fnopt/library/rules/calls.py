"""Do the functions of the library call each other as they want to be called?"""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.library.calls import mismatches
from fnopt.library.function import Library
from fnopt.library.module import Module
from fnopt.library.rules.registry import Settings, linked_rule
from fnopt.records import Fault


@linked_rule("call-mismatch", "A call within the library fits the function that it calls.")
def _mismatch(library: Library, module: Module, _: Settings) -> Iterator[Fault]:
    yield from mismatches(library, module)
