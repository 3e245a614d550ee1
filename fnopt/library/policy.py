"""The rules for functions, in the style of a linter: each has an id, a message, a mend, a place.

A rule is a generator over one module, registered under its id. Rules are lint, never a wall: what
keeps learned code from doing harm is the sandbox.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache

from fnopt.library.function import Library
from fnopt.library.importing import Effect
from fnopt.library.links import own_modules
from fnopt.library.module import Module, Statement
from fnopt.library.scope import Import
from fnopt.library.source import compiles
from fnopt.records import Fault

Rule = Callable[[Module], Iterator[Fault]]

RULES: dict[str, Rule] = {}
"""Every rule that needs nothing but the module, by id."""

MAX_NAME = 64
"""Characters that OpenAI's protocol allows in a tool's name."""

_SNAKE = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_GIVEN = frozenset(dir(builtins)) | {"__file__", "__path__", "__builtins__", "__annotations__"}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a rule under its id."""

    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


def check(library: Library, packages: Collection[str] = ()) -> tuple[Fault, ...]:
    """Every rule over every function, unreadable files first.

    ``packages``: the top-level names that functions may import beside the standard library.
    """
    faults = list(library.faults)
    own = own_modules(library)
    for path in sorted(library.modules):
        module = library.modules[path]
        faults += _of_module(module)
        faults += _imports(module, frozenset(packages), own)
    return tuple(faults)


def new_faults(
    before: Library, after: Library, packages: Collection[str] = ()
) -> tuple[Fault, ...]:
    """The faults of functions that changed, and those that were not there before.

    A fault is known by rule, function and message, so that moved lines make none new: whatever
    people's code is guilty of already does not block an edit elsewhere.
    """
    changed = {one.name for one in after.functions if _source(before, one.name) != one.source}
    known = Counter(_identity(one) for one in check(before, packages))
    found = []
    for fault in check(after, packages):
        known[_identity(fault)] -= 1
        if fault.function in changed or known[_identity(fault)] < 0:
            found.append(fault)
    return tuple(found)


def _identity(fault: Fault) -> tuple[str, str | None, str | None, str]:
    message = re.sub(r"(?<=:)\d+|(?<=line )\d+", "", fault.message)
    return (fault.rule, fault.function, fault.file, message)


def _source(library: Library, name: str) -> str | None:
    function = library.get(name)
    return function.source if function else None


@lru_cache(maxsize=20_000)
def _of_module(module: Module) -> tuple[Fault, ...]:
    return tuple(fault for one in RULES.values() for fault in one(module))


def name_faults(name: str) -> Iterator[Fault]:
    """What is wrong with the name of a function, wherever it is to stand."""
    mend = "Name it in snake_case, e.g. count_letter."
    shown = name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
    if not _SNAKE.fullmatch(name):
        yield Fault("name", f"{shown!r} is not a snake_case name in ASCII", mend, shown)
    elif len(name) > MAX_NAME:
        yield Fault("name", f"{shown} has more than {MAX_NAME} characters", mend, shown)
    elif keyword.iskeyword(name) or name in _GIVEN:
        yield Fault("name", f"{name} is a word of Python itself", "Choose another name.", name)
    elif name.startswith("_"):
        yield Fault("name", f"{name} is private", "Drop the leading underscore.", name)


def _public(module: Module) -> Iterator[Statement]:
    return (one for one in module.statements if one.is_public)


