"""The fields of a class that carries data: dataclass, TypedDict, NamedTuple, pydantic model, attrs.

Read from its text, its bases in the library included; the class is never made.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from fnopt.library.docstring import sections
from fnopt.library.importing import dotted
from fnopt.library.schema.bounds import Bounds, limits, plain
from fnopt.library.schema.meaning import Class, Known, Place, meaning
from fnopt.library.schema.values import UNSAID, base_names, is_sayable, lineage, value

Kind = Literal["dataclass", "typeddict", "namedtuple", "model"]

_BASES: dict[str, Kind] = {
    "TypedDict": "typeddict",
    "NamedTuple": "namedtuple",
    "BaseModel": "model",
    "RootModel": "model",
}
_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "s"})
_FIELDS = frozenset({"field", "Field", "ib", "attrib"})
_FACTORIES: dict[str, Any] = {"list": [], "dict": {}, "set": [], "tuple": []}
_FREE = frozenset({"ClassVar", "KW_ONLY"})


@dataclass(frozen=True, eq=False)
class Field:
    """One field: its name in JSON, and its type where ``place`` looks names up.

    ``default`` is ``UNSAID`` where there is none, or none that JSON can say.
    """

    name: str
    annotation: ast.expr
    place: Place
    required: bool
    default: Any = UNSAID
    said: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, eq=False)
class Data:
    """A class as data. ``open``: keys that it does not name are no error."""

    kind: Kind
    fields: tuple[Field, ...]
    open: bool
    description: str


def data_of(one: Class) -> Data | None:
    """What the class holds; None where it is no class of data."""
    kind = kind_of(one)
    if kind is None:
        return None
    parts = list(reversed(lineage(one)))
    if any(_is_unknown(part) for part in parts):
        return None
    found: dict[str, Field] = {}
    for part in parts:
        for name, each in _own(part, kind) if _adds(part, kind) else ():
            found.pop(name, None) if each is None else found.update({name: each})
    found = {each.name: each for each in found.values()}
    doc = inspect.cleandoc(ast.get_docstring(one.node, clean=False) or "")
    said = sections(doc, tuple(found))
    told = tuple(_described(each, said.arguments.get(each.name, "")) for each in found.values())
    is_open = all(_is_open(part, kind) for part in parts)
    return Data(kind, told, is_open, said.text.partition("\n\n")[0].strip())


def root_of(one: Class) -> ast.expr | None:
    """The type that a ``RootModel[…]`` stands for."""
    for base in one.node.bases:
        if isinstance(base, ast.Subscript) and dotted(base.value).endswith("RootModel"):
            return base.slice
    return None


def kind_of(one: Class) -> Kind | None:
    """Which kind of data class it is, by its decorators and bases, and those of its bases."""
    if any(_makes(part) for part in lineage(one)):
        return "dataclass"
    for name in base_names(one):
        if name.rpartition(".")[2] in _BASES:
            return _BASES[name.rpartition(".")[2]]
    return None


def _makes(one: Class) -> str:
    """The decorator that makes fields of what the body annotates; empty if there is none."""
    for decorator in one.node.decorator_list:
        name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if name.rpartition(".")[2] in _DECORATORS and isinstance(meaning(one.place, name), Known):
            return name
    return ""


def _adds(one: Class, kind: Kind) -> bool:
    """Whether what the class annotates are fields of its own."""
    if kind == "dataclass":
        return bool(_makes(one))
    if kind == "namedtuple":
        bases = (dotted(base).rpartition(".")[2] for base in one.node.bases)
        return "NamedTuple" in bases
    return True


def _is_unknown(one: Class) -> bool:
    """Whether fields are not what is annotated: an ``__init__`` of its own, ``x = attr.ib()``."""
    for decorator in one.node.decorator_list:
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        init = _keyword(keywords, "init")
        if isinstance(init, ast.Constant) and init.value is False:
            return True
    return any(isinstance(each, ast.Assign) and _is_field(each.value) for each in one.node.body)


def _own(one: Class, kind: Kind) -> Iterator[tuple[str, Field | None]]:
    """The fields that a class adds to those of its bases, by attribute; None for one that goes."""
    total = _keyword(one.node.keywords, "total")
    by_default = not (isinstance(total, ast.Constant) and total.value is False)
    for statement, behind in zip(one.node.body, [*one.node.body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        name, annotation = statement.target.id, statement.annotation
        if _head(annotation) in _FREE or (kind == "model" and name.startswith("_")):
            continue
        made = _field(one.place, name, annotation, statement.value)
        if made is not None and kind == "typeddict":
            made = replace(made, required=_is_required(annotation, by_default))
        if made is not None and "attr" in _makes(one) + _home(one):
            made = replace(made, name=made.name.lstrip("_"))  # so does attrs
        yield name, _described(made, _text(behind)) if made else None


def _home(one: Class) -> str:
    """Where its decorator comes from."""
    found = meaning(one.place, _makes(one))
    return found.dotted if isinstance(found, Known) else ""


def _head(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value.partition("[")[0].strip().rpartition(".")[2]
    node = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return dotted(node).rpartition(".")[2]


def _is_required(annotation: ast.expr, by_default: bool) -> bool:
    """What ``Required`` and ``NotRequired`` say, inside of ``Annotated`` and ``ReadOnly`` too."""
    node: ast.expr = annotation
    while isinstance(node, ast.Subscript):
        if _head(node) in ("Required", "NotRequired"):
            return _head(node) == "Required"
        node = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
    return by_default


def _field(place: Place, name: str, annotation: ast.expr, given: ast.expr | None) -> Field | None:
    """A field with its default; None for one that ``init=False`` keeps out."""
    if given is None:
        return Field(name, annotation, place, not _has_default(annotation))
    if not _is_field(given):
        return Field(name, annotation, place, False, _sayable(value(place, given)))
    assert isinstance(given, ast.Call), "BUG: a field is a call"
    init = _keyword(given.keywords, "init")
    if isinstance(init, ast.Constant) and init.value is False:
        return None
    alias = _keyword(given.keywords, "validation_alias") or _keyword(given.keywords, "alias")
    called = value(place, alias) if alias is not None else name
    default = _keyword(given.keywords, "default") or next(iter(given.args), None)
    factory = _keyword(given.keywords, "default_factory") or _keyword(given.keywords, "factory")
    required = factory is None and (default is None or _is_ellipsis(default))
    told = _FACTORIES.get(dotted(factory), UNSAID) if factory is not None else UNSAID
    if default is not None and not required:
        told = _sayable(value(place, default))
    known = called if isinstance(called, str) else name
    return Field(known, annotation, place, required, told, limits(place, given))


def _is_field(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in _FIELDS


def _has_default(annotation: ast.expr) -> bool:
    """Whether a ``Field`` within ``Annotated`` gives one."""
    inner = annotation.slice if isinstance(annotation, ast.Subscript) else None
    told = (
        inner.elts[1:] if isinstance(inner, ast.Tuple) and _head(annotation) == "Annotated" else ()
    )
    names = ("default", "default_factory")
    return any(
        _keyword(one.keywords, name) is not None
        for one in told
        if isinstance(one, ast.Call) and _is_field(one)
        for name in names
    )


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _sayable(told: Any) -> Any:
    return told if is_sayable(told) else UNSAID


def _keyword(keywords: list[ast.keyword], name: str) -> ast.expr | None:
    return next((one.value for one in keywords if one.arg == name), None)


def _text(statement: ast.stmt | None) -> str:
    """The docstring of a field: a text that stands behind it."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str() as text)):
            return plain(text)
    return ""


def _described(one: Field, text: str) -> Field:
    return replace(one, said=one.said | Bounds(description=text)) if text else one


def _is_open(one: Class, kind: Kind) -> bool:
    """pydantic's models pass over keys that they do not know, unless told to forbid them."""
    if kind != "model":
        return False
    told = [_keyword(one.node.keywords, "extra")]
    for statement in one.node.body:
        if isinstance(statement, ast.Assign) and dotted(statement.targets[0]) == "model_config":
            told += _extras(statement.value)
    return not any(isinstance(each, ast.Constant) and each.value == "forbid" for each in told)


def _extras(node: ast.expr) -> list[ast.expr | None]:
    match node:
        case ast.Call(keywords=keywords):
            return [_keyword(keywords, "extra")]
        case ast.Dict(keys=keys, values=values):
            named = zip(keys, values, strict=True)
            return [
                one for key, one in named if isinstance(key, ast.Constant) and key.value == "extra"
            ]
    return []
