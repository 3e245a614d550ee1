"""Does a module work when it is imported, or remember anything between calls?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fnopt.library.importing import Effect, dotted
from fnopt.library.module import Module
from fnopt.library.rules.registry import Settings, fault, rule, words
from fnopt.records import Fault

WORK_MEND = "Leave only imports, constants, classes and functions; work belongs into a function."

_MAKERS = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter"})
_MAKERS |= {"OrderedDict", "ChainMap"}
_CHANGES = words(
    "append extend insert remove pop popitem clear update setdefault add discard sort"
    " reverse appendleft popleft extendleft rotate subtract intersection_update"
    " difference_update symmetric_difference_update move_to_end"
)
_LITERALS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


@rule("work-at-import", "Importing a module does nothing but define.")
def _work(module: Module, _: Settings) -> Iterator[Fault]:
    for one in module.statements:
        if one.effect is Effect.WORKS:
            message = f"{module.path} does work when it is imported"
            yield fault(module, "work-at-import", None, one.line, message, WORK_MEND)


@rule("mutable-state", "No call leaves anything behind that the next one would see.")
def _state(module: Module, _: Settings) -> Iterator[Fault]:
    body = module.tree().body
    shared = _shared(body)
    for one, node in zip(module.statements, body, strict=True):
        if one.kind != "function":
            continue
        for name, line in _changed(node, shared | _defaults(node), one.names.sets):
            message = f"{one.name} changes {name}, which the next call would see"
            mend = "Make it anew in every call, or take and return it."
            function = one.name if one.is_public else None
            yield fault(module, "mutable-state", function, line, message, mend)
            break


def _shared(body: list[ast.stmt]) -> frozenset[str]:
    """Names of the module that hold a list, a dict or the like."""
    found: set[str] = set()
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=value) if _is_mutable(value):
                found |= {one.id for one in targets if isinstance(one, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found |= {name} if _is_mutable(value) else set()
    return frozenset(found)


def _is_mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return dotted(value.func).rpartition(".")[2] in _MAKERS
    return isinstance(value, _LITERALS)


def _defaults(node: ast.stmt) -> frozenset[str]:
    """Parameters whose default is one object for all calls."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    positional = [*node.args.posonlyargs, *node.args.args]
    pairs = [
        *zip(reversed(positional), reversed(node.args.defaults), strict=False),
        *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
    ]
    return frozenset(one.arg for one, default in pairs if default and _is_mutable(default))


def _changed(
    node: ast.stmt, shared: frozenset[str], declared: frozenset[str]
) -> Iterator[tuple[str, int]]:
    """The shared names that the function changes, with the line; ``declared``: by ``global``."""
    if not shared and not declared:
        return
    nodes = list(ast.walk(node))
    names = (one for one in nodes if isinstance(one, ast.Name))
    bound = {one.id for one in names if isinstance(one.ctx, ast.Store)}
    parameters = {one.arg for one in nodes if isinstance(one, ast.arg)}
    defaults = _defaults(node)
    visible = (shared - bound - (parameters - defaults)) | (defaults - bound)
    for one in nodes:
        name = _target(one)
        if name in visible or (isinstance(one, ast.Global) and declared & set(one.names)):
            yield name or sorted(declared & set(one.names))[0], one.lineno  # type: ignore[attr-defined]


def _target(node: ast.AST) -> str:
    """The name of what the node changes in place; empty when it changes nothing."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            return name
        case ast.AugAssign(target=ast.Name(id=name)):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            return name if method in _CHANGES else ""
    return ""
