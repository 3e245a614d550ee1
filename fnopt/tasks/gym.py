"""Tasks from reasoning-gym: ``reasoning-gym:FAMILY[,FAMILY…]?size=…&seed=…``.

A task's metadata says how to make it again (family, seed, size, number), so its scoring needs
nothing else, and its answer stands nowhere but in ``Task.answer``.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any
from urllib.parse import parse_qsl

from fnopt.errors import UsageError
from fnopt.records import Task
from fnopt.tasks.foreign import Foreign, ForeignError
from fnopt.tasks.question import digest

PREFIX = "reasoning-gym"
_FORM = "Write reasoning-gym:FAMILY[,FAMILY…]?size=20&seed=1."
_DEFAULTS = {"size": 20, "seed": 0}
_MOST = {"size": 100_000, "seed": 2**31}
_SPARE = 4  # how many tasks per task wanted may be looked at, to leave out repeated questions
_PATIENCE = 60.0  # seconds for one task of a slow family, the library's import included


@dataclass(frozen=True)
class Spec:
    """What to generate: ``size`` tasks of each family, from ``seed``."""

    families: tuple[str, ...]
    size: int
    seed: int


def parse(text: str) -> Spec:
    """The specification in ``text``. Raises UsageError."""
    names, _, query = text.removeprefix(f"{PREFIX}:").partition("?")
    families = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    if not families:
        raise UsageError(f"{text}: no family named", _FORM)
    numbers = dict(_DEFAULTS)
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in numbers:
            raise UsageError(f"{text}: unknown option {key!r}; known: size, seed", _FORM)
        if not (value.isascii() and value.isdigit()) or int(value[:20]) > _MOST[key]:
            raise UsageError(
                f"{text}: {key} must be a whole number up to {_MOST[key]}, not {value!r}", _FORM
            )
        numbers[key] = int(value)
    if numbers["size"] == 0:
        raise UsageError(f"{text}: size must be at least 1", _FORM)
    return Spec(families, numbers["size"], numbers["seed"])


def generate(spec: Spec, foreign: Foreign, without: Collection[str] = ()) -> tuple[Task, ...]:
    """The tasks, families in turn; questions whose digest is in ``without`` are left out.

    A family of few different questions gives fewer than ``size``. Raises UsageError.
    """
    require_installed()
    known = foreign.ask("gym_families", timeout=_PATIENCE)
    for family in spec.families:
        if family not in known:
            near = difflib.get_close_matches(family, known, n=3, cutoff=0.5)
            mend = f"Did you mean {', '.join(near)}?" if near else f"Known: {', '.join(known)}."
            raise UsageError(f"reasoning-gym has no family {family!r}", mend)
    seen = set(without)
    columns = [tuple(_family(spec, family, foreign, seen)) for family in spec.families]
    rows: Iterable[tuple[Task | None, ...]] = zip_longest(*columns)
    return tuple(task for task in chain.from_iterable(rows) if task is not None)


def _family(spec: Spec, family: str, foreign: Foreign, seen: set[str]) -> Iterator[Task]:
    size, found = spec.size * _SPARE, 0
    for index in range(size):
        try:
            question, answer = foreign.ask(
                "gym_entry", family, spec.seed, size, index, timeout=_PATIENCE
            )
        except ForeignError as error:
            raise UsageError(
                f"reasoning-gym could not make {family} number {index}: {error}",
                "Leave that family out, or choose another seed.",
            ) from None
        if digest(question) in seen:
            continue
        seen.add(digest(question))
        found += 1
        yield _task(family, spec.seed, size, index, question, answer)
        if found == spec.size:
            return


def _task(family: str, seed: int, size: int, index: int, question: str, answer: str) -> Task:
    origin = {"source": PREFIX, "family": family, "seed": seed, "size": size, "index": index}
    return Task(f"{family}-{seed}-{index}", question, answer, origin, PREFIX)


def is_ours(metadata: Mapping[str, Any]) -> bool:
    """Whether a task with this metadata came from here."""
    return metadata.get("source") == PREFIX and "family" in metadata


def score(answer: str, task: Task, foreign: Foreign, timeout: float) -> float:
    """The family's own score, 0 to 1. Raises ForeignError when its scorer raises."""
    origin = [task.metadata[key] for key in ("family", "seed", "size", "index")]
    return float(foreign.ask("gym_score", *origin, task.question, answer, timeout=timeout))


def require_installed() -> None:
    """Raises UsageError when reasoning-gym is not there."""
    if importlib.util.find_spec("reasoning_gym") is None:
        raise UsageError("reasoning-gym is not installed", "pip install 'fnopt[gym]'")
