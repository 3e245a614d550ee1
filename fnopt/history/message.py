"""Commit messages: headline figures as trailers, prose as data that can forge none of them.

Trailers survive push, clone and rebase, and show everywhere (git-interpret-trailers(1)). Subjects
follow Conventional Commits 1.0.0.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

WIDTH = 72
SUBJECT_WIDTH = 72
TRAILER = re.compile(r"^[A-Za-z][A-Za-z0-9-]*: ")
TYPES = {"add": "feat", "revise": "fix", "remove": "refactor"}


def subject(actions: Iterable[tuple[str, str]]) -> str:
    """``feat(functions): add count_letter`` for the (action, function) pairs of an update."""
    pairs = list(actions)
    kind = TYPES.get(pairs[0][0], "chore")
    what = ", ".join(f"{action} {function}" for action, function in pairs)
    return textwrap.shorten(f"{kind}(functions): {what}", SUBJECT_WIDTH, placeholder=" …")


def compose(subject: str, body: str, trailers: Iterable[tuple[str, str]]) -> str:
    """A whole message. ``body`` may be anything: it is wrapped and cannot pass for a trailer."""
    paragraphs = [prose(part) for part in re.split(r"\n\s*\n", body)]
    block = "\n".join(f"{key}: {_line(value)}" for key, value in trailers)
    parts = [_line(subject), *filter(None, paragraphs), *filter(None, [block])]
    return "\n\n".join(parts) + "\n"


def prose(text: str) -> str:
    """One paragraph, wrapped; a line that looks like a trailer is indented."""
    lines = textwrap.wrap(_line(text), WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"  {line}" if TRAILER.match(line) else line for line in lines)


def trailers(message: str) -> Mapping[str, tuple[str, ...]]:
    """The trailers of a message's last block, each key with its values in order.

    After a squash merge several messages lie in one: use :func:`blocks` then.
    """
    return _block(message.rstrip().rsplit("\n\n", 1)[-1]) if "\n\n" in message.strip() else {}


def blocks(message: str) -> list[Mapping[str, tuple[str, ...]]]:
    """Every block of trailers in a message, in order (a squash merge holds several)."""
    found = [_block(part) for part in message.split("\n\n")[1:]]
    return [block for block in found if "Fnopt-Step" in block]


def reverted(message: str) -> str | None:
    """The commit that a message says it reverts, or None."""
    match = re.search(r"^This reverts commit ([0-9a-f]{7,64})\.?$", message, re.MULTILINE)
    return match[1] if match else None


def _block(part: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in part.strip().splitlines():
        if not TRAILER.match(line):
            return {}
        key, value = line.split(": ", 1)
        found[key] = (*found.get(key, ()), value.strip())
    return found


def _line(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())
