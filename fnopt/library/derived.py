"""What is worked out of a library, from what was worked out of the one before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import compress
from operator import is_not
from typing import Generic, TypeVar

from fnopt.library.function import Library
from fnopt.library.module import Module

Made = TypeVar("Made")

_KEPT = 4
"""Libraries of about a size of which what was worked out is kept: a draft's code is a library, too,
of one module, and must not drive out what was worked out of thousands."""


@dataclass(frozen=True)
class Change:
    """From a library to another: the modules of ``after`` that are new there, or not as they were,
    and those of ``before`` that are gone, or were otherwise; both by path."""

    before: Library
    after: Library
    new: Mapping[str, Module]
    gone: Mapping[str, Module]

    @property
    def moved(self) -> list[Module]:
        """The modules at paths where none was, or none is any more."""
        came = [one for path, one in self.new.items() if path not in self.gone]
        return came + [one for path, one in self.gone.items() if path not in self.new]


@lru_cache(maxsize=16)
def change(before: Library, after: Library) -> Change:
    """What differs: of the modules, not of files that could not be read."""
    new = _other(after.modules, before.modules)
    gone = _other(before.modules, after.modules)
    return Change(before, after, new, gone)


def _other(these: Mapping[str, Module], those: Mapping[str, Module]) -> dict[str, Module]:
    differs = map(is_not, these.values(), map(those.get, these))
    return dict(compress(these.items(), differs))


class Derived(Generic[Made]):
    """What ``make`` works out of a library, or ``renew`` of what was worked out of another, which
    it leaves as it is, and of how the libraries differ. Safe to use from several threads."""

    def __init__(
        self, make: Callable[[Library], Made], renew: Callable[[Made, Change], Made]
    ) -> None:
        self._make = make
        self._renew = renew
        self._known: dict[int, dict[Library, Made]] = {}  # by the bits of how many modules
        self._lock = threading.Lock()

    def of(self, library: Library) -> Made:
        """It, made once while the library is among the last that were asked for."""
        bits = len(library.modules).bit_length()
        with self._lock:
            alike = self._known.setdefault(bits, {})
            if library in alike:
                found = alike[library] = alike.pop(library)  # the last to be forgotten
                return found
            near = self._near(library)
        found = self._renew(near[1], change(near[0], library)) if near else self._make(library)
        with self._lock:
            alike[library] = found
            while len(alike) > _KEPT:
                alike.pop(next(iter(alike)))
        return found

    def _near(self, library: Library) -> tuple[Library, Made] | None:
        """The last of those that are closest in size, with what was worked out of it; none where
        more than about half would have to be worked out anew."""
        size = len(library.modules)
        shelves = (self._known.get(size.bit_length() + by, {}) for by in (0, -1, 1))
        latest = (known for shelf in shelves for known in reversed(shelf.items()))
        return min(latest, key=lambda known: abs(len(known[0].modules) - size), default=None)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._known.clear()


Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value", bound=Hashable)
Items = Callable[[Module], Iterable[tuple[Key, Value]]]
Index = Mapping[Key, frozenset[Value]]


def index(items: Items[Key, Value]) -> Derived[Index[Key, Value]]:
    """By each key, the values that a library's modules have of it. No two modules have the same
    value of one key: a path, or what has it as a part."""
    return Derived(partial(_indexed, items), partial(_indexed_after, items))


def _indexed(items: Items[Key, Value], library: Library) -> Index[Key, Value]:
    return _gathered(items, library.modules)


def _indexed_after(
    items: Items[Key, Value], known: Index[Key, Value], change: Change
) -> Index[Key, Value]:
    found, nothing = dict(known), frozenset[Value]()
    old, new = _gathered(items, change.gone), _gathered(items, change.new)
    for key in old.keys() | new.keys():
        values = (found.pop(key, nothing) - old.get(key, nothing)) | new.get(key, nothing)
        found |= {key: values} if values else {}
    return found


def _gathered(items: Items[Key, Value], modules: Mapping[str, Module]) -> Index[Key, Value]:
    found: dict[Key, set[Value]] = {}
    for module in modules.values():
        for key, value in items(module):
            found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}
