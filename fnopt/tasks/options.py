"""Multiple choice: options and their letters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fnopt.errors import UsageError
from fnopt.tasks.rows import Row, shown, shown_json

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def options(row: Row) -> list[str]:
    """The options of a row, or none. Raises UsageError."""
    given = row.values.get("choices")
    if given is None or given == []:
        return []
    if not isinstance(given, list) or not all(isinstance(x, str | int | float) for x in given):
        raise UsageError(
            f"{row.place}: choices must be a list of texts, not {shown_json(given)}",
            'Write "choices": ["…", "…"].',
        )
    if len(given) > len(LETTERS):
        raise UsageError(f"{row.place}: {len(given)} choices", "26 is the most that letters name.")
    return [str(one) for one in given]


def lettered(choices: Sequence[str]) -> str:
    """The options as they are asked: ``A) linear``, one a line."""
    return "\n".join(f"{letter}) {text}" for letter, text in zip(LETTERS, choices, strict=False))


def picked(text: str, choices: Sequence[str]) -> str | None:
    """The letter of the option that ``text`` is: its letter, or else its whole text.

    Letter case, white space and a full stop behind do not count. None where it is neither.
    """
    letter = text.strip().strip("().").upper()
    if len(letter) == 1 and letter in LETTERS[: len(choices)]:
        return letter
    same = [LETTERS[n] for n, option in enumerate(choices) if _plain(option) == _plain(text)]
    return same[0] if len(same) == 1 else None


def require_option(answer: str, choices: Sequence[str], place: str) -> None:
    """Raises UsageError for an expected answer that is none of the options, nor several letters."""
    several = re.fullmatch(r"[A-Za-z](\W+[A-Za-z])+", answer)
    named = re.findall(r"[A-Za-z]", answer.upper()) if several else []
    if picked(answer, choices) is None and (
        not named or not set(named) <= set(LETTERS[: len(choices)])
    ):
        raise UsageError(
            f"{place}: the answer {shown(answer)!r} is none of the {len(choices)} choices",
            "Write its letter, A for the first, or its text.",
        )


def of_task(metadata: Mapping[str, Any]) -> list[str]:
    """The options in a task's metadata, or none."""
    found = metadata.get("choices")
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return found
    return []


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
