"""A configuration out of its file, of variables, and of what the command line says."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from fnopt import modes
from fnopt.config.sections import Config, Words
from fnopt.errors import UsageError

FILE = "fnopt.toml"


def load(
    root: Path, environ: Mapping[str, str], options: Mapping[str, Any] | None = None
) -> Config:
    """The configuration of the repository at ``root``. Raises UsageError with file and key.

    ``options``: what the command line says, by ``section.key``; it wins over all else.
    """
    data, file = _read(root)
    values = _environment(environ)
    return parse(_merged(_merged(data, values), options or {}), file, frozenset(values))


def parse(
    data: Mapping[str, Any], file: str = FILE, environment: frozenset[str] = frozenset()
) -> Config:
    """A configuration from parsed TOML. Raises UsageError.

    ``environment``: the ``section.key`` that came from variables, to be named as such in errors.
    """
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise _usage_error(error, file, environment) from None
    for clash in modes.clashes(data):
        where = _where(clash.key, file, environment)
        raise UsageError(f"{where}: {clash.message}", clash.mend)
    usual = modes.defaults(data)
    return Config.model_validate(_merged(data, usual)) if usual else config


def known_keys() -> tuple[str, ...]:
    """Every ``section.key`` that a configuration may hold."""
    sections = Config.model_fields.items()
    return tuple(
        f"{section}.{key}"
        for section, field in sections
        for key in field.annotation.model_fields  # type: ignore[union-attr]
    )


def variable(known: str) -> str:
    """The environment variable that sets a ``section.key``."""
    return "FNOPT_" + known.replace(".", "_").upper()


def _read(root: Path) -> tuple[Mapping[str, Any], str]:
    if (root / FILE).is_file():
        return _toml(root / FILE), FILE
    path = root / "pyproject.toml"
    tools = _toml(path).get("tool") if path.is_file() else None
    if not isinstance(tools, dict) or "fnopt" not in tools:
        return {}, FILE
    where = f"{path.name} [tool.fnopt]"
    if not isinstance(tools["fnopt"], dict):
        raise UsageError(f"{where} is not a table", f"mend {where}")
    return tools["fnopt"], where


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} is not valid TOML: {error}", "mend that line") from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", "see its permissions"
        ) from None


def _merged(data: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    for known, value in values.items():
        section, key = known.split(".")
        if isinstance(merged.setdefault(section, {}), dict):
            merged[section][key] = value
    return merged


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """What variables set, by ``section.key``. An empty one counts as not set, as CI needs it."""
    known = {variable(key): key for key in known_keys()}
    sections = tuple(f"FNOPT_{section.upper()}_" for section in Config.model_fields)
    for name in environ:
        if name.startswith(sections) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            mend = f"did you mean {near[0]}?" if near else f"unset {name}"
            raise UsageError(f"unknown environment variable {name}", mend)
    return {
        key: _from_text(key, environ[name].strip())
        for name, key in known.items()
        if environ.get(name, "").strip()
    }


def _from_text(known: str, text: str) -> Any:
    section, key = known.split(".")
    field = type(getattr(Config(), section)).model_fields[key]
    if isinstance(field.default, dict):
        return dict(_pair(known, part) for part in text.split(",") if part.strip())
    listed = Words in get_args(field.annotation) and "," in text
    if listed or isinstance(field.default, tuple):
        return tuple(filter(None, (part.strip() for part in text.split(","))))
    kind: TypeAdapter[Any] = TypeAdapter(field.annotation)
    try:
        return kind.validate_python(text)
    except ValidationError as error:
        message = error.errors()[0]["msg"]
        raise UsageError(
            f"{variable(known)}: {message} (it is {text[:80]!r})",
            f"mend or unset {variable(known)}",
        ) from None


def _pair(known: str, part: str) -> tuple[str, str]:
    """``size=off`` of a variable."""
    key, equals, value = (word.strip() for word in part.partition("="))
    if not (key and equals and value):
        message = f"{variable(known)}: {part.strip()[:80]!r} is no NAME=VALUE"
        raise UsageError(message, f"mend or unset {variable(known)}")
    return key, value


def _usage_error(error: ValidationError, file: str, environment: frozenset[str]) -> UsageError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return UsageError(f"{file}: unknown key {key}", _nearest(key))
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "model_type":
        message = "should be a table"
    shown = repr(first.get("input"))[:80]
    where = _where(key, file, environment)
    return UsageError(f"{where}: {message} (it is {shown})", f"mend {where}")


def _where(key: str, file: str, environment: frozenset[str]) -> str:
    known = ".".join(key.split(".")[:2])  # agent.x, also for library.packages.0
    return variable(known) if known in environment else f"{file}: {key}"


def _nearest(key: str) -> str:
    names = (*known_keys(), *Config.model_fields)
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.6)
    if not near:
        last = {name.split(".")[-1]: name for name in known_keys()}
        near = [last[hit] for hit in difflib.get_close_matches(key.split(".")[-1], last, n=1)]
    if not near:
        return f"known sections: {', '.join(Config.model_fields)}"
    return f"did you mean {near[0]}?"
