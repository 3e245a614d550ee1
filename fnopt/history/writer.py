"""Writes git objects through long-lived processes: a tree and its blobs in a millisecond."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fnopt import tempdir
from fnopt.history import command
from fnopt.history.objects import row
from fnopt.history.served import Ended, Served

if TYPE_CHECKING:
    from git.cmd import Git

WORDS = ("hash-object", "-w", "--stdin-paths", "--no-filters", "-t")
TREE = (*WORDS, "tree", "--literally")
"""mktree looks up every object that is listed, 9 ms for a thousand. ``--literally``, since git 2.40
and later would refuse to write again what old repositories hold: odd modes, a linked .gitignore."""

Entries = Mapping[str, tuple[str, str]]
"""Mode and object by name."""


class ObjectWriter:
    """One process for each kind of object; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._blobs = Served((*WORDS, "blob"), folder)
        self._trees = Served(TREE, folder)
        self._commits = Served((*WORDS, "commit"), folder)

    def blob(self, data: bytes) -> str:
        """Write a blob; its name. Raises GitStateError."""
        return _written(self._blobs, data)

    def tree(self, entries: Entries) -> str:
        """Write a tree of objects that are there; its name. Raises GitStateError."""
        return _written(self._trees, row(entries))

    def commit(self, data: bytes) -> str:
        """Write a commit; its name. Raises GitStateError when the bytes are none."""
        return _written(self._commits, data)

    def close(self) -> None:
        """End the processes; they begin again when needed."""
        for git in (self._blobs, self._trees, self._commits):
            git.close()


def _written(git: Served, data: bytes) -> str:
    with tempdir.lent("object") as folder:
        path = folder / "data"
        path.write_bytes(data)
        try:
            return git.ask(lambda process: _answer(process, os.fsencode(path) + b"\n"))
        except Ended as ended:
            raise command.failure(git.words, command.Answer(128, b"", ended.said)) from None
        finally:
            path.unlink(missing_ok=True)  # so that the folder is empty, and no rm has to run


def _answer(process: Git.AutoInterrupt, asked: bytes) -> str:
    process.stdin.write(asked)
    process.stdin.flush()
    line: bytes = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise BrokenPipeError
    return line.decode().strip()
