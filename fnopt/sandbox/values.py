"""From the value that learned code returned to a JSON value.

Loaded by the child interpreter as a sibling file, so: only the standard library, nothing of fnopt.
What is not plainly a JSON value is turned into one where there is one way to do it, and refused
with the name of its type where there is not.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

MAX_DEPTH = 100
MAX_ITEMS = 100_000
MAX_DIGITS = 4300  # above it, Python's own int() refuses the text of an integer by default

# By name, so that these modules are only imported where learned code imported them.
_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "datetime.date": lambda value: str(value.isoformat()),
    "datetime.time": lambda value: str(value.isoformat()),
    "decimal.Decimal": str,
    "uuid.UUID": str,
    "pathlib.PurePath": str,
    "pathlib._local.PurePath": str,
    "fractions.Fraction": str,
}


class Unconvertible(Exception):
    """The value has no JSON form; the message names the type and is meant for the model."""


def to_json(value: Any, depth: int = 0) -> Any:
    """The JSON value for ``value``. Raises :class:`Unconvertible`."""
    if depth > MAX_DEPTH:
        raise Unconvertible(f"the result is nested deeper than {MAX_DEPTH} levels")
    for convert in (_scalar, _text, _sequence, _mapping, _foreign):
        found, result = convert(value, depth)
        if found:
            return result
    raise Unconvertible(_refusal(value))


def _scalar(value: Any, depth: int) -> tuple[bool, Any]:
    match value:
        case enum.Enum():
            return True, to_json(value.value, depth + 1)
        case None | bool():
            return True, value
        case int():
            return True, _integer(int(value))
        case float():
            return True, float(value) if math.isfinite(value) else str(float(value))
        case str():
            # A lone surrogate cannot be sent on as UTF-8: keep it readable instead.
            return True, str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return False, None


def _integer(value: int) -> int | str:
    return value if value.bit_length() < MAX_DIGITS * 3 else str(value)


def _text(value: Any, _: int) -> tuple[bool, Any]:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise Unconvertible("the result holds bytes: decode them, or return hex or base64")
    for base in type(value).__mro__:
        if write := _TEXTS.get(f"{base.__module__}.{base.__qualname__}"):
            return True, write(value)
    return False, None


def _sequence(value: Any, depth: int) -> tuple[bool, Any]:
    if isinstance(value, AbstractSet):
        return True, _sorted(_items(value, depth))
    if isinstance(value, Mapping):
        return False, None
    if isinstance(value, (list, tuple, range, Iterator)) or _is_plain_collection(value):
        return True, _items(value, depth)
    return False, None


def _is_plain_collection(value: Any) -> bool:
    return type(value).__module__ in ("builtins", "collections") and isinstance(value, Iterable)


def _items(values: Iterable[Any], depth: int) -> list[Any]:
    items = list(itertools.islice(values, MAX_ITEMS + 1))
    if len(items) > MAX_ITEMS:
        raise Unconvertible(f"the result holds more than {MAX_ITEMS:,} items in one collection")
    return [to_json(item, depth + 1) for item in items]


def _sorted(items: list[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=repr)


def _mapping(value: Any, depth: int) -> tuple[bool, Any]:
    names = None if isinstance(value, type) else _fields(value)
    if names is not None:
        return True, {name: to_json(getattr(value, name), depth + 1) for name in names}
    if not isinstance(value, type) and hasattr(value, "model_dump"):  # a pydantic model
        return True, to_json(value.model_dump(), depth + 1)
    if not isinstance(value, Mapping):
        return False, None
    result: dict[str, Any] = {}
    for key, item in value.items():
        name = _key(key, depth)
        if name in result:
            raise Unconvertible(f"two keys of the result read alike as text: {name!r}")
        result[name] = to_json(item, depth + 1)
    return True, result


def _fields(value: Any) -> list[str] | None:
    """The names of the fields of a dataclass or of a class of attrs; None for other values."""
    if dataclasses.is_dataclass(value):
        return [one.name for one in dataclasses.fields(value)]
    attributes = getattr(type(value), "__attrs_attrs__", None)
    return None if attributes is None else [one.name for one in attributes]


def _key(key: Any, depth: int) -> str:
    converted = to_json(key, depth + 1)
    if isinstance(converted, str):
        return converted
    if converted is None or isinstance(converted, bool):
        return {None: "null", True: "true", False: "false"}[converted]
    return str(tuple(converted) if isinstance(key, tuple) else converted)


def _foreign(value: Any, depth: int) -> tuple[bool, Any]:
    """numpy's arrays and scalars, known by name so that numpy need not be imported."""
    if any(base.__module__.partition(".")[0] == "numpy" for base in type(value).__mro__):
        for method in ("tolist", "item"):
            plain = getattr(value, method, lambda: value)()
            if type(plain) is not type(value):
                return True, to_json(plain, depth + 1)
    return False, None


def _refusal(value: Any) -> str:
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return (
        f"the result holds a {module}{kind.__qualname__}, which has no JSON form: "
        "return text, numbers, booleans, lists or dicts"
    )
