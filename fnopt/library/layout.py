"""Which files of a repository are its library, and where does a new function go?

``library.functions`` is one folder, or a list of folders, files and globs for a layout that is
there already. Paths are relative to the top of the repository, with ``/`` between their parts.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

_MAGIC = re.compile(r"[*?\[]")
SUFFIX = ".py"


@dataclass(frozen=True)
class Layout:
    """``patterns`` in their order: the last that matches a path decides, ``!`` takes out.

    In a glob ``*`` and ``?`` stay within one folder, ``**`` is any number of folders.
    """

    patterns: tuple[str, ...]

    @classmethod
    def of(cls, functions: str | Iterable[str]) -> Layout:
        """The layout that ``library.functions`` says."""
        return cls((functions,) if isinstance(functions, str) else tuple(functions))

    def holds(self, path: str) -> bool:
        """Whether the file is one of the library's."""
        return path.endswith(SUFFIX) and _holds(self.patterns, path)

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The folders and files below which all of it lies; ``""`` is the whole repository."""
        found = sorted({_fixed(one) for one in self.patterns if not one.startswith("!")})
        if "" in found:
            return ("",)
        return tuple(one for one in found if not any(_below(one, other) for other in found))

    def home(self, files: Iterable[str] = ()) -> str | None:
        """Where a new function's file goes: a folder whose new modules would be of the library.

        It is the first that the patterns name as it is; else the one with most of the library's
        ``files``; else, of a library that is one file, that file; else None.
        """
        fixed = [_fixed(one) for one in self.patterns if not one.startswith("!")]
        alone = (one for one in fixed if one.endswith(SUFFIX))
        homes = filter(self._takes_new, chain(fixed, self._crowded(files)))
        return next(chain(homes, alone), None)

    def _crowded(self, files: Iterable[str]) -> Iterator[str]:
        """The folders of the library's files, those with most of them first."""
        crowd = Counter(path.rpartition("/")[0] for path in sorted(files) if self.holds(path))
        yield from (folder for folder, _ in crowd.most_common())

    def _takes_new(self, folder: str) -> bool:
        return self.holds(f"{folder}/new{SUFFIX}".removeprefix("/"))

    def __str__(self) -> str:
        folders = ("" if _is_file(one) else "/" for one in self.patterns)
        return ", ".join(f"{one}{end}" for one, end in zip(self.patterns, folders, strict=True))


@lru_cache(maxsize=50_000)
def _holds(patterns: tuple[str, ...], path: str) -> bool:
    """Asked anew of every file at every step."""
    held = False
    for pattern in patterns:
        takes = not pattern.startswith("!")
        if takes is not held and _matches(path, pattern.removeprefix("!")):
            held = takes
    return held


def _is_file(pattern: str) -> bool:
    return pattern.endswith(SUFFIX)


def _fixed(pattern: str) -> str:
    """The folders of a pattern up to its first glob; all of it where there is none."""
    magic = _MAGIC.search(pattern)
    if magic is None:
        return pattern.strip("/")
    return pattern[: magic.start()].rpartition("/")[0]


def _below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def _matches(path: str, pattern: str) -> bool:
    """Whether a pattern takes the path; a folder stands for all that is in it."""
    if _MAGIC.search(pattern) is None:
        return path == pattern if _is_file(pattern) else _below(path, pattern)
    if not _is_file(pattern):
        pattern = f"{pattern.strip('/')}/**/*{SUFFIX}"
    return _fits(path.split("/"), pattern.split("/"))


def _fits(parts: list[str], globs: list[str]) -> bool:
    match globs:
        case []:
            return not parts
        case ["**", *rest]:
            return any(_fits(parts[start:], rest) for start in range(len(parts) + 1))
        case [glob, *rest]:
            return bool(parts) and fnmatch.fnmatchcase(parts[0], glob) and _fits(parts[1:], rest)
    raise AssertionError("BUG: a list has a beginning or none")
