"""The answer in a model's last words."""

from __future__ import annotations

import re

MARK = re.compile(r"^[\s*_#>`]*(?:final\s+)?answer\s*[*_`]*\s*:\s*(.*)$", re.IGNORECASE)


def has_answer(text: str) -> bool:
    """Whether a text holds a line ``ANSWER: …``."""
    return any(MARK.match(line) for line in text.splitlines())


def answer_of(text: str) -> str:
    """What follows the last ``ANSWER:``; without one, the whole text.

    An answer of several lines is taken whole when nothing stands on the marked line itself.
    """
    lines = text.strip().splitlines()
    marked = [(at, match[1]) for at, line in enumerate(lines) if (match := MARK.match(line))]
    if not marked:
        return text.strip()
    at, rest = marked[-1]
    return _bare(rest) or "\n".join(lines[at + 1 :]).strip()


def _bare(text: str) -> str:
    text = text.strip()
    for mark in ("**", "__", "`"):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            text = text[len(mark) : -len(mark)].strip()
    return text.removesuffix("**").strip()
