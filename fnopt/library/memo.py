"""Results that are kept by what they were made of, where :func:`functools.lru_cache` would have to
keep the whole library for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Memo(Generic[Made]):
    """The ``size`` results that were made last, however often they are asked for.

    Safe to use from several threads, of which two may make the same at once.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: dict[Hashable, Made] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made for this key before, or what ``make`` makes now."""
        with self._lock:
            if key in self._known:
                return self._known[key]
        made = make()
        with self._lock:
            self._known.setdefault(key, made)
            while len(self._known) > self._size:
                self._known.pop(next(iter(self._known)))
        return made

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._known.clear()
