"""A function as a little module of its own: what it needs, above it, as a model may write it."""

from __future__ import annotations

from fnopt.library.callgraph import places_of
from fnopt.library.function import Library
from fnopt.library.module import Module, Statement


def listing(library: Library, name: str) -> str:
    """The function with the imports, constants and private helpers of its module that it needs.

    Other public functions are left out. Line ends are LF. Raises KeyError for an unknown name.
    """
    places = [index for _, index in places_of(library, name)]
    function = library.get(name)
    assert function is not None, "BUG: a function with places exists"
    module = library.modules[function.path]
    public = {i for i, one in enumerate(module.statements) if _is_offered(one)} - set(places)
    wanted = module.reach(places, without=frozenset(public))
    wanted |= {i for i, one in enumerate(module.statements) if one.kind == "future"}
    wanted -= {i for i in wanted if module.statements[i].kind in ("docstring", "guard")}
    return _joined(module, [module.statements[i] for i in sorted(wanted)])


def _is_offered(one: Statement) -> bool:
    """A public function, or a variant of one."""
    return one.is_public or (one.kind == "overload" and not one.name.startswith("_"))


def _joined(module: Module, statements: list[Statement]) -> str:
    """Two blank lines around definitions, one between imports and constants."""
    text = ""
    flat = ("import", "future", "constant", "other")
    before = ""
    for one in statements:
        source = module.source(one, comments=one.kind not in ("import", "future"))
        if text:
            both = one.kind in flat and before in flat
            text += ("" if one.kind == before else "\n") if both else "\n\n"
        text += _lf(source).rstrip("\n") + "\n"
        before = one.kind
    return text


def _lf(source: bytes) -> str:
    return source.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
