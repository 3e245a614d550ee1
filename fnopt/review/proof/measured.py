"""What a verdict follows from, and what follows: the gate once more over the same trials. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fnopt.errors import FnoptError
from fnopt.evaluate.gate import Gate
from fnopt.evaluate.pairs import Block, Pairs
from fnopt.evaluate.settled import gate_of
from fnopt.records import Evaluation, Trial, Verdict

Trials = Callable[[str, str], Sequence[Trial] | None]
"""The trials of a split (first) with a library, by its digest; None where there are none."""


@dataclass(frozen=True)
class Rests:
    """What a verdict rests on, as :mod:`fnopt.train.rests` writes it.

    ``blocks`` None: the order of the tasks is not known. ``numbers`` are those of a task's trials;
    ``screened`` the training tasks of one that fell before it was measured on the split.
    """

    base: str
    after: str
    split: str
    numbers: tuple[int, ...]
    of: int = 0
    action: str = ""
    blocks: tuple[tuple[str, ...], ...] | None = ()
    gate: Gate | None = None
    single_use: str = "allow"
    screened: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Missing:
    """Nothing follows: trials of ``library`` on ``split`` are not in the evidence. ``tasks``: of
    so many."""

    split: str
    library: str
    tasks: int

    @property
    def path(self) -> str:
        """Where they should stand."""
        return trials_path(self.split, self.library)


def trials_path(split: str, library: str) -> str:
    """The file of evidence that holds a library's trials."""
    return f"trials/{split}/{library[:40]}.jsonl"


def rests_of(data: Mapping[str, Any]) -> Rests:
    """Raises ValueError, KeyError or TypeError for a document of another shape."""
    base, after = map(str, data["libraries"])
    split, numbers = str(data["split"]), tuple(map(int, data["trials"]))
    action = str(data.get("action", ""))
    if "screened" in data:
        screened = tuple(map(str, data["screened"]))
        return Rests(base, after, split, numbers, action=action, screened=screened)
    return Rests(
        base,
        after,
        split,
        numbers,
        int(data["of"]),
        action,
        tuple(tuple(map(str, block)) for block in data["blocks"]),
        gate_of(data["gate"]) if data["gate"] else None,
        str(data.get("single_use", "allow")),
    )


def follows(rests: Rests, trials: Trials) -> Verdict | Missing | None:
    """The gate's verdict on these trials; None where its rule or its order is not known."""
    if rests.gate is None or rests.blocks is None:
        return None
    sides = _sides(rests, trials, [task for block in rests.blocks for task in block])
    if isinstance(sides, Missing):
        return sides
    met = _blocks(rests, rests.blocks, sides)
    return rests.gate.judge(met, rests.of, rests.action)


def pairs(rests: Rests, trials: Trials) -> Pairs | Missing:
    """The pairs of tasks that the verdict rests on, whatever the rule; of all tasks that both
    libraries have trials of, where it is not known which were met."""
    chosen = None if rests.blocks is None else [one for block in rests.blocks for one in block]
    sides = _sides(rests, trials, chosen)
    if isinstance(sides, Missing):
        return sides
    tasks = [one for one in sides[0] if one in sides[1]] if chosen is None else chosen
    return Pairs.of(list(_blocks(rests, [tasks], sides)), rests.of)


def became_right(rests: Rests, trials: Trials, wanted: Iterable[str]) -> int | Missing:
    """How many of the training tasks ``wanted`` are right with the candidate."""
    sides = _sides(rests, trials, rests.screened or ())
    if isinstance(sides, Missing):
        return sides
    return sum(any(trial.right for trial in sides[1].get(task, ())) for task in set(wanted))


def helped(rests: Rests, trials: Trials) -> bool:
    """Whether more of the tasks that it was screened on are right with the candidate."""
    sides = _sides(rests, trials, rests.screened or ())
    if isinstance(sides, Missing):
        return False
    before, after = next(_blocks(rests, [rests.screened or ()], sides))
    return after.score > before.score


def evaluated(rests: Rests, trials: Trials) -> Evaluation:
    """The candidate's trials that the verdict rests on."""
    tasks = {one for block in rests.blocks or () for one in block}
    found = trials(rests.split, rests.after) or ()
    counted = tuple(one for one in found if one.task in tasks and one.number in rests.numbers)
    return Evaluation(rests.split, rests.after, counted)


_Side = Mapping[str, Sequence[Trial]]  # trials by task


def _sides(
    rests: Rests, trials: Trials, tasks: Sequence[str] | None
) -> tuple[_Side, _Side] | Missing:
    found: list[_Side] = []
    for library in (rests.base, rests.after):
        by_task: dict[str, list[Trial]] = {}
        for trial in trials(rests.split, library) or ():
            if trial.number in rests.numbers:
                by_task.setdefault(trial.task, []).append(trial)
        wanted = len(rests.numbers)
        absent = [one for one in tasks or () if len(by_task.get(one, ())) < wanted]
        if absent or not by_task:
            return Missing(rests.split, library, len(absent))
        found.append(by_task)
    return found[0], found[1]


def _blocks(
    rests: Rests, blocks: Iterable[Sequence[str]], sides: tuple[_Side, _Side]
) -> Iterator[Block]:
    for tasks in blocks:
        before, after = (
            Evaluation(rests.split, library, tuple(t for task in tasks for t in side[task]))
            for library, side in zip((rests.base, rests.after), sides, strict=True)
        )
        yield before, after


def derived(
    found: Mapping[str, Any], base: str, after: str, gate: Gate, split: str, numbers: int
) -> Rests | None:
    """What a step rests on whose document does not say it: an older version wrote that. By the
    configuration at its commit; None where it says nothing of figures, either."""
    figures = found.get("figures")
    if not isinstance(figures, Mapping):
        return None
    actions = [str(action) for action, _ in found.get("actions", ())]
    action = actions[0] if len(actions) == 1 else "several"
    given = tuple(range(numbers))
    if figures.get("score") is None:
        return Rests(base, after, "train", given, action=action, screened=())
    return Rests(base, after, split, given, int(figures["of"]), action, None, gate)


def in_one_block(rests: Rests, trials: Trials, met: int) -> Rests:
    """With all tasks in one block, where the gate looked once and there are no more of them."""
    if rests.blocks is not None or rests.gate is None or rests.gate.looks(rests.of) > 1:
        return rests
    try:
        found = pairs(rests, trials)
    except FnoptError:
        return rests
    if isinstance(found, Missing) or found.met != met:
        return rests
    return Rests(**{**vars(rests), "blocks": (tuple(found.base),)})
