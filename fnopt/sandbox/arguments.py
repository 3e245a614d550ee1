"""From a model's JSON arguments to a bound call, with mild conversions by annotation.

Loaded by the child interpreter as a sibling file, so: only the standard library, nothing of fnopt.
Small models send numbers as text and lists as JSON text; where the annotation leaves one way to
read a value, it is read that way, and otherwise it is handed on untouched.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import json
import math
import re
import types
import typing
from collections import Counter, OrderedDict, abc, defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union

_LISTS: Mapping[Any, Callable[[Any], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    deque: deque,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Iterable: list,
    abc.Collection: list,
    abc.Set: set,
    abc.MutableSet: set,
}
_DICTS = (dict, abc.Mapping, abc.MutableMapping, defaultdict)
_LOOKED_AT = 100  # items of a value that decide among the members of a union
_DATA = (
    "__dataclass_fields__",
    "__attrs_attrs__",
    "__required_keys__",  # of a TypedDict
    "_fields",  # of a NamedTuple
    "model_validate",  # of a pydantic model
)
_NULLABLE = (inspect.Parameter.empty, types.NoneType, object, Any)
_MAPPINGS = (OrderedDict, Counter)  # made anew, and kept as what they are


class WrongArguments(Exception):
    """The arguments do not fit the signature; the message is one line, meant for the model."""


def signature_of(function: Any) -> inspect.Signature:
    """The signature, with annotations resolved where they can be."""
    signature = inspect.signature(function)
    hints = _hints(function)
    parameters = [
        one.replace(annotation=hints.get(one.name, one.annotation))
        for one in signature.parameters.values()
    ]
    result = hints.get("return", signature.return_annotation)
    return signature.replace(parameters=parameters, return_annotation=result)


def _hints(of: Any) -> dict[str, Any]:
    """The annotations of a function or class, resolved; none where one cannot be."""
    try:
        return typing.get_type_hints(of)
    except Exception:  # noqa: BLE001 - an annotation may be any expression and fail in any way
        return {}


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
        elif one.name in arguments and not _left_out(one, arguments[one.name]):
            chosen[one.name] = _given(one, arguments[one.name])
    bound = inspect.BoundArguments(signature, chosen)
    bound.apply_defaults()
    return bound


def _left_out(parameter: inspect.Parameter, value: Any) -> bool:
    """Whether null stands for the default, as it must where a schema wants every argument."""
    if value is not None or parameter.default is parameter.empty or parameter.default is None:
        return False
    return not _takes_none(parameter.annotation)


def _takes_none(annotation: Any) -> bool:
    """Whether None may be one of the type's values: no only where that is certain."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return any(_takes_none(one) for one in inner)
    if origin is Literal:
        return None in inner
    kind = getattr(annotation, "__supertype__", origin or annotation)
    return not isinstance(kind, type) or kind in _NULLABLE


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
    """``value`` as ``annotation`` wants it, where there is one way; else ``value`` itself.

    Raises :class:`WrongArguments` for an object that lacks what its class needs.
    """
    try:
        return _convert(value, annotation)
    except WrongArguments:
        raise
    except Exception:  # noqa: BLE001 - a conversion that fails is none; annotations are foreign
        return value


def _convert(value: Any, annotation: Any) -> Any:
    origin = typing.get_origin(annotation)
    inner = typing.get_args(annotation)
    if origin is typing.Annotated:
        return _convert(value, inner[0])
    for mark in ("__supertype__", "__value__", "__bound__"):  # NewType, type statement, TypeVar
        if further := getattr(annotation, mark, None):
            return _convert(value, further)
    if isinstance(annotation, dataclasses.InitVar):
        return _convert(value, annotation.type)
    if origin is Literal:
        return _choice(value, inner, [getattr(one, "value", one) for one in inner])
    if origin in (Union, types.UnionType):
        return _union(value, inner)
    kind = origin or annotation
    if kind in _LISTS:
        return _collection(value, kind, inner)
    if kind in _DICTS or (isinstance(kind, type) and issubclass(kind, _MAPPINGS)):
        return _dictionary(value, kind, inner)
    if _is_data(kind):
        return _built(value, kind)
    return _scalar(value, kind)


def _choice(value: Any, members: Any, values: list[Any]) -> Any:
    """The member of that value, of that very type if there is one; else the value itself."""
    pairs = list(zip(members, values, strict=True))
    exact = [one for one, told in pairs if told == value and type(told) is type(value)]
    spelled = [one for one, told in pairs if str(told) == str(value)] if value is not None else []
    return next(iter([*exact, *spelled]), value)


def _union(value: Any, members: tuple[Any, ...]) -> Any:
    same = [one for one in members if type(value) is (typing.get_origin(one) or one)]
    for member in (*same, *members) if same else ():  # the one that changes nothing before others
        if _fits(value, member):
            return convert(value, member)
    if same:
        return convert(value, same[0])
    wrong: list[WrongArguments] = []
    members = tuple(sorted(members, key=lambda one: not _fits(value, one)))
    for member in members if value is not None else ():
        try:
            converted = convert(value, member)
        except WrongArguments as error:
            wrong.append(error)
            continue
        if type(converted) is not type(value) or converted != value:
            return converted
    if wrong and isinstance(value, dict) and not any(one in _DICTS for one in members):
        raise wrong[-1]
    return value


