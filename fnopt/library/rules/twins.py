"""Is a function there twice, under another name?"""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.library.function import Library
from fnopt.library.rules.registry import Settings, library_rule
from fnopt.library.twin import twin
from fnopt.records import Fault


@library_rule("duplicate", "No function is another one with other names.")
def _duplicate(library: Library, _: Settings) -> Iterator[Fault]:
    seen: dict[tuple[str, ...], str] = {}
    for function in library.functions:
        shape = twin(library.modules[function.path], function.name)
        first = seen.setdefault(shape, function.name) if shape else function.name
        if first != function.name:
            other = library.get(first)
            assert other is not None, "BUG: it was seen"
            message = f"{function.name} does the same as {first} ({other.path})"
            mend = f"Use {first}; revise it if it lacks something."
            place = (function.name, function.path, function.line)
            yield Fault("duplicate", message, mend, *place)
