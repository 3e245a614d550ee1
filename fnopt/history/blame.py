"""Which imports and functions of a file came by fnopt's own updates, and which did people write?

``git blame`` speaks of lines, and an update that adds a name to a person's import rewrites its
line. So each commit's versions of the file are compared; what any person ever brought is theirs.
"""

from __future__ import annotations

import re

from fnopt.history import message
from fnopt.history.repo import Repository
from fnopt.library.ours import Ours, brought

_CHANGE = re.compile(r"^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) [A-Z]", re.MULTILINE)


def ours(repo: Repository, commit: str, path: str) -> Ours:
    """What fnopt's updates up to ``commit`` brought into the file, through renames.

    A revert brings back what somebody brought before: it counts for nobody. Where the history is
    cut off, what lies before is taken for people's.
    """
    mine, theirs = Ours(), Ours()
    for text, old, new in _versions(repo, commit, path):
        came = brought(repo.read(old) if old else None, repo.read(new))
        if _is_update(text) and (old or not repo.shallow()):
            mine |= came
        elif message.reverted(text) is None:
            theirs |= came
    return mine.but(theirs)


def _is_update(text: str) -> bool:
    """Whether it is the message of an update, or of several that were squashed into one."""
    return bool(message.blocks(text))


def _versions(repo: Repository, commit: str, path: str) -> list[tuple[str, str | None, str]]:
    """The message of each commit that changed the file, its blob before (None: none) and after."""
    words = ("log", "--follow", "--raw", "--no-abbrev", "--no-show-signature", "--encoding=UTF-8")
    out = repo.git(*words, "--format=%x00%B%x00", "--end-of-options", commit, "--", path).out
    parts = out.decode(errors="replace").split("\0")[1:]
    found = []
    for text, raw in zip(parts[::2], parts[1::2], strict=True):
        change = _CHANGE.search(raw)
        if change and change[2].strip("0"):
            found.append((text, change[1] if change[1].strip("0") else None, change[2]))
    return found
