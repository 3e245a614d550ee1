"""Where trials run, by its name in the configuration.

- ``threads``: in threads of this process;
- ``dask:ADDRESS``: on the workers of a Dask scheduler, such as ``dask:tcp://10.0.0.5:8786``;
- ``package.module:function``: on whatever ``concurrent.futures.Executor`` the function gives. The
  module may lie in the repository's root; workers never import it for fnopt's sake.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fnopt.errors import UsageError
from fnopt.tasks.imported import function_at

Result = TypeVar("Result")

THREADS = "threads"
DASK = "dask:"
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
KNOWN = (
    'one of: threads, dask:ADDRESS (such as "dask:tcp://10.0.0.5:8786"), package.module:function'
)


class Place(Protocol):
    """Where executors come from."""

    @property
    def deadly(self) -> tuple[type[Exception], ...]:
        """What a future ends with whose worker died at it."""

    def open(self) -> Executor:
        """A working executor. Raises FnoptError when there is none to be had."""

    def trouble(self) -> str | None:
        """Why nothing may come back, as a sentence; None where nothing is known to be wrong."""

    def close(self) -> None:
        """Let go of what belongs to no executor."""


@dataclass(frozen=True)
class Own:
    """Executors that a function of the user's makes."""

    name: str
    make: Callable[[], Executor]
    deadly: tuple[type[Exception], ...] = (BrokenExecutor,)

    def open(self) -> Executor:
        """See :class:`Place`."""
        made = self.make()
        if not isinstance(made, Executor):
            raise UsageError(
                f"agent.executor: {self.name} gave {type(made).__name__}, which is no executor",
                "return a concurrent.futures.Executor",
            )
        return made

    def trouble(self) -> str | None:
        """See :class:`Place`."""
        return None

    def close(self) -> None:
        """See :class:`Place`."""


class Lease:
    """The executor of a place: opened when it is first needed, and again after it was dropped."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._executor: Executor | None = None

    def submit(self, work: Callable[..., Result], /, *arguments: Any) -> Future[Result]:
        """As of an executor. Raises RuntimeError where it is broken, FnoptError without one."""
        if self._executor is None:
            self._executor = self.place.open()
        return self._executor.submit(work, *arguments)

    def drop(self) -> None:
        """Let go of an executor that is broken, and may fail at being shut down for that."""
        executor, self._executor = self._executor, None
        if executor is not None:
            with suppress(Exception):  # of any kind: Dask's client is closed without a scheduler
                executor.shutdown(wait=False)

    def close(self) -> None:
        """Let go of the executor, and of what the place holds open."""
        self.drop()
        self.place.close()


def choose(name: str, root: Path | None) -> Place | None:
    """The place called ``name``; None for threads of this process. Raises UsageError.

    A function of the user's is imported from ``root`` too.
    """
    if name == THREADS:
        return None
    if name.startswith(DASK):
        from fnopt.evaluate.dask import Dask

        return Dask(name.removeprefix(DASK).strip())
    if DOTTED.fullmatch(name):
        return Own(name, function_at(name, root, "agent.executor"))
    raise UsageError(f"agent.executor: no executor is called {name!r}", KNOWN)
