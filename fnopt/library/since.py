"""Which faults are new? Known by rule, function and message, through renames and moves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from fnopt.library.changes import pairs
from fnopt.library.function import Library
from fnopt.records import Fault

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?!\w)")

Identity = tuple[str, str | None, str | None, str]


def new_since(
    before: Library, known: Iterable[Fault], after: Library, faults: Sequence[Fault]
) -> tuple[Fault, ...]:
    """The ``faults`` of ``after`` that are not among those ``known`` of ``before``.

    Numbers in a message do not count: lines move, and a figure that grew is the fault that it was.
    """
    names = _Names(before, after)
    left = Counter(map(names.then, known))
    left.subtract(Counter(map(_identity, faults)))
    found = []
    for fault in reversed(faults):  # of equal ones, the last are the new ones
        if left[_identity(fault)] < 0:
            left[_identity(fault)] += 1
            found.append(fault)
    return tuple(reversed(found))


def _identity(fault: Fault) -> Identity:
    file = fault.file if fault.function is None else None
    return (fault.rule, fault.function, file, _NUMBER.sub("", fault.message))


class _Names:
    """What functions and files of ``before`` are called in ``after``."""

    def __init__(self, before: Library, after: Library) -> None:
        self._before = before
        self._after = after

    def then(self, fault: Fault) -> Identity:
        """What a fault of ``before`` would be known by in ``after``."""
        rule, function, file, message = _identity(fault)
        message = self._words.sub(lambda match: self._names[match.group()], message)
        return (rule, self._names.get(function or "", function), self._file(file), message)

    def _file(self, file: str | None) -> str | None:
        return self._names.get(file, file) if file else None

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """Old names and paths that are gone, with the new ones."""
        found: dict[str, str] = {}
        by_content = {data: path for path, data in self._after.files.items() if data.strip()}
        for path, data in self._before.files.items():
            if path not in self._after.files and data in by_content:
                found[path] = by_content[data]
        for one in pairs(self._before, self._after) if self._before.files else ():
            if one.before and one.after:
                if one.renamed:
                    found[one.before.name] = one.after.name
                if one.moved and one.before.path not in self._after.files:
                    found.setdefault(one.before.path, one.after.path)
        return found

    @cached_property
    def _words(self) -> re.Pattern[str]:
        names = sorted(map(re.escape, self._names), key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)" if names else r"(?!)")
