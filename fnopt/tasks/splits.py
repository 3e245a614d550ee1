"""Train, val and test: read when needed, never sharing a question."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from fnopt.errors import UsageError
from fnopt.records import Split, Task
from fnopt.tasks import formats, gym
from fnopt.tasks.foreign import Foreign
from fnopt.tasks.question import digest

NAMES: tuple[Split, ...] = get_args(Split)
_SHARES: Mapping[Split, float] = {"train": 0.4, "val": 0.4, "test": 0.2}


def load(
    root: Path,
    *,
    train: str | None = None,
    val: str | None = None,
    test: str | None = None,
    source: str | None = None,
) -> Splits:
    """The splits as configured, nothing read yet.

    Each value is a JSONL file, relative to ``root``, or a ``reasoning-gym:`` specification;
    ``source`` is divided into all three. Raises UsageError when ``source`` comes with a split.
    """
    given: dict[Split, str | None] = {"train": train, "val": val, "test": test}
    if source is not None and any(value is not None for value in given.values()):
        raise UsageError(
            "tasks.source is set together with tasks.train, tasks.val or tasks.test",
            "Keep either the one source or the splits.",
        )
    return Splits(root, {name: text for name, text in given.items() if text is not None}, source)


class Splits:
    """The tasks by split. Safe to share between threads; each split is read once.

    Generated splits leave out the questions of the splits before them; in files, a question that
    two splits share is an error.
    """

    def __init__(self, root: Path, given: Mapping[Split, str], source: str | None) -> None:
        self._root = root
        self._given = given
        self._source = source
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
            return gym.generate(gym.parse(text), self._foreign, without())
        return formats.read_jsonl(self._root / text, text)

    def _divide(self, tasks: tuple[Task, ...]) -> None:
        for name in NAMES:
            self._read[name] = tuple(task for task in tasks if share(task.question) == name)

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
        ours = self._digests(split)
        for other in others:
            theirs = self._digests(other)
            shared = [known for known in ours if known in theirs]
            if shared and self._source is None:
                raise UsageError(
                    self._overlap(split, other, ours[shared[0]], theirs[shared[0]])
                    + (f" ({len(shared)} shared in all)" if len(shared) > 1 else ""),
                    "Keep each question in one split only.",
                )

    def _overlap(self, split: Split, other: Split, our_id: str, their_id: str) -> str:
        return (
            f"the same question is in two splits: {our_id!r} in {split} ({self.describe(split)}) "
            f"and {their_id!r} in {other} ({self.describe(other)})"
        )


def share(question: str) -> Split:
    """The split to which a question of a single source belongs: 40% train, 40% val, 20% test.

    It depends on the question alone, so tasks added later move no other task.
    """
    place = int(digest(question)[:15], 16) / 16**15
    for name, part in _SHARES.items():
        if place < part:
            return name
        place -= part
    return "test"
