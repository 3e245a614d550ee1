"""Is a function another one with other names?"""

from __future__ import annotations

import ast
from functools import lru_cache

from fnopt.library.fingerprint import fingerprint, local_names, of_source, without_docstring
from fnopt.library.function import definition
from fnopt.library.module import Module


@lru_cache(maxsize=20_000)
def twin(module: Module, name: str) -> tuple[str, ...]:
    """What a function and all that it needs of its module do, whatever it calls its own names.

    Two functions with the same are one and the same but for their names, those of parameters and
    local variables, and docstrings. Empty for a stub, which does nothing yet.
    """
    places = module.bound[name]
    found = [one for i in places if (one := module.statements[i]).is_public and one.name == name]
    node = definition(module.source(found[-1]).decode("utf-8"))
    if is_stub(node):
        return ()
    others = module.reach(places) - set(places)
    needed = (of_source(module.source(module.statements[index])) for index in others)
    own = fingerprint(without_docstring(node), called=name, renamed=local_names(node))
    return (own, *sorted(needed))


def is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the body does nothing: a docstring, ``...``, ``pass``, ``NotImplementedError``."""
    return all(_does_nothing(one) for one in node.body)


def _does_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
            return name == "NotImplementedError"
    return False
