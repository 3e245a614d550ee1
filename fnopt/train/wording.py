"""The words that the questions of one kind share: what tells an agent which function is meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from fnopt.records import Task

BEFORE = 90  # characters in front of what differs
LONGEST = 140  # characters in all
WORDS = 300  # of a question that are looked at
GAP = "…"


def wording(tasks: Sequence[Task]) -> str:
    """The words around the first place where the questions differ, a dot row for what differs.

    Empty where they share none there, and of one question alone.

    >>> wording([Task("a", "Add 2 and 3.", "5"), Task("b", "Add 10 and 4.", "14")])
    'Add … and …'
    """
    common, *others = (task.question.split()[:WORDS] for task in tasks)
    if not others:
        return ""
    for other in others:
        common = _shared(common, other)
    first = common.index(GAP) if GAP in common else len(common)
    before = common[:first]
    while len(" ".join(before)) > BEFORE:
        before = before[1:]
    found = before
    for word in common[first:]:
        if len(" ".join([*found, word])) > LONGEST:
            break
        found = [*found, word]
    return " ".join(found) if any(word != GAP for word in found) else ""


def _shared(one: list[str], other: list[str]) -> list[str]:
    """The words of both in their order, a gap where either has others."""
    found: list[str] = []
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    for kind, start, end, _, _ in matcher.get_opcodes():
        found += one[start:end] if kind == "equal" else [GAP]
    return [word for at, word in enumerate(found) if word != GAP or found[at - 1 : at] != [GAP]]
