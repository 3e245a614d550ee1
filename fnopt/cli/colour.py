"""Colour on a terminal, unless ``NO_COLOR`` is set: click does not ask for that by itself."""

from __future__ import annotations

import os
import sys

import click


def coloured() -> bool:
    """Whether stdout is a terminal that shall have colours."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def paint(text: str, colour: str | None = None, *, bold: bool = False) -> str:
    """The text in a colour, on a terminal alone."""
    return click.style(text, fg=colour, bold=bold or None) if coloured() else text
