"""What a person asks for in review; to the optimizer quoted text, to everything else data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """``id`` is the thread's at the forge; ``function`` the one that the comment stands at, with
    its ``path`` and ``line`` (1-based) and the ``code`` of that line, where it stands at one."""

    id: str
    author: str
    text: str
    function: str | None = None
    path: str | None = None
    line: int | None = None
    code: str = ""


@dataclass(frozen=True)
class Declined:
    """What people refused before, by closing its pull request unmerged: the ``code`` that it gave
    a ``function``, with the ``text`` of what they said. Without code its removal was refused."""

    function: str
    code: str
    text: str = ""
