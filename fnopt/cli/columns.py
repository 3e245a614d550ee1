"""Tables as plain text: aligned, safe to print, cut to the width of a terminal and of nothing else.

What a model wrote may hold control characters, which a terminal would obey.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence


def plain(text: str) -> str:
    """One printable line."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())


def printable(text: str) -> str:
    """Text of any number of lines without control characters other than line ends and tabs."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as aligned lines; on a terminal, each is cut to its width."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    if not sys.stdout.isatty():
        return lines
    width = shutil.get_terminal_size().columns
    return [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]
