"""Functions that people wrote: those of the standard library and of installed packages."""

from __future__ import annotations

import importlib.util
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fnopt.library.function import Library, read

STDLIB = Path(sysconfig.get_paths()["stdlib"])
PACKAGES = (
    "_pytest",
    "anyio",
    "click",
    "git",
    "griffe",
    "hypothesis",
    "jinja2",
    "libcst",
    "openai",
    "pydantic",
    "pygments",
    "rich",
)
LEFT_OUT = ("site-packages", "dist-packages", "test", "tests", "__pycache__", "__phello__")
LONGEST = 30_000
"""Bytes of a module: each edit reads all of it again, so the longest would take all the time."""


@dataclass(frozen=True)
class RealModule:
    """A module as a library of its own: ``name`` says where it comes from."""

    name: str
    path: str
    data: bytes

    @property
    def library(self) -> Library:
        """The library that holds it alone."""
        return read({self.path: self.data})


def real_modules() -> Iterator[RealModule]:
    """All modules that are not too long, the standard library's first."""
    for root, files in (STDLIB, _below(STDLIB)), *map(_package, PACKAGES):
        for file in files:
            name = file.relative_to(root).as_posix()
            data = file.read_bytes()
            if len(data) <= LONGEST:
                yield RealModule(name, _path(name), data)


def _package(name: str) -> tuple[Path, Iterable[Path]]:
    found = importlib.util.find_spec(name)
    assert found is not None and found.origin is not None, f"{name} is not installed"
    folder = Path(found.origin).parent
    return folder.parent, _below(folder)


def _below(folder: Path) -> Iterable[Path]:
    for one in sorted(folder.iterdir()):
        if one.is_dir() and one.name not in LEFT_OUT:
            yield from _below(one)
        elif one.suffix == ".py":
            yield one


def _path(name: str) -> str:
    """Where it lies in its library: a package's ``__init__.py`` under the package's name."""
    file = name.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
    return f"functions/{file.replace('-', '_')}.py"