def _nodes(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for statement, node in zip(module.statements, module.tree().body, strict=True):
        if statement.is_public and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _fault(
    module: Module, name: str, function: str | None, line: int, message: str, mend: str
) -> Fault:
    return Fault(name, message, mend, function, module.path, line)


@rule("syntax")
def _syntax(module: Module) -> Iterator[Fault]:
    """What parses and yet does not compile."""
    fault = compiles(module.text, module.path)
    if fault:
        yield fault


@rule("module")
def _module(module: Module) -> Iterator[Fault]:
    """A path that cannot be imported."""
    if not all(
        part.isidentifier() and not keyword.iskeyword(part) for part in module.name.split(".")
    ):
        mend = "Rename the file or folder to a Python identifier."
        yield _fault(module, "module", None, 1, f"{module.path} cannot be imported", mend)


@rule("name")
def _name(module: Module) -> Iterator[Fault]:
    for one in _public(module):
        for fault in name_faults(one.name):
            yield _fault(module, "name", one.name, one.line, fault.message, fault.mend)


@rule("annotations")
def _annotations(module: Module) -> Iterator[Fault]:
    for node in _nodes(module):
        given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        bare = [one.arg for one in given if one.annotation is None]
        if bare:
            message = f"{node.name} does not say the type of {', '.join(bare)}"
            mend = "Annotate every parameter, e.g. text: str."
            yield _fault(module, "annotations", node.name, node.lineno, message, mend)
        if node.returns is None:
            message = f"{node.name} does not say what it returns"
            mend = "Annotate the result, e.g. -> int."
            yield _fault(module, "annotations", node.name, node.lineno, message, mend)


@rule("docstring")
def _docstring(module: Module) -> Iterator[Fault]:
    for node in _nodes(module):
        if not (ast.get_docstring(node) or "").strip():
            mend = "Say in a docstring what it does, and what each argument means."
            message = f"{node.name} has no docstring"
            yield _fault(module, "docstring", node.name, node.lineno, message, mend)


@rule("varargs")
def _varargs(module: Module) -> Iterator[Fault]:
    for node in _nodes(module):
        stars = [(node.args.vararg, "*"), (node.args.kwarg, "**")]
        for one, star in ((one, star) for one, star in stars if one is not None):
            message = f"{node.name} takes {star}{one.arg}, which no tool schema can express"
            mend = "Name every parameter, or take one list or dict."
            yield _fault(module, "varargs", node.name, node.lineno, message, mend)


@rule("work-at-import")
def _work(module: Module) -> Iterator[Fault]:
    for one in module.statements:
        if one.effect is Effect.WORKS:
            message = f"{module.path} does work when it is imported"
            yield _fault(module, "work-at-import", None, one.line, message, WORK_MEND)


WORK_MEND = "Leave only imports, constants, classes and functions; work belongs into a function."


@rule("star-import")
def _star(module: Module) -> Iterator[Fault]:
    for one in module.statements:
        for imported in one.names.imports:
            if imported.bound == "*":
                message = f"from {imported.module} import * hides which names there are"
                mend = "Import the names that are used."
                yield _fault(module, "star-import", None, imported.line, message, mend)


@rule("undefined-name")
def _undefined(module: Module) -> Iterator[Fault]:
    """Names that nothing binds, and those that are needed before they are bound."""
    if module.starred or any(
        one.effect is Effect.WORKS and one.dynamic for one in module.statements
    ):
        return  # names come from elsewhere: from … import *, globals().update(…)
    bound: set[str] = set(_GIVEN)
    for one in module.statements:
        missing = one.names.uses - module.bound.keys() - _GIVEN
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
    return _fault(module, "undefined-name", function, next(places, one.line), message, mend)


def _imports(module: Module, packages: frozenset[str], own: frozenset[str]) -> Iterator[Fault]:
    for statement in module.statements:
        for one in statement.names.imports:
            if not _is_allowed(one, packages, own):
                function = statement.name if statement.is_public else None
                allowed = f"the standard library{''.join(f', {name}' for name in sorted(packages))}"
                message = f"{one.module} may not be imported"
                mend = f"Import only {allowed}, or modules of this library."
                yield _fault(module, "import-not-allowed", function, one.line, message, mend)


def _is_allowed(one: Import, packages: frozenset[str], own: frozenset[str]) -> bool:
    root = one.module.partition(".")[0]
    if one.level or root in sys.stdlib_module_names:
        return True
    prefixes = {one.module[: match.start()] for match in re.finditer(r"\.|$", one.module)}
    return bool(prefixes & packages) or one.module in own
