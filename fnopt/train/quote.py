"""Words from outside as data: quoted so that nothing in them can end the quotation.

Every line of a quotation begins with :data:`MARK`, whatever it holds, so there is no end mark that
could be forged. What a chat template would take for the end of a message is broken up; what nobody
can see (control and format characters, halves of surrogate pairs) goes.
"""

from __future__ import annotations

import re
import unicodedata

from fnopt.train.excerpt import ENDING

MARK = "> "

_TURNS = re.compile(
    r"<(?=\|)|(?<=\|)>|<(?=/?(?:s|bos|eos|unk|pad|start_of_turn|end_of_turn|think|tool_call)>)"
    r"|\[(?=/?(?:INST|TOOL_CALLS|SYSTEM_PROMPT)\])|(?<=<)<(?=/?SYS>>)",
    re.IGNORECASE,
)
"""What marks turns for Llama, Qwen, Mistral, Gemma and others, where it begins or ends."""

_MENTION = re.compile(r"@(?=\w)|#(?=\d)|\b(GH)-(?=\d)", re.IGNORECASE)


def quoted(text: str, most: int) -> str:
    """A text of at most about ``most`` characters, each line as a quotation."""
    lines = plain(text, most).split("\n")
    return "\n".join(f"{MARK}{line}".rstrip() for line in lines)


def plain(text: str, most: int) -> str:
    """A text without what is not seen or marks a turn, cut to about ``most`` characters; its lines
    end in LF, and no more than one of two that follow each other is empty."""
    lines = [_line(line) for line in text[: most * 4].splitlines()]
    kept = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    whole = "\n".join(kept).strip()
    return whole if len(whole) <= most else whole[:most].rstrip() + ENDING


def in_a_line(text: str, most: int) -> str:
    """The same on one line."""
    return " ".join(plain(text, most).split())


def defused(text: str) -> str:
    """Prose for a commit message that rings nobody's bell at a forge and closes no issue: mentions,
    references to issues and addresses no longer are what a forge would take them for."""
    apart = _MENTION.sub(lambda found: f"{found[1] or found[0]} ", text)
    return apart.replace("://", ": //")


def _line(line: str) -> str:
    shown = "".join(_shown(char) for char in line)
    return _TURNS.sub(lambda found: f" {found[0]} ", shown).rstrip()


def _shown(char: str) -> str:
    """A character as it is; a blank for a tab, nothing for what is not seen."""
    if char == "\t":
        return " "
    return "" if unicodedata.category(char).startswith("C") else char
