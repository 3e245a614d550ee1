"""Train, val and test: read when needed, never sharing a question."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnopt.errors import UsageError
from fnopt.records import Split, Task
from fnopt.tasks import formats, gym, pytest_tasks
from fnopt.tasks.alike import Index, Shape, shape
from fnopt.tasks.division import NAMES, STRATA, divide
from fnopt.tasks.foreign import Foreign
from fnopt.tasks.question import digest
from fnopt.tasks.scorers import require

_TOLD = 3  # pairs that a message names
_ALLOW = 'set tasks.near_duplicates = "allow"'


@dataclass(frozen=True)
class Terms:
    """How tasks are divided and compared: ``tasks.strata`` and ``tasks.near_duplicates``; the
    scorer that is configured, or None where each task's own counts."""

    strata: tuple[str, ...] = STRATA
    near: bool = True
    scorer: str | None = None


def load(
    root: Path,
    *,
    train: str | None = None,
    val: str | None = None,
    test: str | None = None,
    source: str | None = None,
    terms: Terms | None = None,
) -> Splits:
    """The splits as configured, nothing read yet.

    Each value is a task file, relative to ``root`` (see :mod:`fnopt.tasks.formats`), or a
    specification that begins with ``reasoning-gym:`` or ``pytest:``; ``source`` is divided into
    all three. Raises UsageError when ``source`` comes with a split.
    """
    given: dict[Split, str | None] = {"train": train, "val": val, "test": test}
    if source is not None and any(value is not None for value in given.values()):
        raise UsageError(
            "tasks.source is set together with tasks.train, tasks.val or tasks.test",
            "Keep either the one source or the splits.",
        )
    named = {name: text for name, text in given.items() if text is not None}
    return Splits(root, named, source, terms or Terms())


class Splits:
    """The tasks by split. Safe to share between threads; each split is read once.

    Generated splits leave out the questions of the splits before them; in files, a question that
    two splits share is an error, and so is a near-duplicate (see :mod:`fnopt.tasks.alike`).
    """

    def __init__(
        self, root: Path, given: Mapping[Split, str], source: str | None, terms: Terms
    ) -> None:
        self._root = root
        self._given = given
        self._source = source
        self._terms = terms
        self._shapes: dict[Split, list[Shape]] = {}
        self._read: dict[Split, tuple[Task, ...]] = {}
        self._lock = threading.RLock()
        self._foreign = Foreign()

    @property
    def names(self) -> tuple[Split, ...]:
        """The splits that are configured."""
        return NAMES if self._source is not None else tuple(n for n in NAMES if n in self._given)

    @property
    def train(self) -> tuple[Task, ...]:
        """What the optimizer learns from."""
        return self.tasks("train")

    @property
    def val(self) -> tuple[Task, ...]:
        """What the gate judges on."""
        return self.tasks("val")

    @property
    def test(self) -> tuple[Task, ...]:
        """The sealed split: only ``fnopt test`` asks for it."""
        return self.tasks("test")

    def tasks(self, split: Split) -> tuple[Task, ...]:
        """The tasks of a split; test is checked against all the others at once, train and val
        against what was read before. Raises UsageError."""
        with self._lock:
            if split not in self._read:
                self._load(split)
                others = self.names if split == "test" else tuple(self._read)
                self._compare(split, tuple(name for name in others if name != split))
            return self._read[split]

    def check(self) -> None:
        """Compare all configured splits, by the questions' hashes. Raises UsageError."""
        with self._lock:
            for index, name in enumerate(self.names):
                self._compare(name, self.names[:index])

    def describe(self, split: Split) -> str:
        """The file or specification that a split comes from."""
        return self._source if self._source is not None else self._given[split]

    def _load(self, split: Split) -> None:
        if split not in self.names:
            known = ", ".join(self.names) or "none"
            raise UsageError(
                f"there is no {split} split (configured: {known})",
                f'Set tasks.{split}, for example to "tasks/{split}.jsonl", or tasks.source.',
            )
        if self._source is None:
            self._read[split] = self._from(self._given[split], lambda: self._before(split))
        else:
            self._divide(self._from(self._source, set))
        if not self._read[split]:
            raise UsageError(
                f"the {split} split has no tasks ({self.describe(split)})",
                "Add tasks, or give every split a file of its own.",
            )

    def _from(self, text: str, without: Callable[[], set[str]]) -> tuple[Task, ...]:
        if text.startswith(f"{gym.PREFIX}:"):
            tasks = gym.generate(gym.parse(text), self._foreign, without())
        elif text.startswith(f"{pytest_tasks.PREFIX}:"):
            tasks = pytest_tasks.collect(self._root, pytest_tasks.parse(self._root, text))
        else:
            tasks = formats.read(self._root, text)
        if self._terms.scorer is None:
            require(tasks)
        return tasks

    def _divide(self, tasks: tuple[Task, ...]) -> None:
        self._read.update(divide(tasks, self._terms.strata, self._terms.near))

    def _before(self, split: Split) -> set[str]:
        """Digests of the questions of the configured splits before this one."""
        names = [name for name in self.names if NAMES.index(name) < NAMES.index(split)]
        return {known for name in names for known in self._digests(name)}

    def _digests(self, split: Split) -> dict[str, str]:
        """Task ids by digest of the question: all that is compared, of the test split above all."""
        if split not in self._read:
            self._load(split)
        return {digest(task.question): task.id for task in self._read[split]}

    def _compare(self, split: Split, others: tuple[Split, ...]) -> None:
        """Raises UsageError for what two splits share, by ids alone."""
        for other in others:
            ours, theirs = self._digests(split), self._digests(other)
            same = [(ours[known], theirs[known]) for known in ours if known in theirs]
            if same and self._source is None:
                raise UsageError(
                    self._shared("the same question is in two splits", split, other, same),
                    "Keep each question in one split only.",
                )
            if self._terms.near and not self._generated(split, other):
                self._compare_nearly(split, other)

    def _compare_nearly(self, split: Split, other: Split) -> None:
        ours, theirs = self._shapes_of(split), self._shapes_of(other)
        alike = [
            (self._read[split][later - len(theirs)].id, self._read[other][earlier].id)
            for later, earlier in Index([*theirs, *ours]).pairs()
            if later >= len(theirs) > earlier
        ]
        if alike:
            raise UsageError(
                self._shared("nearly the same question is in two splits", split, other, alike),
                f"Keep one of each pair, or, if they are tasks of their own, {_ALLOW}.",
            )

    def _shapes_of(self, split: Split) -> list[Shape]:
        if split not in self._shapes:
            self._shapes[split] = [shape(task.question, task.answer) for task in self._read[split]]
        return self._shapes[split]

    def _generated(self, *splits: Split) -> bool:
        """Whether all come from a generator, whose tasks are alike and none a copy."""
        return all(self.describe(split).startswith(f"{gym.PREFIX}:") for split in splits)

    def _shared(
        self, what: str, split: Split, other: Split, pairs: Sequence[tuple[str, str]]
    ) -> str:
        (first, second), *more = pairs
        named = "".join(f"; {one!r} and {two!r}" for one, two in more[: _TOLD - 1])
        total = f" ({len(pairs)} pairs in all)" if len(pairs) > _TOLD else ""
        return (
            f"{what}: {first!r} in {split} ({self.describe(split)}) "
            f"and {second!r} in {other} ({self.describe(other)}){named}{total}"
        )
