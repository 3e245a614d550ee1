"""Results that are kept by what they were made of, where :func:`functools.lru_cache` would have to
keep the whole library for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Memo(Generic[Made]):
    """The last ``size`` results. Safe to use from several threads: at worst one is made twice."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: dict[Hashable, Made] = {}

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made for this key before, or what ``make`` makes now."""
        if key in self._known:
            return self._known[key]
        made = make()
        while len(self._known) >= self._size:
            self._known.pop(next(iter(self._known)), None)
        return self._known.setdefault(key, made)

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()
