"""Does what ``fnopt claim`` said follow from the fresh trials in the evidence? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fnopt.evaluate.claim import FRESH, Claim, claim, libraries
from fnopt.records import Evaluation, Trial
from fnopt.review.proof.finding import Finding
from fnopt.review.proof.measured import Trials, trials_path

MEND = "claim anew: fnopt claim --split {}"
_CLOSE = 1e-9


@dataclass(frozen=True)
class Said:
    """A claim as the evidence has it, and what it is held against.

    ``pair`` are the digests of the two libraries, None where nothing says them; ``judged`` and
    ``kept`` count the measured updates that the evidence knew when it was written.
    """

    split: str
    document: Mapping[str, Any]
    pair: tuple[str, str] | None
    trials: Trials
    judged: int = 0
    kept: int = 0

    def finding(self, kind: str, message: str, **more: Any) -> Finding:
        """A finding at this claim."""
        commit = self.document.get("commit")
        given = {"mend": MEND.format(self.split), **more}
        said = f"the claim on {self.split}: {message}"
        return Finding(kind, said, commit=commit if isinstance(commit, str) else None, **given)


def findings(said: Said) -> Iterator[Finding]:
    """What does not follow of a claim on fresh trials."""
    if said.pair is None:
        message = "its commits are not here, so that nothing can be held against it"
        yield said.finding("not-verifiable", message, level="warning")
        return
    block = _sides(said)
    if isinstance(block, str):
        message = f"{block} lacks the fresh trials that it was made of"
        yield said.finding("trials-missing", message, follows=block, mend="")
        return
    count = int(said.document.get("libraries", 1))
    if wrong := [*_counted(said, count)]:
        yield from wrong
        return
    found = claim([block], max(1, count), float(said.document.get("confidence", 0.95)))
    yield from _differing(said, found)


def sealed(said: Said, scores: Mapping[str, float] | None) -> Iterator[Finding]:
    """What does not follow of a claim on the sealed split: by the figures of its opening.

    ``scores`` are those recorded, by commit; None where no opening is known here.
    """
    ends = (("base_commit", "base"), ("commit", "score"))
    for key, figure in ends:
        claimed, commit = said.document.get(figure), str(said.document.get(key))
        recorded = (scores or {}).get(commit)
        if recorded is None:
            message = "its trials are kept out of the evidence, and no opening of the seal is here"
            mend = "git fetch origin refs/fnopt/openings:refs/fnopt/openings"
            yield said.finding("not-verifiable", message, mend=mend, level="warning")
            return
        lost = said.document.get("lost")
        if not lost and not _near(claimed, recorded, 5.1e-5):
            message = f"{figure} is {claimed}, the opening of the seal says {recorded}"
            yield said.finding("claim", message, claimed=str(claimed), follows=str(recorded))


def _differing(said: Said, found: Claim | None) -> Iterator[Finding]:
    """The first figure that does not follow; of how many libraries is taken as said."""
    if found is None:
        yield said.finding("claim", "infrastructure failed every trial that it was made of")
        return
    exact = bool(said.document.get("rests"))
    for key, value in asdict(found).items():
        claimed = said.document.get(key)
        bound = key in ("low", "high") and not exact  # they depend on the order of the tasks
        if claimed != value and not _near(claimed, value, 0.05 if bound else _CLOSE):
            message = f"{key} is {claimed}, its trials say {value}"
            yield said.finding("claim", message, claimed=str(claimed), follows=str(value))
            return


def _counted(said: Said, count: int) -> Iterator[Finding]:
    """Of how many libraries the split chose: fewer would make the interval too narrow."""
    judged, kept = (int(said.document.get(key, 0)) for key in ("judged", "kept"))
    if judged < said.judged or kept < said.kept:
        claimed, value = f"{kept} of {judged}", f"{said.kept} of {said.judged}"
        message = f"it counts {claimed} updates as kept, the evidence {value}"
        yield said.finding("claim", message, claimed=claimed, follows=value)
    elif count != libraries(judged, kept):
        value = str(libraries(judged, kept))
        message = f"its interval holds for {count} libraries, {kept} of {judged} are {value}"
        yield said.finding("claim", message, claimed=str(count), follows=value)


def _sides(said: Said) -> tuple[Evaluation, Evaluation] | str:
    """The fresh trials of both libraries, in the claim's order; else the file that lacks some."""
    assert said.pair is not None, "BUG: a claim without libraries has no trials"
    rests = said.document.get("rests") or {}
    numbers = set(rests.get("trials", ()))
    tasks: Sequence[str] = rests.get("tasks", ())
    sides = []
    for library in said.pair:
        fresh = [one for one in said.trials(said.split, library) or () if _fresh(one, numbers)]
        by_task: dict[str, list[Trial]] = {task: [] for task in tasks}
        for one in fresh:
            by_task.setdefault(one.task, []).append(one)
        if not fresh or any(len(by_task[task]) < len(numbers) for task in tasks):
            return trials_path(said.split, library)
        wanted = tasks or by_task
        counted = tuple(one for task in wanted for one in by_task[task])
        sides.append(Evaluation(said.split, library, counted))
    return sides[0], sides[1]


def _fresh(trial: Trial, numbers: set[int]) -> bool:
    return trial.number in numbers if numbers else trial.number >= FRESH


def _near(claimed: object, value: object, most: float) -> bool:
    if not isinstance(claimed, int | float) or not isinstance(value, int | float):
        return False
    return abs(claimed - value) <= most
