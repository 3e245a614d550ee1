"""Does one annotation allow all that another does? Read as text, never evaluated.

The answer is True, False, or None where it cannot be known: a class of one's own, an ``Any``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

Aliases = Mapping[str, ast.expr]

_DEPTH = 20
_SPELLED = {
    "List": "list",
    "Tuple": "tuple",
    "Set": "set",
    "FrozenSet": "frozenset",
    "Dict": "dict",
    "Text": "str",
    "NoneType": "None",
    "AbstractSet": "Set-like",
    "MutableSet": "Set-like",
    "MutableSequence": "Sequence",
    "MutableMapping": "Mapping",
}
_ABOVE: Mapping[str, frozenset[str]] = {
    "bool": frozenset({"int", "float", "complex", "Hashable"}),
    "int": frozenset({"float", "complex", "Hashable"}),
    "float": frozenset({"complex", "Hashable"}),
    "complex": frozenset({"Hashable"}),
    "None": frozenset({"Hashable"}),
    "str": frozenset({"Sequence", "Collection", "Iterable", "Hashable", "Sized", "Container"}),
    "bytes": frozenset({"Sequence", "Collection", "Iterable", "Hashable", "Sized", "Container"}),
    "LiteralString": frozenset({"str"}),
    "datetime": frozenset({"date", "Hashable"}),
    "date": frozenset({"Hashable"}),
    "time": frozenset({"Hashable"}),
    "timedelta": frozenset({"Hashable"}),
    "Decimal": frozenset({"Hashable"}),
    "list": frozenset({"Sequence", "Collection", "Iterable", "Sized", "Container"}),
    "tuple": frozenset({"Sequence", "Collection", "Iterable", "Hashable", "Sized", "Container"}),
    "set": frozenset({"Set-like", "Collection", "Iterable", "Sized", "Container"}),
    "frozenset": frozenset({"Set-like", "Collection", "Iterable", "Hashable", "Sized"}),
    "dict": frozenset({"Mapping", "Collection", "Iterable", "Sized", "Container"}),
    "Sequence": frozenset({"Collection", "Iterable", "Sized", "Container"}),
    "Set-like": frozenset({"Collection", "Iterable", "Sized", "Container"}),
    "Mapping": frozenset({"Collection", "Iterable", "Sized", "Container"}),
    "Collection": frozenset({"Iterable", "Sized", "Container"}),
    "Iterator": frozenset({"Iterable"}),
    "Generator": frozenset({"Iterator", "Iterable"}),
    "Iterable": frozenset(),
    "Hashable": frozenset(),
    "Sized": frozenset(),
    "Container": frozenset(),
}
"""Every type that is known, with those that allow all of its values (PEP 484's numbers, too)."""

_ANY = frozenset({"Any", "object"})
_WRAPPERS = frozenset({"Annotated", "Final", "Required", "NotRequired", "ReadOnly", "ClassVar"})


@dataclass(frozen=True)
class Type:
    """One alternative: a name with its arguments, or a value of a ``Literal``.

    ``inside`` are the arguments, each a union; empty when none are said.
    """

    name: str
    inside: tuple[frozenset[Type], ...] = ()
    value: str = ""


Union = frozenset[Type]
ANY = Type("Any")


def covers(
    wide: ast.expr | None, narrow: ast.expr | None, of_wide: Aliases, of_narrow: Aliases
) -> bool | None:
    """Whether ``wide`` allows every value that ``narrow`` does; each with its module's aliases."""
    return _covers(_union(wide, of_wide, _DEPTH), _union(narrow, of_narrow, _DEPTH))


def accepts(annotation: ast.expr | None, name: str, aliases: Aliases) -> bool | None:
    """Whether an annotation allows a literal of the type of that name."""
    return _covers(_union(annotation, aliases, _DEPTH), frozenset({Type(_spelled(name))}))


def _union(node: ast.expr | None, aliases: Aliases, left: int) -> Union:
    """The alternatives of an annotation, flat."""
    if node is None or not left:
        return frozenset({ANY})
    match node:
        case ast.Constant(value=None):
            return frozenset({Type("None")})
        case ast.Constant(value=str() as quoted):
            return _union(_parsed(quoted), aliases, left - 1)
        case ast.BinOp(op=ast.BitOr()):
            return frozenset().union(*(_union(o, aliases, left - 1) for o in _sides(node)))
        case ast.Subscript():
            return _subscript(node, aliases, left - 1)
        case ast.Name(id=name) if name in aliases and name not in _ABOVE:
            return _union(aliases[name], aliases, left - 1)
    return frozenset({Type(_spelled(_last(node)))})


def _sides(node: ast.expr) -> list[ast.expr]:
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        found.append(node.right)
        node = node.left
    return [node, *found]


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _last(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return "Any"


def _spelled(name: str) -> str:
    return _SPELLED.get(name, name)


def _subscript(node: ast.Subscript, aliases: Aliases, left: int) -> Union:
    inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    name = _spelled(_last(node.value))
    if name == "Optional":
        inner.append(ast.Constant(None))
    if name in ("Union", "Optional"):
        return frozenset().union(*(_union(one, aliases, left) for one in inner))
    if name == "Literal":
        return frozenset(_literal(one) for one in inner)
    if name in _WRAPPERS and inner:
        return _union(inner[0], aliases, left)
    return frozenset({Type(name, tuple(_argument(one, aliases, left) for one in inner))})


def _argument(node: ast.expr, aliases: Aliases, left: int) -> Union:
    rest = isinstance(node, ast.Constant) and node.value is ...
    return frozenset({Type("...")}) if rest else _union(node, aliases, left)


def _literal(node: ast.expr) -> Type:
    match node:
        case ast.Constant(value=None):
            return Type("None")
        case ast.Constant(value=value):
            return Type(type(value).__name__, value=repr(value))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return Type("int", value=repr(-value))
    return ANY  # a member of an enumeration


def _covers(wide: Union, narrow: Union) -> bool | None:
    """Every alternative of ``narrow`` needs one of ``wide``; bool stands for its two values."""
    answers = {_one_of(wide, one) for one in narrow}
    if False in answers:
        return False
    return None if None in answers else True


def _one_of(wide: Union, narrow: Type) -> bool | None:
    if narrow.name in _ANY and any(one.name in _ANY for one in wide):
        return True
    if {Type("bool", value="True"), Type("bool", value="False")} <= wide and narrow.name == "bool":
        return True
    answers = {_allows(one, narrow) for one in wide}
    if True in answers:
        return True
    return None if None in answers else False


def _allows(wide: Type, narrow: Type) -> bool | None:
    if wide == narrow or wide.name in _ANY:
        return True
    if wide.name not in _ABOVE or narrow.name not in _ABOVE:
        return None
    if wide.value:
        return wide == narrow
    if wide.name == narrow.name:
        return _inside(wide, narrow)
    if wide.name not in _ABOVE[narrow.name]:
        return False
    return _elements(wide, narrow)


def _elements(wide: Type, narrow: Type) -> bool | None:
    """``Sequence[str]`` and ``list[str]``: what is in them is compared where both say one thing."""
    if not wide.inside or wide.name == "Hashable":
        return True
    if len(wide.inside) == len(narrow.inside) and narrow.name != "tuple":
        return _inside(wide, narrow)
    return None


def _inside(wide: Type, narrow: Type) -> bool | None:
    """The arguments of one generic, taken as what it holds: JSON knows no variance."""
    if not wide.inside:
        return True
    if wide.name == "tuple":
        return _tuples(wide.inside, narrow.inside)
    if not narrow.inside:  # all of them was allowed
        return all(ANY in one for one in wide.inside)
    if len(wide.inside) != len(narrow.inside):
        return None
    return _all([_covers(*pair) for pair in zip(wide.inside, narrow.inside, strict=True)])


def _tuples(wide: tuple[Union, ...], narrow: tuple[Union, ...]) -> bool | None:
    many = frozenset({Type("...")})
    if wide[-1] == many:
        given = [one for one in narrow if one != many]
        return _all([_covers(wide[0], one) for one in given]) if narrow else False
    if len(wide) != len(narrow) or narrow[-1] == many:
        return False
    return _all([_covers(*pair) for pair in zip(wide, narrow, strict=True)])


def _all(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True
