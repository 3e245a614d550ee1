"""The library that a run began with against what became of it, by trials that the evidence has.

Nothing is run: these are the claim's fresh trials where there are some, else the gate's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fnopt.evaluate.claim import FRESH
from fnopt.evaluate.credit import Contribution, Tasks, contributions
from fnopt.evaluate.pairs import SAME, Pairs
from fnopt.history.evidence import Evidence
from fnopt.library.function import Library
from fnopt.records import Evaluation, Trial, Usage

FAR = 50
"""Commits that are looked through for a library that was measured."""


@dataclass(frozen=True)
class Worse:
    """A task whose mean score fell, 0 to 1."""

    task: str
    before: float
    after: float


@dataclass(frozen=True)
class Measured:
    """``commit``: whose library was measured, the branch's last one that was; ``current`` says that
    it is the library at the head. ``fresh``: by trials that chose nothing. ``tasks`` were met with
    both libraries, ``better`` of them gained; ``trials`` is how many the last library had.

    ``examples`` has for each function one call, with its result, of a trial that ended right.
    """

    split: str
    commit: str
    current: bool
    fresh: bool
    tasks: int
    better: int
    worse: tuple[Worse, ...]
    trials: int
    usage: Usage
    credit: Mapping[str, Contribution]
    examples: Mapping[str, tuple[str, str]]


def measured(
    evidence: Evidence,
    split: str,
    base: Library,
    commits: Sequence[str],
    library_of: Callable[[str], Library],
    written_for: Tasks,
) -> Measured | None:
    """What the evidence has of the newest of ``commits`` (newest first) whose library it knows.

    None where it knows none, or nothing of the first one's. Raises GitStateError on trials that
    cannot be read.
    """
    blobs = evidence.trial_blobs()
    before = _trials(evidence, blobs, split, base)
    for commit in commits[:FAR] if before else ():
        library = library_of(commit)
        after = _trials(evidence, blobs, split, library)
        if not after:
            continue
        fresh = any(map(_is_fresh, before)) and any(map(_is_fresh, after))
        first = _evaluation(split, base, before, fresh)
        last = _evaluation(split, library, after, fresh)
        current = library.digest == library_of(commits[0]).digest
        return _compared(commit, library, (first, last), (current, fresh), written_for)
    return None


def _compared(
    commit: str,
    library: Library,
    sides: tuple[Evaluation, Evaluation],
    marks: tuple[bool, bool],
    written_for: Tasks,
) -> Measured:
    first, last = sides
    pairs = Pairs.of([sides])
    fallen = (task for task, gain in pairs.differences.items() if gain < -SAME)
    worse = [Worse(task, pairs.base[task], pairs.candidate[task]) for task in fallen]
    return Measured(
        split=last.split,
        commit=commit,
        current=marks[0],
        fresh=marks[1],
        tasks=len(pairs.base),
        better=pairs.better,
        worse=tuple(sorted(worse, key=lambda one: (one.after - one.before, one.task))),
        trials=len(last.scored),
        usage=first.usage + last.usage,
        credit={one.function: one for one in contributions(library, last, written_for)},
        examples=_examples(last.scored),
    )


def _trials(
    evidence: Evidence, blobs: Mapping[str, str], split: str, library: Library
) -> list[Trial]:
    blob = blobs.get(f"trials/{split}/{library.digest[:40]}.jsonl")
    return evidence.trials(blob) if blob else []


def _evaluation(split: str, library: Library, trials: Iterable[Trial], fresh: bool) -> Evaluation:
    those = tuple(one for one in trials if _is_fresh(one) == fresh)
    return Evaluation(split, library.digest, those)


def _is_fresh(trial: Trial) -> bool:
    return trial.number >= FRESH


def _examples(trials: Iterable[Trial]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for trial in trials:
        for call in trial.calls if trial.right else ():
            if call.error is None:
                found.setdefault(call.function, (call.arguments, call.result))
    return found
