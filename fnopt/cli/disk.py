"""The library as it lies in a working tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fnopt.library.function import Library, read
from fnopt.library.layout import SUFFIX, Layout
from fnopt.library.source import MAX_BYTES
from fnopt.library.unread import Entry, unread
from fnopt.records import Fault


def library_in(root: Path, layout: Layout) -> Library:
    """The library in a working tree; what lies there and is not read is among its faults."""
    entries = {path.relative_to(root).as_posix(): entry for path, entry in _entries(root, layout)}
    faults = list(unread(entries, layout))
    files: dict[str, bytes] = {}
    for name in sorted(entries):
        if entries[name] == "file" and layout.holds(name):
            content = _content(root, name)
            if isinstance(content, Fault):
                faults.append(content)
            else:
                files[name] = content
    library = read(files)
    return replace(library, faults=(*faults, *library.faults))


def _content(root: Path, name: str) -> bytes | Fault:
    """A file's bytes; of one that is too long no more than tell so."""
    try:
        with (root / name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror}"
        return Fault("unreadable", message, "Allow yourself to read it.", file=name)


def _entries(root: Path, layout: Layout) -> Iterator[tuple[Path, Entry]]:
    for one in layout.roots:
        top = root / one
        above = [root / part for part in (Path(one), *Path(one).parents)]
        if any(part.is_symlink() for part in above if part != root):
            yield top, "link"
        elif top.is_file():
            yield top, "file"
        else:
            yield from _below(top)


def _below(folder: Path) -> Iterator[tuple[Path, Entry]]:
    """What a folder holds that may be a module; git's own folder is left out."""
    for path, folders, files in os.walk(folder):
        inside = [Path(path, one) for one in folders if one != ".git"]
        links = [one for one in inside if one.is_symlink()]
        foreign = [one for one in inside if one not in links and (one / ".git").exists()]
        folders[:] = [one.name for one in inside if one not in links and one not in foreign]
        yield from ((one, "link") for one in links)
        yield from ((one, "repository") for one in foreign)
        for file in (Path(path, one) for one in files if one.endswith(SUFFIX) or "." not in one):
            if file.is_symlink():
                yield file, "link"
            elif file.name.endswith(SUFFIX) and file.is_file():
                yield file, "file"
