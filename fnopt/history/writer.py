"""Writes git objects through long-lived processes: a tree and its blobs in a millisecond."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fnopt import tempdir
from fnopt.history import command
from fnopt.history.objects import TREE
from fnopt.history.served import Ended, Served

if TYPE_CHECKING:
    from git.cmd import Git

BLOBS = ("hash-object", "-w", "--stdin-paths", "--no-filters")
TREES = ("mktree", "-z", "--batch", "--missing")
"""What is listed was read from a tree or has just been written: it need not be looked for."""

_KINDS = {TREE: "tree", "160000": "commit"}
Entries = Mapping[str, tuple[str, str]]
"""Mode and object by name."""


class ObjectWriter:
    """One process for blobs and one for trees; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._blobs = Served(BLOBS, folder)
        self._trees = Served(TREES, folder)

    def blob(self, data: bytes) -> str:
        """Write a blob; its name. Raises GitStateError."""
        folder = tempdir.folder("blob")
        path = folder / "data"
        try:
            path.write_bytes(data)
            return _written(self._blobs, os.fsencode(path) + b"\n")
        finally:
            path.unlink(missing_ok=True)
            tempdir.remove(folder)

    def tree(self, entries: Entries) -> str:
        """Write a tree; its name. Raises GitStateError."""
        lines = (
            f"{mode} {_KINDS.get(mode, 'blob')} {name}\t{part}\0"
            for part, (mode, name) in entries.items()
        )
        return _written(self._trees, "".join(lines).encode("utf-8", "surrogateescape") + b"\0")

    def close(self) -> None:
        """End the processes; they begin again when needed."""
        self._blobs.close()
        self._trees.close()


def _written(git: Served, asked: bytes) -> str:
    try:
        return git.ask(lambda process: _answer(process, asked))
    except Ended as ended:
        raise command.failure(git.words, command.Answer(128, b"", ended.said)) from None


def _answer(process: Git.AutoInterrupt, asked: bytes) -> str:
    process.stdin.write(asked)
    process.stdin.flush()
    line: bytes = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise BrokenPipeError
    return line.decode().strip()
