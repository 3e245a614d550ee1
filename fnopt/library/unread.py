"""What lies among a library's modules and is not read: links, foreign repositories, a lone file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

from fnopt.library.function import Library
from fnopt.library.layout import SUFFIX, Layout
from fnopt.records import Fault

Entry = Literal["link", "repository", "file"]
"""A symbolic link; a submodule or another repository inside; a regular file."""


def unread(entries: Mapping[str, Entry], layout: Layout) -> tuple[Fault, ...]:
    """A fault for each entry, by path, where a module or a folder of them would be read."""
    told = (_told(path, entries[path], layout) for path in sorted(entries))
    return tuple(one for one in told if one is not None)


def unread_with(library: Library, name: str) -> Fault | None:
    """The fault of a file that cannot be read and that may define a function of that name."""
    word = re.compile(rb"\bdef\s+" + re.escape(name.encode("utf-8", "replace")) + rb"\b")
    for fault in library.faults:
        text = library.files.get(fault.file or "")
        if text is not None and fault.file not in library.modules and word.search(text):
            return fault
    return None


def _told(path: str, entry: Entry, layout: Layout) -> Fault | None:
    module, folder = layout.holds(path), _is_folder(path, layout)
    if entry == "link" and (module or folder):
        mend = "Put the file itself there: what a link leads to is not under version control here."
        return Fault("link", f"{path} is a symbolic link, which is not followed", mend, file=path)
    if entry == "repository" and folder:
        mend = "Copy the modules into this repository, or install them as a package."
        return Fault("repository", f"{path} is a repository of its own", mend, file=path)
    if entry == "file" and path in layout.roots and not module:
        mend = f"Make it a folder, or name it with {SUFFIX} in library.functions."
        return Fault("folder", f"{path} is a file, where a folder was expected", mend, file=path)
    return None


def _is_folder(path: str, layout: Layout) -> bool:
    """Whether modules below the path would be of the library; a name with a dot is a file's."""
    return not PurePosixPath(path).suffix and layout.holds(f"{path}/_{SUFFIX}")
