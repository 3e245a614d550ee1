"""What a verdict or a claim rests on, as evidence: which trials, in which order, by which rule.

From this and the trials anybody can come to the same figures without a model (``fnopt verify``).
``libraries`` are the digests of the two that were compared, ``trials`` the numbers of the trials of
a task, ``blocks`` the ids of the tasks in the order in which the gate met them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fnopt.evaluate.pairs import Block
from fnopt.evaluate.settled import settled
from fnopt.records import Evaluation
from fnopt.train.run import Judging


def on_the_gate(judging: Judging, met: Sequence[Block], action: str) -> dict[str, Any]:
    """Of a verdict of the gate; ``action`` is what it was told that the update does."""
    return {
        **_common([side for block in met for side in block]),
        "action": action,
        "split": judging.split,
        "of": len(judging.tasks),
        "blocks": [_tasks(block) for block in met],
        "gate": settled(judging.gate),
        "single_use": judging.single_use,
    }


def on_the_screen(pair: Sequence[Evaluation], action: str) -> dict[str, Any]:
    """Of a verdict that fell on the training tasks that an edit is for."""
    return {**_common(pair), "action": action, "split": "train", "screened": _tasks(pair)}


def on_trials(block: Block) -> dict[str, Any]:
    """Of a claim; of the sealed split nothing is said of single tasks."""
    tasks = [] if block[0].split == "test" else _tasks(block)
    return {**_common(block), "split": block[0].split, "tasks": tasks}


def _common(sides: Sequence[Evaluation]) -> dict[str, Any]:
    """``sides`` alternate: the base's, the candidate's."""
    numbers = {trial.number for side in sides for trial in side.trials}
    return {"libraries": [one.library for one in sides[:2]], "trials": sorted(numbers)}


def _tasks(block: Sequence[Evaluation]) -> list[str]:
    return list(dict.fromkeys(trial.task for side in block for trial in side.trials))
