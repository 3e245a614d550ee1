"""The configuration: ``fnopt.toml`` at the root of the repository, or ``[tool.fnopt]``.

Unknown keys are errors with the nearest known one named. Every key can be set by an environment
variable ``FNOPT_SECTION_KEY``, which wins over the file; keys and tokens come from the environment
only and have no place here.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fnopt.errors import UsageError

FILE = "fnopt.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class LibraryConfig(_Section):
    """Where the functions live and what they may import."""

    functions: str = Field("functions", min_length=1)
    packages: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()


class TasksConfig(_Section):
    """The splits: files or ``reasoning-gym:`` sources, or one ``source`` divided into all three."""

    train: str | None = None
    val: str | None = None
    test: str | None = None
    source: str | None = None
    scorer: str | None = None
    partial: bool = False
    trials: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _one_way(self) -> TasksConfig:
        if self.source and (self.train or self.val or self.test):
            raise ValueError("source divides one file into all splits: leave train, val, test out")
        return self


class AgentConfig(_Section):
    """Who answers the tasks."""

    kind: str = "tools"
    model: str = Field("gpt-5-mini", min_length=1)
    base_url: str | None = None
    concurrency: int = Field(8, ge=1, le=1024)
    python: bool = False
    max_turns: int = Field(8, ge=1)
    max_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    timeout: float = Field(120.0, gt=0)


class OptimizerConfig(_Section):
    """Who proposes edits. ``base_url`` defaults to the agent's."""

    model: str = Field("gpt-5", min_length=1)
    base_url: str | None = None
    max_actions: int = Field(1, ge=1)
    hints: str = ""
    max_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    timeout: float = Field(600.0, gt=0)


class GateConfig(_Section):
    """When an update is kept. ``ties`` and ``epochs`` belong to rule ``paper``."""

    rule: str = "paired"
    confidence: float = Field(0.7, gt=0.5, lt=1)
    margin: float = Field(0.0, ge=0, le=1)
    guards: tuple[str, ...] = ()
    ties: Literal["accept", "reject"] = "accept"
    epochs: Literal["always", "accepted"] = "always"
    split: Literal["val", "train"] = "val"


class StopConfig(_Section):
    """When a run ends. Limits count the whole run, resumed or not."""

    max_steps: int = Field(20, ge=1)
    patience: int = Field(5, ge=1)
    max_cost: float | None = Field(None, gt=0)
    max_tokens: int | None = Field(None, ge=1)
    max_time: float | None = Field(None, gt=0)


class SandboxConfig(_Section):
    """Where learned code runs; ``timeout`` in seconds a call."""

    require: str = "process"
    timeout: float = Field(10.0, gt=0)


class Config(_Section):
    """All of ``fnopt.toml``."""

    library: LibraryConfig = LibraryConfig()
    tasks: TasksConfig = TasksConfig()
    agent: AgentConfig = AgentConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    gate: GateConfig = GateConfig()
    stop: StopConfig = StopConfig()
    sandbox: SandboxConfig = SandboxConfig()


def load(root: Path, environ: Mapping[str, str]) -> Config:
    """The configuration of the repository at ``root``. Raises UsageError with file and key."""
    data, file = _read(root)
    return parse(_with_environment(data, environ), file)


def parse(data: Mapping[str, Any], file: str = FILE) -> Config:
    """A configuration from parsed TOML. Raises UsageError."""
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise _usage_error(error, file) from None


def known_keys() -> tuple[str, ...]:
    """Every ``section.key`` that a configuration may hold."""
    sections = Config.model_fields.items()
    return tuple(
        f"{section}.{key}"
        for section, field in sections
        for key in field.annotation.model_fields  # type: ignore[union-attr]
    )


def _read(root: Path) -> tuple[Mapping[str, Any], str]:
    for name, section in ((FILE, None), ("pyproject.toml", "fnopt")):
        path = root / name
        if not path.is_file():
            continue
        data = _toml(path)
        if section is None:
            return data, name
        if section in data.get("tool", {}):
            return data["tool"][section], f"{name} [tool.fnopt]"
    return {}, FILE


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} is not valid TOML: {error}", "mend that line") from None


def _with_environment(data: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    for known in known_keys():
        section, key = known.split(".")
        value = environ.get(f"FNOPT_{section}_{key}".upper())
        if value is not None and isinstance(merged.setdefault(section, {}), dict):
            merged[section][key] = _from_text(known, value)
    return merged


def _from_text(known: str, text: str) -> Any:
    section, key = known.split(".")
    default = getattr(getattr(Config(), section), key)
    return tuple(filter(None, text.split(","))) if isinstance(default, tuple) else text


def _usage_error(error: ValidationError, file: str) -> UsageError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return UsageError(f"{file}: unknown key {key}", _nearest(key))
    shown = repr(first.get("input"))[:80]
    message = first["msg"].removeprefix("Value error, ")
    return UsageError(f"{file}: {key}: {message} (it is {shown})", f"mend {key} in {file}")


def _nearest(key: str) -> str:
    names = (*known_keys(), *Config.model_fields)
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    if not near and "." in key:
        last = {name.split(".")[-1]: name for name in known_keys()}
        near = [last[hit] for hit in difflib.get_close_matches(key.split(".")[-1], last, n=1)]
    return (
        f"did you mean {near[0]}?" if near else f"known sections: {', '.join(Config.model_fields)}"
    )
