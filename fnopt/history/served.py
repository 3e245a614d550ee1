"""One git command that stays, and answers what it is asked on its standard input."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fnopt.history import command

if TYPE_CHECKING:
    from git.cmd import Git

Answered = TypeVar("Answered")


class Ended(Exception):
    """It has ended instead of answering; ``said`` is what stood on its standard error."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class Served:
    """``git WORDS`` in a folder, begun when it is needed; safe to use from several threads."""

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        self.words = tuple(words)
        self._folder = folder
        self._lock = threading.Lock()
        self._process: Git.AutoInterrupt | None = None

    def ask(self, talk: Callable[[Git.AutoInterrupt], Answered]) -> Answered:
        """What ``talk`` makes of the process, whose answer it reads to the end.

        An OSError in it (a pipe that breaks, an answer that is cut off) begins another process,
        once: an interrupt that was meant for us may have killed it. Raises Ended.
        """
        with self._lock:
            try:
                return self._ask_again(talk)
            except OSError:
                raise Ended(self._end()) from None
            except BaseException:
                self._end()  # the rest of this answer would pass for the next one
                raise

    def close(self) -> None:
        """End the process; it begins again when needed."""
        with self._lock:
            self._end()

    def _ask_again(self, talk: Callable[[Git.AutoInterrupt], Answered]) -> Answered:
        try:
            return talk(self._begun())
        except OSError:
            self._end()
            return talk(self._begun())

    def _begun(self) -> Git.AutoInterrupt:
        self._process = self._process or command.begin(self.words, self._folder)
        return self._process

    def _end(self) -> str:
        """End it and close the pipes; what stood on its standard error."""
        process, self._process = self._process, None
        if process is None:
            return ""
        process.kill()
        _, said = process.communicate()
        return bytes(said or b"").decode(errors="replace").strip()
