"""What is learned: families of reasoning-gym tasks, as a scratch repository that fnopt can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fnopt.errors import UsageError

SETS: Mapping[str, tuple[str, ...]] = {
    "dev": ("letter_counting", "count_bits", "spell_backward", "prime_factorization", "lcm"),
    "reported": (
        "bitwise_arithmetic",
        "power_function",
        "products",
        "ransom_note",
        "word_sequence_reversal",
    ),
}
"""``dev``: prompts may be developed on these. ``reported``: chosen by the rule in README.md."""

TOML = """\
[tasks]
train = "{train}"
val = "{val}"
test = "{test}"

[agent]
model = "local"
concurrency = {concurrency}

[optimizer]
model = "local"
"""
CONCURRENCY = 4


@dataclass(frozen=True)
class Sizes:
    """Tasks of each family in each split."""

    train: int = 4
    val: int = 8
    test: int = 20


def families_of(given: str) -> tuple[str, tuple[str, ...]]:
    """The name of a set and its families: a named set, or families with commas between them."""
    if given in SETS:
        return given, SETS[given]
    families = tuple(name.strip() for name in given.split(",") if name.strip())
    return "+".join(families), families


def files(families: tuple[str, ...], seed: int, sizes: Sizes) -> dict[str, str]:
    """The files of a repository with these tasks.

    Splits and seeds lie far apart: reasoning-gym's task 1 of one seed is task 0 of the next.
    """
    named = ",".join(families)
    sources = {
        split: f"reasoning-gym:{named}?size={size}&seed={seed * 10_000 + number * 1_000}"
        for number, (split, size) in enumerate(vars(sizes).items(), 1)
    }
    return repository(**sources)


def files_at(folder: Path) -> dict[str, str]:
    """The files of a repository with the tasks of a folder's train, val and test.jsonl; the tasks
    stay where they are. Raises UsageError when one of them is not there."""
    sources = {split: folder.absolute() / f"{split}.jsonl" for split in vars(Sizes())}
    for source in sources.values():
        if not source.is_file():
            mend = "give the folder of train.jsonl, val.jsonl and test.jsonl"
            raise UsageError(f"{source}: there are no tasks", mend)
    return repository(**{split: str(source) for split, source in sources.items()})


def repository(train: str, val: str, test: str) -> dict[str, str]:
    """The files of a repository with these sources of tasks, on the embedded model."""
    toml = TOML.format(train=train, val=val, test=test, concurrency=CONCURRENCY)
    return {"fnopt.toml": toml, "functions/.gitkeep": ""}
