"""The answer in a model's last words."""

from __future__ import annotations

import re

MARK = re.compile(r"^([\s*_#>`]*)(?:final\s+)?answer([\s*_`]*):(.*)$", re.IGNORECASE)
EMPHASIS = ("***", "**", "*", "__", "_", "`")


def has_answer(text: str) -> bool:
    """Whether a text holds a line ``ANSWER: …``."""
    return any(MARK.match(line) for line in text.splitlines())


def answer_of(text: str) -> str:
    """What follows the last ``ANSWER:`` that is followed by anything; without one, the whole text.

    An answer of several lines is taken whole when nothing stands on the marked line itself.
    """
    lines = text.strip().splitlines()
    marked = [at for at, line in enumerate(lines) if MARK.match(line)]
    if not marked:
        return text.strip()
    parts = reversed(list(zip(marked, [*marked[1:], len(lines)], strict=True)))
    found = (_after(lines[at:end]) for at, end in parts)
    return next(filter(None, found), "")


def _after(lines: list[str]) -> str:
    """The answer in a marked line or, when that is bare, in the lines behind it."""
    match = MARK.match(lines[0])
    assert match is not None, "BUG: the line is marked"
    return _plain(match[1] + match[2], match[3]) or _unfenced("\n".join(lines[1:]).strip())


def _plain(before: str, rest: str) -> str:
    """An answer without the emphasis that was opened before it or stands around it."""
    rest = rest.strip()
    for mark in EMPHASIS:
        if mark in before and rest.startswith(mark):  # **ANSWER:** 42
            return _around(rest.removeprefix(mark).strip())
        if mark in before and rest.endswith(mark):  # **ANSWER: 42**
            return _around(rest.removesuffix(mark).strip())
    return _around(rest)


def _around(text: str) -> str:
    for mark in ("**", "`"):  # not __, which would make init of __init__
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            return text[len(mark) : -len(mark)].strip()
    return text


def _unfenced(text: str) -> str:
    match = re.fullmatch(r"```\w*\n(.*?)\n?```", text, re.DOTALL)
    return match[1] if match else text
