"""What went wrong at a training task: by the calls in its trial, never by guessing at the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fnopt.records import Call, Evaluation, Task, Trial
from fnopt.tasks.scorers import Scorer
from fnopt.train.attempts import Observation, observe

Kind = Literal["no call", "unknown", "arguments", "raised", "wording", "wrong function", "result"]

SAID: Mapping[str, str] = {
    "no call": "it called no function",
    "unknown": "it called a function that is not there",
    "arguments": "it called a function with arguments that do not fit",
    "raised": "the function that it called raised an error",
    "wording": "a function returned the expected answer, and it answered otherwise",
    "wrong function": "it called a function that is for other questions",
    "result": "the function that it called did not return the expected answer",
}
"""Each kind in words."""

TURNS = 12  # of a conversation that are told


@dataclass(frozen=True)
class Failure:
    """A failing training task, what the agent did on it, and what went wrong.

    ``talk`` is the conversation behind the question, a line for each turn: who and what.
    """

    task: Task
    observed: Observation
    kind: Kind = "no call"
    talk: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The kind in words."""
        return SAID[self.kind]


def failures(
    tasks: Sequence[Task],
    evaluation: Evaluation,
    scorer: Scorer,
    busy: Collection[str] = (),
) -> tuple[Failure, ...]:
    """The tasks with the first trial of each that was wrong; those without one are left out.

    ``busy`` functions are known to serve other tasks. What infrastructure took is no failure.
    """
    trials: dict[str, Trial] = {}
    for trial in evaluation.scored:
        if not trial.right:
            trials.setdefault(trial.task, trial)
    return tuple(
        Failure(task, observe(one), kind(one, task, scorer, busy), talk(one))
        for task in tasks
        if (one := trials.get(task.id))
    )


def kind(trial: Trial, task: Task, scorer: Scorer, busy: Collection[str] = ()) -> Kind:
    """What went wrong in a trial that was scored wrong."""
    if not trial.calls:
        return "no call"
    returned = [call for call in trial.calls if call.error is None]
    results = dict.fromkeys(call.result for call in returned)  # a scorer may take its time
    if any(scorer(one, task).value >= 1.0 for one in results):
        return "wording"
    if not returned:
        return _failed(trial.calls[-1])
    return "wrong function" if returned[-1].function in busy else "result"


def _failed(call: Call) -> Kind:
    error = call.error or ""
    if error.startswith("no function is called"):
        return "unknown"
    return "raised" if "Traceback" in error else "arguments"


def talk(trial: Trial) -> tuple[str, ...]:
    """The turns of a conversation behind the system's words and the question."""
    turns = [message for message in trial.messages if message.get("role") != "system"]
    return tuple(f"{one.get('role')}: {_said(one)}" for one in turns[1 : 1 + TURNS])


def _said(message: Mapping[str, Any]) -> str:
    calls = [
        f"{one['function']['name']}({one['function']['arguments']})"
        for one in message.get("tool_calls") or ()
    ]
    content = message.get("content")
    return " ".join([*([content.strip()] if isinstance(content, str) else []), *calls])


def to_differ(found: Sequence[Failure]) -> list[Failure]:
    """The failures in an order in which the first few differ most in what went wrong."""
    seen: dict[str, int] = {}
    ranked: list[tuple[int, int, Failure]] = []
    for number, failure in enumerate(found):
        seen[failure.kind] = seen.get(failure.kind, 0) + 1
        ranked.append((seen[failure.kind], number, failure))
    return [failure for _, _, failure in sorted(ranked, key=lambda one: one[:2])]
