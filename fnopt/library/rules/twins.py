"""Is a function there twice, under another name?"""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.library.derived import index
from fnopt.library.function import Function, Library, Place, functions_of
from fnopt.library.module import Module
from fnopt.library.rules.registry import Settings, library_rule
from fnopt.library.twin import twin
from fnopt.records import Fault


@library_rule("duplicate", "No function is another one with other names.")
def _duplicate(library: Library, _: Settings) -> Iterator[Fault]:
    for shape, places in _SHAPES.of(library).items():
        if len(places) > 1 and shape:
            yield from _same(list(library.at(places)))


def _same(functions: list[Function]) -> Iterator[Fault]:
    for one in functions[1:]:
        first = functions[0]
        message = f"{one.name} does the same as {first.name} ({first.path})"
        mend = f"Use {first.name}; revise it if it lacks something."
        yield Fault("duplicate", message, mend, one.name, one.path, one.line)


def _shapes(module: Module) -> Iterator[tuple[tuple[str, ...], Place]]:
    for one in functions_of(module):
        yield twin(module, one.name), (one.name, module.path)


_SHAPES = index(_shapes)
