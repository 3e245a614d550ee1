"""Which names come from where?"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from fnopt.library.dotted import own_modules
from fnopt.library.function import Library
from fnopt.library.importing import Effect
from fnopt.library.module import GIVEN, Module, Statement
from fnopt.library.rules.registry import Settings, fault, library_rule, linked_rule, rule
from fnopt.library.scope import Import
from fnopt.library.unused import unused, with_idle_imports
from fnopt.records import Fault


@rule("star-import", "Names are imported one by one.")
def _star(module: Module, _: Settings) -> Iterator[Fault]:
    for one in module.statements:
        for imported in one.names.imports:
            if imported.bound == "*":
                message = f"from {imported.module} import * hides which names there are"
                mend = "Import the names that are used."
                yield fault(module, "star-import", None, imported.line, message, mend)


@rule("undefined-name", "Every name that is used is defined, and before it is needed.")
def _undefined(module: Module, _: Settings) -> Iterator[Fault]:
    return undefined(module)


def undefined(module: Module) -> Iterator[Fault]:
    """The names that are not defined, or not by the time that they are needed."""
    if module.starred or any(
        one.effect is Effect.WORKS and one.dynamic for one in module.statements
    ):
        return  # names come from elsewhere: from … import *, globals().update(…)
    bound: set[str] = set(GIVEN)
    for one in module.statements:
        missing = one.names.uses - module.bound.keys() - GIVEN
        early = (one.names.now & module.bound.keys()) - bound - one.names.binds
        bound |= one.names.binds
        for name in sorted(missing):
            what = f"{one.name or module.path} uses {name}, which is not defined"
            yield _undefined_fault(module, one, name, what, "Import or define it.")
        for name in sorted(early):
            what = f"{one.name or module.path} needs {name} before it is defined"
            yield _undefined_fault(module, one, name, what, "Define it further up.")


def _undefined_fault(module: Module, one: Statement, name: str, message: str, mend: str) -> Fault:
    node = module.tree().body[module.statements.index(one)]
    places = (n.lineno for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name)
    function = one.name if one.is_public else None
    return fault(module, "undefined-name", function, next(places, one.line), message, mend)


@library_rule("unused-import", "What is imported is used.", "warning")
def _unused(library: Library, _: Settings) -> Iterator[Fault]:
    for module in with_idle_imports(library):
        for one in unused(library, module):
            message = f"{module.path} does not use what it imports: {one}"
            yield fault(module, "unused-import", None, one.what.line, message, "Drop the import.")


@linked_rule("import-not-allowed", "Only the standard library, the allowed packages and itself.")
def _imports(library: Library, module: Module, settings: Settings) -> Iterator[Fault]:
    own = own_modules(library)
    packages = frozenset(settings.packages)
    if all(_is_allowed(one, packages, own) for one in module.imports):
        return  # as nearly always: most statements import nothing
    for statement in module.statements:
        for one in statement.names.imports:
            if not _is_allowed(one, packages, own):
                yield _not_allowed(module, statement, one, packages)


@rule("import-not-installed", "The allowed packages that are imported are installed.", "warning")
def _absent(module: Module, settings: Settings) -> Iterator[Fault]:
    for statement in module.statements if settings.absent else ():
        for one in statement.names.imports:
            gone = [name for name in settings.absent if f"{one.module}.".startswith(f"{name}.")]
            if gone and not one.level:
                function = statement.name if statement.is_public else None
                message = f"{gone[0]} is allowed, and not installed here"
                mend = f"Install it beside fnopt: pip install {gone[0]} (or what brings it)."
                yield fault(module, "import-not-installed", function, one.line, message, mend)


def _not_allowed(
    module: Module, statement: Statement, one: Import, packages: frozenset[str]
) -> Fault:
    function = statement.name if statement.is_public else None
    allowed = f"the standard library{''.join(f', {name}' for name in sorted(packages))}"
    message = f"{one.module} may not be imported"
    mend = f"Import only {allowed}, or modules of this library."
    return fault(module, "import-not-allowed", function, one.line, message, mend)


def _is_allowed(one: Import, packages: frozenset[str], own: AbstractSet[str]) -> bool:
    root = one.module.partition(".")[0]
    if one.level or root in sys.stdlib_module_names or one.module in own:
        return True
    prefixes = {one.module[: match.start()] for match in re.finditer(r"\.|$", one.module)}
    return bool(prefixes & packages)
