"""From a model's JSON arguments to a bound call, with mild conversions by annotation.

Loaded by the child interpreter as a sibling file, so: only the standard library, nothing of fnopt.
Small models send numbers as text and lists as JSON text; where the annotation leaves one way to
read a value, it is read that way, and otherwise it is handed on untouched.
"""

from __future__ import annotations

import enum
import inspect
import json
import math
import re
import types
import typing
from collections import OrderedDict, abc
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union

_LISTS: Mapping[Any, Callable[[Any], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Iterable: list,
    abc.Collection: list,
    abc.Set: set,
}
_DICTS = (dict, abc.Mapping, abc.MutableMapping)


class WrongArguments(Exception):
    """The arguments do not fit the signature; the message is one line, meant for the model."""


def signature_of(function: Any) -> inspect.Signature:
    """The signature, with annotations resolved where they can be."""
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # noqa: BLE001 - an annotation may be any expression and fail in any way
        return inspect.signature(function)


def bind(
    name: str, signature: inspect.Signature, arguments: Mapping[str, Any]
) -> inspect.BoundArguments:
    """The bound arguments, converted by annotation. Raises :class:`WrongArguments`."""
    parameters = signature.parameters.values()
    named = [one for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    missing = [one.name for one in named if one.default is one.empty and one.name not in arguments]
    takes = {one.name for one in parameters if one.kind is not one.VAR_KEYWORD}
    extra = {key: value for key, value in arguments.items() if key not in takes}
    if missing or (extra and not any(one.kind is one.VAR_KEYWORD for one in parameters)):
        raise WrongArguments(_complaint(f"{name}{signature}", missing, list(extra)))
    chosen = OrderedDict[str, Any]()
    for one in parameters:
        if one.kind is one.VAR_KEYWORD:
            chosen[one.name] = {key: convert(extra[key], one.annotation) for key in extra}
        elif one.name in arguments:
            chosen[one.name] = _given(one, arguments[one.name])
    bound = inspect.BoundArguments(signature, chosen)
    bound.apply_defaults()
    return bound


def _given(parameter: inspect.Parameter, value: Any) -> Any:
    if parameter.kind is not parameter.VAR_POSITIONAL:
        return convert(value, parameter.annotation)
    items = value if isinstance(value, list) else [value]
    return tuple(convert(item, parameter.annotation) for item in items)


def _complaint(expected: str, missing: list[str], extra: list[str]) -> str:
    parts = ["missing " + ", ".join(map(repr, missing))] if missing else []
    parts += ["unexpected " + ", ".join(map(repr, extra))] if extra else []
    return f"wrong arguments: {'; '.join(parts)}; expected {expected}"


def convert(value: Any, annotation: Any) -> Any:
    """``value`` as ``annotation`` wants it, where there is one way; else ``value`` itself."""
    try:
        return _convert(value, annotation)
    except Exception:  # noqa: BLE001 - a conversion that fails is none; annotations are foreign
        return value


def _convert(value: Any, annotation: Any) -> Any:
    origin = typing.get_origin(annotation)
    inner = typing.get_args(annotation)
    if origin is typing.Annotated:
        return _convert(value, inner[0])
    if origin is Literal:
        return next((one for one in inner if str(one) == str(value)), value)
    if origin in (Union, types.UnionType):
        return _union(value, inner)
    kind = origin or annotation
    if kind in _LISTS:
        return _collection(value, kind, inner)
    if kind in _DICTS:
        return _dictionary(value, inner)
    return _scalar(value, kind)


def _union(value: Any, members: tuple[Any, ...]) -> Any:
    for member in members:
        if type(value) is (typing.get_origin(member) or member):
            return convert(value, member)
    for member in members if value is not None else ():
        converted = convert(value, member)
        if type(converted) is not type(value):
            return converted
    return value


def _collection(value: Any, kind: Any, inner: tuple[Any, ...]) -> Any:
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, list):
        raise TypeError("not a list")
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        return tuple(convert(one, want) for one, want in zip(value, inner, strict=True))
    items = [convert(one, inner[0]) for one in value] if inner else value
    return _LISTS[kind](items)


def _dictionary(value: Any, inner: tuple[Any, ...]) -> Any:
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    if len(inner) != 2:
        return value
    return {convert(key, inner[0]): convert(item, inner[1]) for key, item in value.items()}


def _scalar(value: Any, kind: Any) -> Any:
    if not isinstance(kind, type):
        return value
    if issubclass(kind, enum.Enum):
        return kind(value) if value in [one.value for one in kind] else kind[value]
    read = _READERS.get(f"{kind.__module__}.{kind.__qualname__}")
    return read(kind, value) if read else value


def _integer(_: type, value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value, re.ASCII):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _float(_: type, value: Any) -> Any:
    # An integer is a float already (PEP 484), and made one it would print as "3.0".
    if not isinstance(value, str) or not math.isfinite(float(value)):
        return value
    return float(value)


def _boolean(_: type, value: Any) -> Any:
    truths = {"true": True, "false": False}
    return truths.get(value.strip().lower(), value) if isinstance(value, str) else value


def _string(_: type, value: Any) -> Any:
    return str(value) if type(value) is int else value


def _from_text(kind: Any, value: Any) -> Any:
    return kind(str(value))


def _from_iso(kind: Any, value: Any) -> Any:
    return kind.fromisoformat(value)


# By name, so that these modules are only imported where learned code imported them.
_READERS: Mapping[str, Callable[[type, Any], Any]] = {
    "builtins.int": _integer,
    "builtins.float": _float,
    "builtins.bool": _boolean,
    "builtins.str": _string,
    "decimal.Decimal": _from_text,
    "fractions.Fraction": _from_text,
    "datetime.date": _from_iso,
    "datetime.time": _from_iso,
    "datetime.datetime": _from_iso,
}
