"""Writes git objects through long-lived processes: a tree and its blobs in a millisecond."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fnopt import tempdir
from fnopt.errors import GitStateError
from fnopt.history import command
from fnopt.history.objects import TREE

if TYPE_CHECKING:
    from git.cmd import Git

BLOBS = ("hash-object", "-w", "--stdin-paths", "--no-filters")
TREES = ("mktree", "-z", "--batch", "--missing")
"""What is listed was read from a tree or has just been written: it need not be looked for."""

_KINDS = {TREE: "tree", "160000": "commit"}
Entries = Mapping[str, tuple[str, str]]
"""Mode and object by name."""


class ObjectWriter:
    """One process for blobs and one for trees, begun when needed; safe from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._processes: dict[tuple[str, ...], Git.AutoInterrupt] = {}

    def blob(self, data: bytes) -> str:
        """Write a blob; its name. Raises GitStateError."""
        folder = tempdir.folder("blob")
        path = folder / "data"
        try:
            path.write_bytes(data)
            return self._answer(BLOBS, os.fsencode(path) + b"\n")
        finally:
            path.unlink(missing_ok=True)
            tempdir.remove(folder)

    def tree(self, entries: Entries) -> str:
        """Write a tree; its name. Raises GitStateError."""
        lines = (
            f"{mode} {_KINDS.get(mode, 'blob')} {name}\t{part}\0"
            for part, (mode, name) in entries.items()
        )
        return self._answer(TREES, "".join(lines).encode("utf-8", "surrogateescape") + b"\0")

    def close(self) -> None:
        """End the processes; they begin again when needed."""
        with self._lock:
            for words in list(self._processes):
                self._end(words)

    def _answer(self, words: tuple[str, ...], asked: bytes) -> str:
        with self._lock:
            try:
                return self._ask_again(words, asked)
            except BaseException:
                self._end(words)  # the rest of this answer would pass for the next one
                raise

    def _ask_again(self, words: tuple[str, ...], asked: bytes) -> str:
        there = words in self._processes
        try:
            return self._ask(words, asked)
        except GitStateError:
            if not there:
                raise
        self._end(words)  # it was killed, perhaps by an interrupt meant for us
        return self._ask(words, asked)

    def _ask(self, words: tuple[str, ...], asked: bytes) -> str:
        process = self._processes.get(words) or command.begin(words, self._folder)
        self._processes[words] = process
        line = b""
        try:
            process.stdin.write(asked)
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            pass  # it has ended: its standard error says why
        if not line.endswith(b"\n"):
            said = process.stderr.read().decode(errors="replace").strip()
            raise command.failure(words, command.Answer(128, b"", said))
        return str(line.decode().strip())

    def _end(self, words: tuple[str, ...]) -> None:
        process = self._processes.pop(words, None)
        if process is not None:
            process.kill()
            process.communicate()  # closes the pipes
