"""One source divided into train, val and test: 40%, 40%, 20%, in every stratum.

A task has a home, the split that the hash of its question falls into. In file order each goes home
unless that split is ahead of its share in the task's stratum; then it goes where most is missing.
So tasks that are added behind the others move none of them, and those added or removed elsewhere
move some (one in five of a stratum of 200, when one is put before them all). Without strata every
task goes home. What is a near-duplicate of an earlier task goes along with it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import get_args

from fnopt.errors import UsageError
from fnopt.records import Split, Task
from fnopt.tasks import gym
from fnopt.tasks.alike import Index, shape
from fnopt.tasks.question import digest

NAMES: tuple[Split, ...] = get_args(Split)
STRATA = ("family", "subject", "type", "level")  # keys of metadata that published tasks have
_SHARES: Mapping[Split, float] = {"train": 0.4, "val": 0.4, "test": 0.2}
_AHEAD = 1.5  # tasks by which a split may be ahead of its share of a stratum


def divide(
    tasks: Sequence[Task], strata: Collection[str] = STRATA, near: bool = True
) -> Mapping[Split, tuple[Task, ...]]:
    """The tasks by split; ``strata`` are the keys of metadata whose values make the strata.

    ``near``: whether near-duplicates stay together. Keys that no task has do not count. Raises
    UsageError when none of those asked for is there.
    """
    keys = [key for key in strata if any(key in task.metadata for task in tasks)]
    if strata and not keys and tuple(strata) != STRATA:
        known = sorted({key for task in tasks for key in task.metadata})
        raise UsageError(
            f"tasks.strata: no task has {', '.join(strata)} in its metadata",
            f"Known: {', '.join(known)[:200]}." if known else "Leave tasks.strata out.",
        )
    places = _places(tasks, keys, _models(tasks, near))
    return {
        name: tuple(task for task, place in zip(tasks, places, strict=True) if place == name)
        for name in NAMES
    }


def _places(tasks: Sequence[Task], keys: Sequence[str], models: Mapping[int, int]) -> list[Split]:
    places: list[Split] = []
    counts: dict[str, Counter[Split]] = defaultdict(Counter)
    for number, task in enumerate(tasks):
        count = counts[_stratum(task, keys)]
        if number in models:
            place = places[models[number]]
        else:
            place = _next(share(task.question), count) if keys else share(task.question)
        count[place] += 1
        places.append(place)
    return places


def _models(tasks: Sequence[Task], near: bool) -> dict[int, int]:
    """By number, the first of the earlier tasks whose split a task must share."""
    models: dict[int, int] = {}
    if near:  # of a generator's families all tasks are alike, and none a copy
        written = [n for n, task in enumerate(tasks) if not gym.is_ours(task.metadata)]
        found = Index([shape(tasks[n].question, tasks[n].answer) for n in written]).models()
        models = {written[later]: written[earlier] for later, earlier in found.items()}
    first: dict[str, int] = {}
    for number, task in enumerate(tasks):
        earlier = first.setdefault(digest(task.question), number)
        if earlier != number:
            models[number] = earlier
    return models


def _stratum(task: Task, keys: Sequence[str]) -> str:
    return json.dumps([task.metadata.get(key) for key in keys], sort_keys=True, default=str)


def _next(home: Split, count: Counter[Split]) -> Split:
    total = count.total() + 1
    ahead = {name: count[name] - part * total for name, part in _SHARES.items()}
    return home if ahead[home] + 1 <= _AHEAD else min(ahead, key=ahead.__getitem__)


def share(question: str) -> Split:
    """The split that is a question's home: 40% train, 40% val, 20% test, by its hash."""
    place = int(digest(question)[:15], 16) / 16**15
    for name, part in _SHARES.items():
        if place < part:
            return name
        place -= part
    return "test"
