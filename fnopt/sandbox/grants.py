"""What learned code may reach beside its own working folder: by name, nothing by default."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from fnopt.errors import UsageError

ALL = "*"
"""Who a grant for all functions is made to; the agent's own code has these alone."""

PORTS = (80, 443)
"""Ports of a host that is granted without one."""

_HOST = re.compile(
    r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?(:\d{1,5})?|\[[0-9a-f:]+\](:\d{1,5})?"
)
_NAME = re.compile(r"[a-z0-9_.-]+|[0-9a-f:]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = frozenset({"HOME", "TMPDIR", "PYTHONHASHSEED"}) | {"LD_PRELOAD", "LD_LIBRARY_PATH"}


@dataclass(frozen=True)
class Grant:
    """Hosts to connect to (``name``, ``*.name``, ``name:port``), paths to ``read`` and to
    ``write``, variables of the environment."""

    hosts: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    env: tuple[str, ...] = ()

    def __or__(self, other: Grant) -> Grant:
        """What either gives."""
        both = {
            one.name: tuple(dict.fromkeys((*getattr(self, one.name), *getattr(other, one.name))))
            for one in fields(Grant)
        }
        return Grant(**both)

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in fields(Grant))

    def __str__(self) -> str:
        """As it stands in the configuration: ``{ hosts = ["api.example.org"] }``."""
        parts = []
        for one in fields(Grant):
            if given := getattr(self, one.name):
                quoted = ", ".join(f'"{value}"' for value in given)
                parts.append(f"{one.name} = [{quoted}]")
        return f"{{ {', '.join(parts)} }}" if parts else "{}"

    def allows(self, host: str, port: int) -> bool:
        """Whether a connection to ``port`` of ``host`` is granted."""
        return self.names(host, port) or any(
            one.startswith("*.") and _matches(one, host.lower(), port) for one in self.hosts
        )

    def names(self, host: str, port: int) -> bool:
        """Whether the host is granted by its whole name: then it may lie anywhere, on this machine
        as well. Names below one that was granted are others' to choose."""
        return any(
            not one.startswith("*.") and _matches(one, host.lower(), port) for one in self.hosts
        )


def _matches(granted: str, host: str, port: int) -> bool:
    name, colon, number = granted.rpartition(":")
    if not colon or granted.endswith("]"):
        name, number = granted, ""
    name = name.lower().strip("[]")
    if not _NAME.fullmatch(host):
        return False
    fits = fnmatchcase(host, name) if name.startswith("*.") else host == name
    return fits and (port == int(number) if number else port in PORTS)


@dataclass(frozen=True)
class Grants:
    """Grants by the names of functions; those of ``*`` are everybody's.

    ``root`` is the folder that paths are relative to.
    """

    root: Path = field(default_factory=Path)
    table: Mapping[str, Grant] = field(default_factory=dict)

    def of(self, names: Iterable[str]) -> Grant:
        """What code that runs these functions may reach."""
        found = self.table.get(ALL, Grant())
        for name in sorted(names):
            found |= self.table.get(name, Grant())
        return found

    @property
    def apart(self) -> bool:
        """Whether some functions are granted more than others."""
        return any(name != ALL for name in self.table)

    def place(self, given: str) -> str:
        """Where a granted path lies, links followed once for all: what functions do to them since
        then leads nowhere else."""
        return self._places[given]

    @cached_property
    def _places(self) -> Mapping[str, str]:
        every = {one for grant in self.table.values() for one in (*grant.read, *grant.write)}
        return {given: str((self.root / Path(given).expanduser()).resolve()) for given in every}

    def links(self, grant: Grant) -> list[tuple[str, str]]:
        """Names in the working folder, and where they lead: what is granted by a relative path is
        found by it, as from the repository. One below another is found by way of that."""
        given = {Path(one): self.place(one) for one in (*grant.read, *grant.write)}
        own = {path: place for path, place in given.items() if _is_inside(path)}
        return [(str(path), own[path]) for path in own if not own.keys() & set(path.parents)]

    def values(self, grant: Grant) -> dict[str, str]:
        """The granted variables that are set."""
        return {name: os.environ[name] for name in grant.env if name in os.environ}

    def check(self) -> None:
        """Raises UsageError for a grant that is malformed or names what is not there."""
        for name, grant in self.table.items():
            _check(name, grant)
            for kind in ("read", "write"):
                for given in getattr(grant, kind):
                    self._check_path(f"sandbox.allow: {name}: {kind}", given)

    def _check_path(self, where: str, given: str) -> None:
        place, root = Path(self.place(given)), self.root.resolve()
        if not place.exists():
            raise UsageError(f"{where}: {given!r} is not there", "Make it, or take the grant away.")
        history = root / ".git"
        whole = place in (root, *root.parents) or (place / ".git").exists()
        if whole or place == history or history in place.parents:
            raise UsageError(
                f"{where}: {given!r} is a whole repository, with expected answers and its history",
                "Grant only the folder that is needed.",
            )


def _is_inside(path: Path) -> bool:
    """Whether a path is one below the folder that it is relative to."""
    return not path.is_absolute() and path.parts[0] != "~" and ".." not in path.parts


def _check(name: str, grant: Grant) -> None:
    for host in grant.hosts:
        if not _HOST.fullmatch(host):
            raise UsageError(
                f"sandbox.allow: {name}: hosts: {host!r} is no host",
                'Write "api.example.org", "*.example.org" or "localhost:8080".',
            )
    for variable in grant.env:
        if not _VARIABLE.fullmatch(variable) or variable in _OURS:
            raise UsageError(
                f"sandbox.allow: {name}: env: {variable!r} cannot be granted",
                "Name one variable of the environment.",
            )
