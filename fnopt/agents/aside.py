"""Standard output is for documents: what somebody's agent prints goes to standard error."""

from __future__ import annotations

import sys
import threading
from typing import Any


class Aside:
    """From now on until it is closed, whatever but the main thread prints goes to stderr."""

    def __init__(self) -> None:
        self._before = sys.stdout
        self._now = _ByThread(sys.stdout)
        sys.stdout = self._now

    def close(self) -> None:
        """Put back what was there, unless somebody else has put something in its place."""
        if sys.stdout is self._now:
            sys.stdout = self._before


class _ByThread:
    """A stream for the main thread, standard error for all others."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chosen(), name)

    def write(self, text: str) -> int:
        """Write where the thread writes."""
        return int(self._chosen().write(text))

    def flush(self) -> None:
        """Flush where the thread writes."""
        self._chosen().flush()

    def _chosen(self) -> Any:
        main = threading.current_thread() is threading.main_thread()
        return self._stream if main else sys.stderr
