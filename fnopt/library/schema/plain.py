"""The types that are known by name, with the JSON schema of each."""

from __future__ import annotations

from collections.abc import Mapping

from fnopt.library.schema.bounds import Schema
from fnopt.library.schema.meaning import Known

_DECIMAL = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_FRACTION = r"^[+-]?(\d+(/\d+)?|\d*\.\d+)$"

PLAIN: Mapping[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "list": {"type": "array"},
    "tuple": {"type": "array"},
    "set": {"type": "array", "uniqueItems": True},
    "dict": {"type": "object"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "format": "time"},
    "UUID": {"type": "string", "format": "uuid"},
    "Path": {"type": "string", "format": "path"},
    "Decimal": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _DECIMAL}]},
    "Fraction": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _FRACTION}]},
    "EmailStr": {"type": "string", "format": "email"},
    "HttpUrl": {"type": "string", "format": "uri"},
    "PositiveInt": {"type": "integer", "exclusiveMinimum": 0},
    "NonNegativeInt": {"type": "integer", "minimum": 0},
    "NegativeInt": {"type": "integer", "exclusiveMaximum": 0},
    "NonPositiveInt": {"type": "integer", "maximum": 0},
    "PositiveFloat": {"type": "number", "exclusiveMinimum": 0},
    "NonNegativeFloat": {"type": "number", "minimum": 0},
}
"""What goes in."""

AS_RESULT: Mapping[str, Schema] = {
    "Decimal": {"type": "string", "pattern": _DECIMAL},
    "Fraction": {"type": "string", "pattern": _FRACTION},
    "Iterator": {"type": "array"},
    "Generator": {"type": "array"},
}
"""What comes back of a type in another form than it goes in (see fnopt/sandbox)."""

_SPELLED = {
    "NoneType": "None",
    "List": "list",
    "Sequence": "list",
    "MutableSequence": "list",
    "Iterable": "list",
    "Collection": "list",
    "Deque": "list",
    "deque": "list",
    "Tuple": "tuple",
    "Set": "set",
    "FrozenSet": "set",
    "frozenset": "set",
    "AbstractSet": "set",
    "MutableSet": "set",
    "Dict": "dict",
    "Mapping": "dict",
    "MutableMapping": "dict",
    "DefaultDict": "dict",
    "defaultdict": "dict",
    "OrderedDict": "dict",
    "Text": "str",
    "LiteralString": "str",
    "StrictStr": "str",
    "StrictInt": "int",
    "StrictFloat": "float",
    "StrictBool": "bool",
    "AnyUrl": "HttpUrl",
    "PurePath": "Path",
}
_HOMES = frozenset(
    {"builtins", "typing", "typing_extensions", "types", "collections", "enum", "dataclasses"}
    | {"datetime", "decimal", "fractions", "uuid", "pathlib", "numbers"}
    | {"pydantic", "annotated_types"}
)
"""The packages whose types are known by name."""


def known(found: Known) -> str:
    """The name under which a type is known; empty for one from a package that is not."""
    home, _, last = found.dotted.rpartition(".")
    known = not home or home.partition(".")[0] in _HOMES
    return _SPELLED.get(last, last) if known else ""
