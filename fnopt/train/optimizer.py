"""The optimizer: a model that reads how the agent failed and proposes an edit.

It sees training tasks with their expected answers (of val and test it never sees any), what the
agent did on them, the functions that it called there, and what was tried before at such tasks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fnopt.library.function import Function, Library
from fnopt.library.proposal import Proposal, parse_calls, parse_text, tool_definitions
from fnopt.library.tidy import tidy
from fnopt.models.client import Client, Reply, Request
from fnopt.prose import Prose
from fnopt.records import Evaluation, Fault, Task, Trial
from fnopt.train import excerpt
from fnopt.train.attempts import Attempt, Observation, observe

SHOWN_TASKS = 4
LONGEST_REPLY = 20_000  # characters of a faulty reply that go back
SHOWN_FAULTS = 20


ACTION = re.compile(r"(?:add|revise) [A-Za-z_]\w*(?=\s*$)", re.IGNORECASE | re.MULTILINE)
DEFINITION = re.compile(r"^(?:async )?def .*$", re.MULTILINE)
ECHO = re.compile(r"^one sentence that says why[:.,]*\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    """A failing training task and what the agent did on it."""

    task: Task
    observed: Observation


@dataclass(frozen=True)
class Situation:
    """All that the optimizer is told in one step.

    ``busy`` functions answer tasks of another kind rightly: whatever failed here, it is not them.
    ``shapes`` are those of the functions that were judged for such tasks before, and lost.
    """

    library: Library
    failures: tuple[Failure, ...]
    tried: tuple[Attempt, ...] = ()
    locked: tuple[str, ...] = ()
    busy: frozenset[str] = frozenset()
    shapes: frozenset[str] = frozenset()

    @property
    def tasks(self) -> tuple[str, ...]:
        """The ids of the training tasks that the edit is to be for."""
        return tuple(failure.task.id for failure in self.failures)


@dataclass(frozen=True)
class Voice:
    """How to talk to the optimizer's model; the values of :class:`Request`.

    ``retry_temperature`` is for replies that were not taken, and for tasks at which an earlier
    attempt failed: a cold model repeats itself to the letter.
    """

    model: str
    endpoint: str = ""
    native_tools: bool = True
    temperature: float | None = None
    retry_temperature: float | None = None
    max_tokens: int | None = None


class Optimizer:
    """Proposes edits. ``packages`` and ``hints`` are what the configuration says."""

    def __init__(
        self,
        client: Client,
        prose: Prose,
        voice: Voice,
        *,
        packages: Sequence[str] = (),
        hints: str = "",
        max_actions: int = 1,
    ) -> None:
        self.voice = voice
        self._client = client
        self._prose = prose
        self._packages = tuple(packages)
        self._hints = hints
        self._max_actions = max_actions

    def ask(self, situation: Situation, step: int) -> Request:
        """The first request of a step; ``step`` varies the seed where the model samples."""
        values = {
            "native": self.voice.native_tools,
            "max_actions": self._max_actions,
            "packages": self._packages,
            "hints": self._hints,
        }
        system = self._prose.render("optimizer.txt", **values)
        user = self._prose.render("optimizer-task.txt", **_shown(situation), **values)
        voice = self.voice
        warmth = voice.retry_temperature if situation.tried else voice.temperature
        return Request(
            model=voice.model,
            messages=({"role": "system", "content": system}, {"role": "user", "content": user}),
            tools=tool_definitions() if voice.native_tools else (),
            temperature=warmth,
            max_tokens=voice.max_tokens,
            seed=step if warmth else None,
            endpoint=voice.endpoint,
        )

    def send(self, request: Request, step: int) -> tuple[Reply, Proposal | tuple[Fault, ...]]:
        """A reply and what it proposes, or why it proposes nothing that can be read."""
        reply = self._client.complete(request, step)
        if reply.tool_calls:
            calls = [(call.name, call.arguments) for call in reply.tool_calls]
            parsed = parse_calls(calls, max_actions=self._max_actions)
        else:
            parsed = parse_text(reply.content, max_actions=self._max_actions)
        return reply, tidy(_plain(parsed)) if isinstance(parsed, Proposal) else parsed

    def again(self, request: Request, reply: Reply, faults: Sequence[Fault]) -> Request:
        """The request that gives a reply back with its faults."""
        begin = "" if reply.tool_calls else _first_line(reply.content)
        told = self._prose.render("optimizer-faults.txt", faults=_few(faults), begin=begin)
        said = reply.content or "\n".join(f"{c.name}({c.arguments})" for c in reply.tool_calls)
        talk = (
            {"role": "assistant", "content": said[:LONGEST_REPLY]},
            {"role": "user", "content": told},
        )
        warmth = self.voice.retry_temperature
        if warmth is None:
            return replace(request, messages=(*request.messages, *talk))
        seed = 1 + (request.seed or 0)
        return replace(request, messages=(*request.messages, *talk), temperature=warmth, seed=seed)


def _first_line(text: str) -> str:
    """The action that a reply began with, if it did; a small model forgets it when it mends."""
    match = ACTION.match(text.strip())
    return match[0].lower() if match else ""


def _plain(proposal: Proposal) -> Proposal:
    """A reason without the words of the form that it filled in."""
    return replace(proposal, why=ECHO.sub("", proposal.why).strip())


def failures(group: Sequence[Task], evaluation: Evaluation) -> tuple[Failure, ...]:
    """The tasks of a group that are shown, with what the agent did where it first failed."""
    trials: dict[str, Trial] = {}
    for trial in evaluation.scored:
        if not trial.right:
            trials.setdefault(trial.task, trial)
    return tuple(Failure(task, observe(trials[task.id])) for task in group[:SHOWN_TASKS])


def _shown(situation: Situation) -> dict[str, object]:
    """Values for the template. Functions that most of these tasks called are shown whole.

    Not those that serve other tasks: a small model rewrites whatever function it is shown.
    """
    called = Counter(
        name
        for failure in situation.failures
        for name in {call.split("(", 1)[0] for call in failure.observed.calls}
    )
    free = [f for f in situation.library.functions if f.name not in situation.busy]
    most = [f for f in free if called[f.name] * 2 > len(situation.tasks)]
    relevant = sorted(most, key=lambda f: -called[f.name])[: excerpt.FUNCTIONS]
    others = [_line(f) for f in situation.library.functions if f not in relevant]
    return {
        "failures": [_cut(failure) for failure in situation.failures],
        "relevant": [excerpt.of_function(function) for function in relevant],
        "others": excerpt.of_list(others),
        "tried": [
            (excerpt.of_attempt(attempt), _signature(attempt), _with_tasks(attempt, situation))
            for attempt in situation.tried
        ],
        "locked": excerpt.of_list(situation.locked),
    }


def _signature(attempt: Attempt) -> str:
    """The first line of an attempt's function: a small model copies all that it is shown."""
    found = DEFINITION.search(attempt.code)
    return excerpt.short(found[0], excerpt.LINE) if found else ""


def _with_tasks(attempt: Attempt, situation: Situation) -> list[tuple[Task, Observation]]:
    tasks = {failure.task.id: excerpt.of_task(failure.task) for failure in situation.failures}
    return [
        (tasks[one.task], excerpt.of_observation(one))
        for one in attempt.observed
        if one.task in tasks
    ]


def _cut(failure: Failure) -> Failure:
    return Failure(excerpt.of_task(failure.task), excerpt.of_observation(failure.observed))


def _few(faults: Sequence[Fault]) -> list[Fault]:
    return [
        replace(fault, message=excerpt.short(fault.message, excerpt.LINE * 2))
        for fault in faults[:SHOWN_FAULTS]
    ]


def _line(function: Function) -> str:
    return f"{function.signature}: {function.summary}"
