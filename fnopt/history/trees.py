"""Trees of one repository: what they hold, and others made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from fnopt import tempdir
from fnopt.errors import GitStateError
from fnopt.history.command import Answer
from fnopt.history.objects import TREE, ObjectReader, listed
from fnopt.history.writer import ObjectWriter
from fnopt.library.memo import Memo

TREES = 256
"""Trees whose entries are kept."""

_ORDINARY = re.compile(r"\w[\w .-]*(?<![ .])(/\w[\w .-]*(?<![ .]))*")
"""Paths that mean the same everywhere. Of others git knows whether it may hold them: ``git~1``."""


class Runs(Protocol):
    """Runs one git command in the repository, and raises GitStateError when it fails."""

    def __call__(
        self, *words: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> Answer: ...


class Trees:
    """Trees read through one long-lived git process and written through another."""

    def __init__(self, objects: ObjectReader, writer: ObjectWriter, git: Runs) -> None:
        self._objects = objects
        self._writer = writer
        self._git = git
        self._known = Memo[Mapping[str, tuple[str, str]]](TREES)

    def find(self, revision: str) -> str:
        """The tree of a commit or tree. Raises GitStateError."""
        found = self._objects.find(f"{revision}^{{tree}}")
        if found is None:
            raise GitStateError(f"{revision} has no tree in this repository", "see: git fsck")
        return found.name

    def entries(self, tree: str, folders: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Path, mode and object of every file in a tree, or of those below or at some paths."""
        root = self.find(tree)
        if not all(folders):
            folders = ()
        if not folders:
            yield from self._below("", root)
        for folder in sorted(set(folders)):
            mode, name = self._at(root, folder)
            if mode == TREE:
                yield from self._below(f"{folder}/", name)
            elif mode:
                yield folder, mode, name

    def write(self, base: str | None, changes: Mapping[str, bytes | None]) -> str:
        """The tree ``base`` (None: empty) with files set to bytes, or taken out for None.

        Raises GitStateError for a path that no repository may hold, such as ``../x``.
        """
        if not all(_ORDINARY.fullmatch(path) for path in changes):
            return self.write_by_index(base, changes)
        top = self._changed(self.find(base) if base else "", changes)
        return top or self._writer.tree({})

    def write_by_index(self, base: str | None, changes: Mapping[str, bytes | None]) -> str:
        """The same as ``write`` through an index file: git says which of the names may be."""
        with tempdir.lent("index") as folder:
            index = {"GIT_INDEX_FILE": str(folder / "index")}
            self._git("read-tree", base or "--empty", env=index)
            modes = self._modes(self.find(base), list(changes)) if base and changes else {}
            # what goes makes room first: a file may become a folder
            files = sorted(changes.items(), key=lambda change: change[1] is not None)
            lines = b"".join(self._index_line(path, data, modes) for path, data in files)
            words = ("update-index", "-z", "--add", "--index-info")
            answer = self._git(*words, env=index, stdin=lines)
            if "Ignoring path" in answer.error:  # git skips ../x and goes on
                raise GitStateError(f"git update-index: {answer.complaint}", "name another file")
            return self._git("write-tree", env=index).text

    def _at(self, tree: str, path: str) -> tuple[str, str]:
        """Mode and object of what lies at a path of a tree; empty where nothing does."""
        mode, name = TREE, tree
        for part in path.split("/"):
            mode, name = self._tree(name).get(part, ("", "")) if mode == TREE else ("", "")
        return mode, name

    def _below(self, folder: str, tree: str) -> Iterator[tuple[str, str, str]]:
        for part, (mode, name) in self._tree(tree).items():
            if mode == TREE:
                yield from self._below(f"{folder}{part}/", name)
            else:
                yield f"{folder}{part}", mode, name

    def _tree(self, name: str) -> Mapping[str, tuple[str, str]]:
        """Mode and object by name of what a tree object lists. Most are read again and again."""
        return self._known.get(name, lambda: listed(self._objects.read(name), len(name) // 2))

    def _changed(self, tree: str, changes: Mapping[str, bytes | None]) -> str:
        """A tree with the files below it changed; empty where no file is left."""
        entries = dict(self._tree(tree)) if tree else {}
        within: dict[str, dict[str, bytes | None]] = {}
        for path, data in changes.items():
            part, _, rest = path.partition("/")
            mode, name = entries.get(part, ("", ""))
            if rest:
                within.setdefault(part, {})[rest] = data
            elif data is not None:
                # what was a link becomes a file
                kept = mode if mode.startswith("100") else "100644"
                entries[part] = (kept, self._writer.blob(data))
            elif mode != TREE:
                entries.pop(part, None)
        for part, inside in within.items():
            mode, name = entries.get(part, ("", ""))
            if mode != TREE and all(data is None for data in inside.values()):
                continue  # no folder: there is nothing to take out
            below = self._changed(name if mode == TREE else "", inside)
            entries.pop(part, None)
            entries |= {part: (TREE, below)} if below else {}
        return self._writer.tree(entries) if entries else ""

    def _modes(self, tree: str, paths: list[str]) -> dict[str, str]:
        """The modes of the regular files among paths; what was a link becomes a file."""
        found = {path: self._at(tree, path)[0] for path in paths}
        return {path: mode for path, mode in found.items() if mode.startswith("100")}

    def _index_line(self, path: str, data: bytes | None, modes: Mapping[str, str]) -> bytes:
        name = path.encode(errors="surrogateescape")
        if b"\0" in name:
            raise GitStateError(f"{path!r} cannot name a file", "name another file")
        if data is None:
            return b"0 " + b"0" * self._hash_length + b"\t" + name + b"\0"
        blob = self._git("hash-object", "-w", "--stdin", stdin=data).text
        return f"{modes.get(path, '100644')} {blob}\t".encode() + name + b"\0"

    @cached_property
    def _hash_length(self) -> int:
        return 64 if self._git("rev-parse", "--show-object-format").text == "sha256" else 40
