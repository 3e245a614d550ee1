"""Which failing training tasks the next edit is for: those that look alike, least tried first.

Questions are alike when they share most of their wording. Only word pairs that recur among the
training questions count, so that what differs from task to task (names, numbers) does not.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache

from fnopt.records import Task

ALIKE = 0.4  # share of recurring word pairs that two questions must have in common
FADING = 0.5  # what a failed attempt takes from the weight of its tasks
LUCK = 0.5  # what a task weighs that was answered right without any function's help
SERVED = 0.25  # what is left of a group's weight where a function computes all that is expected
LONGEST = 20_000  # characters of a question that are compared
KIN = 4  # tasks beside the failing ones that stand for their kind


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
    found: Sequence[tuple[Task, ...]],
    failed_attempts: Sequence[Collection[str]],
    luck: Callable[[tuple[Task, ...]], int] = lambda _: 0,
    served: Callable[[tuple[Task, ...]], bool] = lambda _: False,
) -> tuple[Task, ...]:
    """The group with the most failing tasks, each failed attempt at it halving its weight.

    ``failed_attempts`` holds the ids of the tasks that each earlier attempt in vain was for.
    ``luck`` counts the tasks of a group's kind that were right without a function; ``served`` says
    that the library computes what a group needs, so that no other code will.
    """

    def weight(group: tuple[Task, ...]) -> float:
        ids = {task.id for task in group}
        tried = sum(1 for attempt in failed_attempts if ids & set(attempt))
        return float((len(group) + LUCK * luck(group)) * FADING**tried)

    ranked = [(-weight(group), place, False) for place, group in enumerate(found)]
    heapq.heapify(ranked)
    while True:  # whether a group is served takes time to find out: it is asked of the first alone
        weighs, place, known = heapq.heappop(ranked)
        if known or not served(found[place]):
            return found[place]
        heapq.heappush(ranked, (weighs * SERVED, place, True))


def like(group: Sequence[Task], among: Sequence[Task]) -> frozenset[str]:
    """The ids of all training tasks that look like a group of them, failing or not."""
    marks = _marks(among)
    first = marks[group[0].id]
    return frozenset(task.id for task in among if _alike(marks[task.id], first))


def kin(group: Sequence[Task], among: Sequence[Task], most: int = KIN) -> tuple[Task, ...]:
    """The first few tasks that look like a group, beside its own."""
    ids, alike = {task.id for task in group}, like(group, among)
    more = (task for task in among if task.id in alike and task.id not in ids)
    return tuple(itertools.islice(more, most))


def _marks(among: Sequence[Task]) -> Mapping[str, frozenset[tuple[str, str]]]:
    """The recurring word pairs of each question."""
    return _marks_of(tuple((task.id, task.question) for task in among))


@lru_cache(maxsize=8)
def _marks_of(among: tuple[tuple[str, str], ...]) -> Mapping[str, frozenset[tuple[str, str]]]:
    pairs = {id_: _pairs(question[:LONGEST]) for id_, question in among}
    frequency = Counter(pair for found in pairs.values() for pair in found)
    return {key: frozenset(p for p in found if frequency[p] > 1) for key, found in pairs.items()}


def _pairs(question: str) -> frozenset[tuple[str, str]]:
    words = ["#" if word.isdigit() else word for word in re.findall(r"\w+", question.lower())]
    return frozenset(zip(["", *words], words, strict=False))


def _alike(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> bool:
    every = one | other
    return not every or len(one & other) / len(every) >= ALIKE
