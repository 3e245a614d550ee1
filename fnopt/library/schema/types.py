"""JSON schema of an annotation, read statically: draft 2020-12, as MCP and OpenAI have it.

What is not understood allows everything, rather than something wrong.
"""

from __future__ import annotations

import ast
from typing import Any

from fnopt.library.importing import dotted
from fnopt.library.schema.bounds import Schema, bounded, bounds, limits
from fnopt.library.schema.classes import Data, Field, data_of, root_of
from fnopt.library.schema.meaning import Alias, Class, Known, Place, meaning
from fnopt.library.schema.plain import AS_RESULT, PLAIN, known
from fnopt.library.schema.values import UNSAID, enum_base, is_sayable, members, value

_WRAPPERS = frozenset({"Final", "Required", "NotRequired", "ReadOnly", "InitVar", "ClassVar"})
_MADE = {"conint": "int", "confloat": "float", "constr": "str"}
_MAX_DEPTH = 20
_MOST_VALUES = 5_000
"""Of an enumeration: no prompt holds more."""
_SHORT = 150
"""Characters of an alias's schema that may be repeated wherever it is used."""


class Types:
    """One schema in the making; ``result``: of what comes back, not of what goes in.

    Classes are written once, under ``named``, and referred to as ``#/$defs/NAME``.
    """

    def __init__(self, *, result: bool = False) -> None:
        self.named: dict[str, Schema] = {}
        self._result = result
        self._names: dict[tuple[str, str, int], str] = {}

    def of(self, place: Place, node: ast.expr | None, depth: int = 0) -> Schema:
        """JSON schema of an annotation; empty, which allows everything, where it is unknown."""
        if node is None or depth > _MAX_DEPTH:
            return {}
        match node:
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str() as quoted):
                return self.of(place, _unquoted(quoted), depth + 1)
            case ast.BinOp(op=ast.BitOr()):
                return self._union(place, _alternatives(node), depth)
            case ast.Subscript():
                return self._generic(place, node, depth)
            case ast.Call():
                return self._called(place, node, depth)
        return self._name(place, dotted(node), depth)

    def _name(self, place: Place, name: str, depth: int) -> Schema:
        found = meaning(place, name) if name else Known("")
        match found:
            case Known():
                return dict(self._plain(known(found)))
            case Class():
                return self._class(found, depth)
            case Alias():
                return self._alias(found, depth)

    def _plain(self, name: str) -> Schema:
        if self._result and name in AS_RESULT:
            return AS_RESULT[name]
        return PLAIN.get(name, {})

    def _alias(self, found: Alias, depth: int) -> Schema:
        """What an alias stands for; one that stands for itself is written once, as a class is."""
        key = (found.place.module.path, found.name, found.value.lineno)
        if key in self._names:
            return {"$ref": f"#/$defs/{self._names[key]}"}
        name = self._names[key] = self._unused(found.name)
        made = self.of(found.place, found.value, depth + 1)
        del self._names[key]
        if made == {"$ref": f"#/$defs/{name}"}:  # it stands for nothing but itself
            return {}
        if len(str(made)) < _SHORT and not _refers([made, *self.named.values()], name):
            return made
        self._names[key] = name
        self.named[name] = made
        return {"$ref": f"#/$defs/{name}"}

    def _class(self, one: Class, depth: int) -> Schema:
        if enum_base(one):
            found = members(one)
            return _values(list(found.values()), list(found), result=self._result)
        if one.key in self._names:
            return {"$ref": f"#/$defs/{self._names[one.key]}"}
        data = data_of(one)
        if data is None:
            return {}
        name = self._names[one.key] = self._unused(one.node.name)
        root = root_of(one)
        self.named[name] = (
            self.of(one.place, root, depth + 1) if root is not None else self._data(data, depth)
        )
        return {"$ref": f"#/$defs/{name}"}

    def _unused(self, name: str) -> str:
        taken = {*self._names.values(), *self.named}
        return next(
            one for one in (name, *(f"{name}_{n}" for n in range(2, 10_000))) if one not in taken
        )

    def _data(self, data: Data, depth: int) -> Schema:
        each = {one.name: self._field(one, depth + 1) for one in data.fields}
        if data.kind == "namedtuple" and not each:
            return {"type": "array", "maxItems": 0}
        if data.kind == "namedtuple":
            count = len(each)
            least = sum(1 for one in data.fields if one.required)
            items = list(each.values())
            return {"type": "array", "prefixItems": items, "minItems": least, "maxItems": count}
        described = {"description": data.description} if data.description else {}
        required = [one.name for one in data.fields if one.required or self._comes(data)]
        closed = {} if data.open else {"additionalProperties": False}
        return {
            "type": "object",
            **described,
            "properties": each,
            "required": required,
            **closed,
        }

    def _comes(self, data: Data) -> bool:
        """Whether a field with a default is always in what comes back."""
        return self._result and data.kind != "typeddict"

    def _field(self, one: Field, depth: int) -> Schema:
        made = bounded(self.of(one.place, one.annotation, depth), one.said)
        if one.said.description:
            made = {**made, "description": one.said.description}
        return made if one.default is UNSAID else {**made, "default": one.default}

    def _union(self, place: Place, given: list[ast.expr], depth: int) -> Schema:
        schemas: dict[str, Schema] = {}
        for one in given:
            made = self.of(place, one, depth + 1)
            if not made:
                return {}
            inner = made["anyOf"] if made.keys() == {"anyOf"} else [made]
            schemas |= {str(each): each for each in inner}
        either = list(schemas.values())
        return either[0] if len(either) == 1 else {"anyOf": either}

    def _generic(self, place: Place, node: ast.Subscript, depth: int) -> Schema:
        inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        name = dotted(node.value)
        found = meaning(place, name) if name else Known("")
        if not isinstance(found, Known):  # a generic class or alias: what it is of is not followed
            return self._name(place, name, depth)
        match known(found):
            case "Optional":
                return self._union(place, [*inner, ast.Constant(None)], depth)
            case "Union":
                return self._union(place, inner, depth)
            case "Literal":
                told = [value(place, one) for one in inner]
                return _values(told, [], result=self._result)
            case "Annotated" if inner:
                return self._annotated(place, inner, depth)
            case kind if kind in (*_WRAPPERS, "RootModel") and inner:
                return self.of(place, inner[0], depth + 1)
            case kind:
                return self._container(place, kind, inner, depth)

    def _annotated(self, place: Place, inner: list[ast.expr], depth: int) -> Schema:
        said = bounds(place, inner[1:])
        made = bounded(self.of(place, inner[0], depth + 1), said)
        return {**made, "description": said.description} if said.description else made

    def _container(self, place: Place, kind: str, inner: list[ast.expr], depth: int) -> Schema:
        plain = self._plain(kind)
        if kind == "tuple":
            return self._tuple(place, inner, depth)
        if kind == "Counter" and inner:
            return self._mapping(place, inner[0], ast.Name("int"), depth)
        if kind == "dict" and len(inner) == 2:
            return self._mapping(place, inner[0], inner[1], depth)
        if plain.get("type") == "array" and inner:
            return {**plain, **_said("items", self.of(place, inner[0], depth + 1))}
        return {}

    def _mapping(self, place: Place, key: ast.expr, item: ast.expr, depth: int) -> Schema:
        keys = _as_keys(self.of(place, key, depth + 1))
        values = _said("additionalProperties", self.of(place, item, depth + 1))
        return {"type": "object", **_said("propertyNames", keys), **values}

    def _tuple(self, place: Place, inner: list[ast.expr], depth: int) -> Schema:
        last = inner[-1] if inner else None
        if len(inner) == 2 and isinstance(last, ast.Constant) and last.value is ...:
            return {"type": "array", **_said("items", self.of(place, inner[0], depth + 1))}
        if not inner:
            return {"type": "array", "maxItems": 0}
        if any(isinstance(one, ast.Starred) for one in inner):
            return {"type": "array"}
        items = [self.of(place, one, depth + 1) for one in inner]
        count = len(items)
        return {"type": "array", "prefixItems": items, "minItems": count, "maxItems": count}

    def _called(self, place: Place, node: ast.Call, depth: int) -> Schema:
        """``NewType``, ``TypeVar``, and TypedDict, NamedTuple and Enum made by a call."""
        name = dotted(node.func).rpartition(".")[2]
        if name in _MADE:
            return bounded(dict(PLAIN[_MADE[name]]), limits(place, node))
        if name == "NewType" and len(node.args) == 2:
            return self.of(place, node.args[1], depth + 1)
        if name == "TypedDict" and len(node.args) == 2 and isinstance(node.args[1], ast.Dict):
            return self._typed_dict(place, node, node.args[1], depth)
        if name == "TypeVar":
            told = [one.value for one in node.keywords if one.arg == "bound"] or node.args[1:]
            return self._union(place, told, depth) if told else {}
        return {}

    def _typed_dict(self, place: Place, node: ast.Call, given: ast.Dict, depth: int) -> Schema:
        body: list[ast.stmt] = [
            ast.AnnAssign(ast.Name(key.value), annotation, None, 1)
            for key, annotation in zip(given.keys, given.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
        made = ast.ClassDef("TypedDict", [ast.Name("TypedDict")], node.keywords, body, [])
        made.lineno = node.lineno
        data = data_of(Class(place, made))
        return self._data(data, depth) if data else {}


def _refers(made: Any, name: str) -> bool:
    if isinstance(made, dict):
        mine = made.get("$ref") == f"#/$defs/{name}"
        return mine or any(_refers(one, name) for one in made.values())
    return isinstance(made, list) and any(_refers(one, name) for one in made)


def _unquoted(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """``a | b | c`` from left to right."""
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


def _said(key: str, told: Schema) -> Schema:
    return {key: told} if told else {}


def _as_keys(schema: Schema) -> Schema:
    """What the keys of an object must be like, which are text in JSON whatever they are here."""
    if "enum" in schema:
        return {"enum": [one if isinstance(one, str) else str(one) for one in schema["enum"]]}
    if schema.get("type") == "integer":
        return {"pattern": r"^[+-]?\d+$"}
    plain = {key: one for key, one in schema.items() if key not in ("type", "description")}
    return plain if schema.get("type") == "string" else {}


def _values(told: list[Any], names: list[str], *, result: bool) -> Schema:
    """One of these values; of an Enum whose values no JSON can say, one of its names."""
    if not told or len(told) > _MOST_VALUES:
        return {}
    if not all(is_sayable(one) and not isinstance(one, list | dict) for one in told):
        return {} if result or not names else {"type": "string", "enum": names}
    kinds = {type(one) for one in told}
    types = {str: "string", int: "integer", bool: "boolean"}
    kind = {"type": types[next(iter(kinds))]} if len(kinds) == 1 and kinds <= types.keys() else {}
    return {**kind, "enum": told}
