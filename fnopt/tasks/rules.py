"""Rules that compare texts: what counts as the same answer. Pure; they may raise.

Their outcome is checked in :mod:`fnopt.tasks.scorers`.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Sequence
from typing import Protocol

from fnopt.records import Score, Task
from fnopt.tasks import numerals, options
from fnopt.tasks.question import one_form

_MOST = 10_000  # characters of an answer, from its end, that are searched for a choice


class Rule(Protocol):
    """A scorer before its outcome is checked: full marks are 1 or True; it may raise."""

    def __call__(self, answer: str, task: Task, /) -> float | bool | Score:
        """How right ``answer`` is."""


def exact(answer: str, task: Task) -> bool:
    """The same text; white space around it and its amount within do not count, letter case does
    (as in lm-evaluation-harness's ``exact_match``)."""
    return one_form(answer, "NFC") == one_form(task.answer, "NFC")


def contains(answer: str, task: Task) -> bool:
    """The expected text stands in the answer as whole words, in whatever letter case."""
    expected = re.escape(one_form(task.answer, "NFC").casefold())
    return re.search(rf"(?<!\w){expected}(?!\w)", one_form(answer, "NFC").casefold()) is not None


def number(answer: str, task: Task) -> bool:
    """Numerically equal, see :mod:`fnopt.tasks.numerals`; of a sentence its last number counts.

    Where the expected answer is not a number, the same text in whatever letter case.
    """
    expected = numerals.number(task.answer)
    if expected is None:
        return one_form(answer, "NFC").casefold().rstrip(".") == one_form(
            task.answer, "NFC"
        ).casefold().rstrip(".")
    given = numerals.number(answer)
    given = numerals.last_number(answer) if given is None else given
    return given is not None and numerals.equal(given, expected)


def choice(answer: str, task: Task) -> bool:
    """The same letter or letters of a multiple choice: "B", "(B)", "the answer is B", "A, C".

    Where the task has its options in ``choices``, the text of one stands for its letter.
    """
    choices = options.of_task(task.metadata)
    given = _options(answer, choices)
    return bool(given) and given == _options(task.answer, choices)


def _options(text: str, choices: Sequence[str]) -> frozenset[str]:
    one = options.picked(text, choices) if len(text) <= _MOST else None
    return letters(text[-_MOST:]) if one is None else frozenset(one)


def letters(text: str) -> frozenset[str]:
    """The chosen letters: the text may be them alone, name them, or end with one standing alone."""
    text = re.sub(r"\\(?:text|textbf|mathrm|boxed)\s*", "", one_form(text, "NFC"))
    bare = re.fullmatch(r"[\W_]*([A-Za-z](?:(?:\W|_|\band\b)+[A-Za-z])*)[\W_]*", text)
    if bare is not None:
        return frozenset(re.findall(r"\b[A-Z]\b", bare[1].upper()))
    leading = re.match(r"\W*([A-Z])\W?[).:]\s", f"{text} ")
    named = re.findall(r"(?i:answer|choice|option)(?:\s+is)?\W+([A-Z])\b", text)
    alone = re.findall(r"(?<![\w'])([B-HJ-Z])(?![\w'])|\(([A-Z])\)", text)
    found = named or ([leading[1]] if leading else []) or ["".join(pair) for pair in alone]
    return frozenset(found[-1:])


def gaia(answer: str, task: Task) -> bool:
    """GAIA's quasi exact match: a number, a list of numbers and texts, or a text.

    As its paper has it (Mialon et al. 2023, arXiv 2311.12983): a number without ``$``, ``%`` and
    thousands separators; lists part at ``,`` and ``;`` and agree element by element; texts without
    letter case and white space, and without punctuation where they are no element of a list.
    """
    expected = task.answer
    if _float(expected) is not None:
        return _same_number(answer, expected)
    if not re.search("[,;]", expected):
        return _squeezed(answer, string.punctuation) == _squeezed(expected, string.punctuation)
    ours, theirs = (re.split("[,;]", text) for text in (answer, expected))
    return len(ours) == len(theirs) and all(
        _same_number(one, other)
        if _float(other) is not None
        else _squeezed(one) == _squeezed(other)
        for one, other in zip(ours, theirs, strict=True)
    )


def _same_number(answer: str, expected: str) -> bool:
    return _float(re.sub("[$%,]", "", answer)) == _float(expected)


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _squeezed(text: str, without: str = "") -> str:
    return "".join(text.lower().translate(str.maketrans("", "", without)).split())