def _fits(value: Any, annotation: Any) -> bool:
    """Whether the value, as JSON has it, is what the annotation says, as far as a look tells."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in inner)
    kind = origin or annotation
    if kind in _LISTS:
        return isinstance(value, list) and (
            not inner or kind is tuple or all(_fits(one, inner[0]) for one in value[:_LOOKED_AT])
        )
    if kind in _DICTS:
        items = list(value.values())[:_LOOKED_AT] if isinstance(value, dict) else []
        told = len(inner) != 2 or all(_fits(one, inner[1]) for one in items)
        return isinstance(value, dict) and told
    if _is_data(kind):
        return _fits_fields(value, kind)
    if kind is float:
        return type(value) in (int, float)
    return not isinstance(kind, type) or kind in (Any, object) or type(value) is kind


def _fits_fields(value: Any, kind: Any) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, list) and hasattr(kind, "_fields")
    hints = _hints(kind)
    return all(key in hints and _fits(one, hints[key]) for key, one in value.items())


def _collection(value: Any, kind: Any, inner: tuple[Any, ...]) -> Any:
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, list):
        raise TypeError("not a list")
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        return tuple(convert(one, want) for one, want in zip(value, inner, strict=True))
    items = [convert(one, inner[0]) for one in value] if inner else value
    return _LISTS[kind](items)


def _dictionary(value: Any, kind: Any, inner: tuple[Any, ...]) -> Any:
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    keys, items = inner if len(inner) == 2 else (*inner, int) if inner else (Any, Any)
    made = {convert(key, keys): convert(item, items) for key, item in value.items()}
    return kind(made) if kind in _MAPPINGS else made


def _is_data(kind: Any) -> bool:
    """Whether it is a class whose instances are made of fields: all kinds that a schema can say."""
    return isinstance(kind, type) and any(hasattr(kind, mark) for mark in _DATA)


def _built(value: Any, kind: Any) -> Any:
    """An instance of a class of data. Raises :class:`WrongArguments` when it cannot be made."""
    if isinstance(value, str) and not hasattr(kind, "__pydantic_root_model__"):
        value = json.loads(value)
    if isinstance(value, list) and hasattr(kind, "_fields"):
        if len(value) > len(kind._fields):
            raise WrongArguments(f"{kind.__name__}: takes {len(kind._fields)} items at most")
        value = dict(zip(kind._fields, value, strict=False))
    try:
        if hasattr(kind, "model_validate"):  # pydantic converts by itself
            return kind.model_validate(value)
        if not isinstance(value, dict):
            return value
        hints = _hints(kind)
        given = {
            key: convert(one, hints.get(key, Any))
            for key, one in value.items()
            if one is not None or _takes_none(hints.get(key, Any))
        }
        return _typed_dict(kind, given) if hasattr(kind, "__required_keys__") else kind(**given)
    except WrongArguments:
        raise
    except Exception as error:  # noqa: BLE001 - a class may refuse its fields in any way
        raise WrongArguments(f"{kind.__name__}: {' '.join(str(error).split())}") from None


def _typed_dict(kind: Any, given: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    required = {key for key in hints if _is_required(kind, key, hints[key])}
    missing, extra = required - given.keys(), given.keys() - hints.keys()
    if missing or extra:
        fields = ", ".join(sorted(hints))
        raise WrongArguments(
            _complaint(f"{kind.__name__} of {fields}", sorted(missing), sorted(extra))
        )
    return given


def _is_required(kind: Any, key: str, hint: Any) -> bool:
    """``__required_keys__`` is wrong where annotations are texts: what they say counts."""
    said = str(typing.get_origin(hint))
    return said.endswith(".Required") or (
        not said.endswith(".NotRequired") and key in kind.__required_keys__
    )


def _scalar(value: Any, kind: Any) -> Any:
    if not isinstance(kind, type):
        return value
    name = f"{kind.__module__}.{kind.__qualname__}"
    read = _from_name if issubclass(kind, enum.Enum) else _READERS.get(name)
    if read in (_from_name, _from_text, _from_iso) and value is not None:
        try:
            return read(kind, value)
        except Exception:  # noqa: BLE001 - whatever it is, the text says nothing of the kind
            raise WrongArguments(f"wrong arguments: {value!r:.80} is no {kind.__name__}") from None
    return read(kind, value) if read else value


def _from_name(kind: Any, value: Any) -> Any:
    """The member of an Enum with that value, else of that name."""
    found = _choice(value, list(kind), [one.value for one in kind])
    return found if isinstance(found, kind) else kind[value]


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
    "uuid.UUID": _from_text,
    "pathlib.Path": _from_text,
    "pathlib.PurePath": _from_text,
    "pathlib._local.Path": _from_text,
    "datetime.date": _from_iso,
    "datetime.time": _from_iso,
    "datetime.datetime": _from_iso,
}
