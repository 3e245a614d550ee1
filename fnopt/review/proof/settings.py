"""The configuration as a commit has it: nothing of the environment, of the command line or of the
working tree comes in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from fnopt import config as configuration
from fnopt.config import FILE, Config
from fnopt.errors import FnoptError
from fnopt.evaluate.gate import Gate, NoRollback, choose, for_the_run
from fnopt.history.repo import Repository
from fnopt.library.rules.registry import Settings

PYPROJECT = "pyproject.toml"


def config_at(repo: Repository, commit: str) -> Config | None:
    """The configuration in a commit's tree; None where it cannot be read."""
    blobs = repo.blobs(commit, FILE, PYPROJECT)
    try:
        if FILE in blobs:
            return configuration.parse(_toml(repo.read(blobs[FILE])))
        whole = _toml(repo.read(blobs[PYPROJECT])) if PYPROJECT in blobs else {}
        return configuration.parse(whole.get("tool", {}).get("fnopt", {}), PYPROJECT)
    except (ValueError, AttributeError, FnoptError):
        return None


def gate_in(config: Config) -> Gate:
    """The gate that a configuration means. Raises UsageError for a rule that is not known."""
    gate = config.gate
    confidence = gate.confidence
    if gate.control == "run":
        confidence = for_the_run(confidence, config.stop.max_steps)
    rule = choose(
        gate.rule, confidence=confidence, margin=gate.margin, guards=gate.guards, ties=gate.ties
    )
    return rule if gate.rollback else NoRollback(rule)


def rules_in(config: Config) -> Settings:
    """What a configuration says of the rules; whether packages are installed here is no matter."""
    given = config.library
    granted = [(name, rule) for name, one in config.sandbox.allow.items() for rule in one.rules()]
    limits = (given.max_lines, given.max_complexity)
    return Settings.of(given.packages, given.rules, *limits, (), granted)


def _toml(data: bytes) -> Mapping[str, Any]:
    return tomllib.loads(data.decode("utf-8-sig"))
