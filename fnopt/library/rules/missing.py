"""Is there what one module of the library imports from another?"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from fnopt.library.dotted import absolute, dotted_names, own_modules
from fnopt.library.function import Library
from fnopt.library.module import Module
from fnopt.library.rules.registry import Settings, fault, linked_rule
from fnopt.library.scope import Import
from fnopt.records import Fault


@linked_rule("missing-import", "What is imported from a module of the library is there.")
def _missing(library: Library, module: Module, _: Settings) -> Iterator[Fault]:
    own = own_modules(library)
    index = dotted_names(library)
    lacking = {
        one: source
        for one in module.imports
        if (source := library.modules.get(index.get(absolute(module, one), "")))
        and _lacks(source, absolute(module, one), one, own)
    }
    for statement in module.statements if lacking else ():
        for one in statement.names.imports if statement.kind == "import" else ():
            if source := lacking.get(one):
                what = f"{module.path} imports {one.name} from {source.path}"
                message = f"{what}, which has no such name"
                mend = "Import what is there, or bring it back."
                yield fault(module, "missing-import", None, one.line, message, mend)


def _lacks(source: Module, base: str, one: Import, own: AbstractSet[str]) -> bool:
    """Whether a module that is imported as ``base`` has not what is taken from it."""
    if source.name != base:  # a shortened name may be another's
        return False
    return f"{base}.{one.name}" not in own and not _may_have(source, one)


def _may_have(module: Module, one: Import) -> bool:
    """Whether the module has the name, or may make it up when it is asked."""
    if one.name is None or one.name == "*" or one.name.startswith("__"):
        return True
    if module.starred or "__getattr__" in module.bound or one.name in module.bound:
        return True
    return any(statement.dynamic for statement in module.statements)
