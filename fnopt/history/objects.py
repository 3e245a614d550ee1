"""Reads git objects through one long-lived process: 0.1 ms each where a process takes 4."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fnopt.errors import GitStateError
from fnopt.history.served import Ended, Served

if TYPE_CHECKING:
    from git.cmd import Git

WORDS = ("-c", "core.warnAmbiguousRefs=false", "cat-file", "--batch")
"""Nobody reads its standard error, which warnings would fill up."""
KEPT = 64_000_000  # bytes of objects that are kept
LONGEST = 1_000_000  # bytes of one that is
TREE = "040000"
"""The mode of a folder in a tree."""


@dataclass(frozen=True)
class Object:
    """A git object: full name, kind (``blob``, ``tree``, ``commit`` or ``tag``), and bytes."""

    name: str
    kind: str
    data: bytes


class ObjectReader:
    """One ``git cat-file --batch``; safe to use from several threads.

    GitPython's own ``Git.get_object_data`` takes no names of 64 digits and no threads.
    """

    def __init__(self, folder: Path) -> None:
        self._git = Served(WORDS, folder)
        self._lock = threading.Lock()
        self._kept: dict[str, bytes] = {}
        self._size = 0

    def read(self, name: str) -> bytes:
        """An object's bytes. Raises GitStateError when it is not there or damaged."""
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        found = self.find(name)
        if found is None:
            self.close()  # it may have said why, and nobody reads that
            raise GitStateError(f"object {name} is not in this repository", "see: git fsck")
        if found.name == name and len(found.data) <= LONGEST:
            self._keep(found)
        return found.data

    def find(self, revision: str) -> Object | None:
        """What a name means now: an object's, a reference's, either with ``^{tree}`` and the like.

        None when there is none. Raises GitStateError when it is damaged.
        """
        asked = revision.replace("\n", " ").encode() + b"\n"
        try:
            return self._git.ask(lambda process: _answer(process, asked))
        except Ended:
            said = f"object {revision} cannot be read: git gave up"
            raise GitStateError(said, "see: git fsck") from None

    def close(self) -> None:
        """End the process; it begins again when needed."""
        self._git.close()

    def _keep(self, found: Object) -> None:
        """Objects never change: the last of them are kept, up to ``KEPT`` bytes."""
        with self._lock:
            if found.name not in self._kept:
                self._kept[found.name] = found.data
                self._size += len(found.data)
            while self._size > KEPT:
                self._size -= len(self._kept.pop(next(iter(self._kept))))


def _answer(process: Git.AutoInterrupt, asked: bytes) -> Object | None:
    process.stdin.write(asked)
    process.stdin.flush()
    header = process.stdout.readline().split()
    if not header:
        raise BrokenPipeError
    if len(header) != 3 or not header[2].isdigit():
        return None  # "NAME missing"
    size = int(header[2])
    data: bytes = process.stdout.read(size + 1)
    if len(data) <= size:
        raise BrokenPipeError
    return Object(header[0].decode(), header[1].decode(), data[:size])


def listed(tree: bytes, width: int) -> dict[str, tuple[str, str]]:
    """Mode and object by name of a tree object's entries; ``width``: bytes of an object's name.

    A tree is a row of ``MODE NAME NUL OBJECT`` (gitformat: tree objects); what git writes as 40000
    is told as :data:`TREE`.
    """
    found: dict[str, tuple[str, str]] = {}
    at = 0
    while at < len(tree):
        space = tree.index(b" ", at)
        end = tree.index(b"\0", space)
        name = tree[space + 1 : end].decode("utf-8", "surrogateescape")
        found[name] = (tree[at:space].decode().zfill(6), tree[end + 1 : end + 1 + width].hex())
        at = end + 1 + width
    return found


def row(entries: Mapping[str, tuple[str, str]]) -> bytes:
    """The tree object that :func:`listed` would tell as these entries. Folders are sorted as if
    their names ended with a slash."""

    found = [_entry(part, mode, name) for part, (mode, name) in entries.items()]
    return b"".join(entry for _, entry in sorted(found))


@lru_cache(maxsize=20_000)
def _entry(part: str, mode: str, name: str) -> tuple[bytes, bytes]:
    """What an entry is sorted by, and the entry. Nearly all are those of the tree before."""
    called = part.encode("utf-8", "surrogateescape")
    entry = b"%s %s\0%s" % (mode.lstrip("0").encode(), called, bytes.fromhex(name))
    return called + b"/" if mode == TREE else called, entry
