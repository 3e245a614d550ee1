"""Which failing training tasks the next edit is for: those that look alike, least tried first.

Questions are alike when they share most of their wording. Only word pairs that recur among the
training questions count, so that what differs from task to task (names, numbers) does not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from fnopt.records import Task

ALIKE = 0.4  # share of recurring word pairs that two questions must have in common
FADING = 0.5  # what a failed attempt takes from the weight of its tasks


def groups(failing: Sequence[Task], among: Sequence[Task]) -> list[tuple[Task, ...]]:
    """The failing tasks in groups that look alike, in the order of their first member."""
    marks = _marks(among)
    found: list[list[Task]] = []
    for task in failing:
        for group in found:
            if _alike(marks[task.id], marks[group[0].id]):
                group.append(task)
                break
        else:
            found.append([task])
    return [tuple(group) for group in found]


def choose(
    found: Sequence[tuple[Task, ...]], failed_attempts: Sequence[Collection[str]]
) -> tuple[Task, ...]:
    """The group with the most failing tasks, each failed attempt at it halving its weight.

    ``failed_attempts`` holds the ids of the tasks that each earlier attempt in vain was for.
    """

    def weight(group: tuple[Task, ...]) -> float:
        ids = {task.id for task in group}
        tried = sum(1 for attempt in failed_attempts if ids & set(attempt))
        return float(len(group) * FADING**tried)

    return max(found, key=weight)


def like(group: Sequence[Task], among: Sequence[Task]) -> frozenset[str]:
    """The ids of all training tasks that look like a group of them, failing or not."""
    marks = _marks(among)
    first = marks[group[0].id]
    return frozenset(task.id for task in among if _alike(marks[task.id], first))


def _marks(among: Sequence[Task]) -> dict[str, frozenset[tuple[str, str]]]:
    """The recurring word pairs of each question."""
    pairs = {task.id: _pairs(task.question) for task in among}
    frequency = Counter(pair for found in pairs.values() for pair in found)
    return {key: frozenset(p for p in found if frequency[p] > 1) for key, found in pairs.items()}


def _pairs(question: str) -> frozenset[tuple[str, str]]:
    words = ["#" if word.isdigit() else word for word in re.findall(r"\w+", question.lower())]
    return frozenset(zip(["", *words], words, strict=False))


def _alike(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> bool:
    every = one | other
    return not every or len(one & other) / len(every) >= ALIKE
