"""The seam: an agent answers one task with a toolbox of functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from fnopt.agents.profile import OPENAI, Profile
from fnopt.agents.toolbox import Toolbox
from fnopt.errors import EndpointError
from fnopt.models.client import Client, Reply, Request
from fnopt.prose import Prose
from fnopt.records import Call, Task, Usage

ANSWERS = frozenset(
    {"answer", "answers", "target", "solution", "solutions", "expected", "final answer", "output"}
)
"""Keys of a task's metadata, in small letters, under which sources keep what is expected."""


@dataclass(frozen=True)
class Asked:
    """A task as an agent is given it: everything but the expected answer."""

    question: str
    id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, task: Task) -> Asked:
        """The task without its answer, also where its metadata holds that once more: under a key
        of :data:`ANSWERS`, or as the very same value. The metadata is a copy."""
        return cls(task.question, task.id, _without(task.answer.strip(), task.metadata))


def _without(answer: str, value: Any) -> Any:
    """A copy of a JSON value in which no object has an entry that gives the answer away."""
    if isinstance(value, list | tuple):
        return [_without(answer, one) for one in value]
    if not isinstance(value, Mapping):
        return value
    kept = {key: one for key, one in value.items() if not _gives_away(answer, key, one)}
    return {key: _without(answer, one) for key, one in kept.items()}


def _gives_away(answer: str, key: str, value: Any) -> bool:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return key.strip().casefold() in ANSWERS or text.strip() == answer


@dataclass(frozen=True)
class Solution:
    """What an agent came to: its answer, the calls it made, the conversation, what it cost."""

    answer: str
    calls: tuple[Call, ...]
    messages: tuple[Mapping[str, Any], ...]
    usage: Usage


class Unavailable(EndpointError):
    """The agent could not try: what came of it is neither right nor wrong."""


class Agent(Protocol):
    """Answers questions. Never sees an expected answer: it is not given one."""

    @property
    def digest(self) -> str:
        """Everything about the agent, beside what it sees, that a trial depends on."""

    def sees(self, asked: Asked, toolbox: Toolbox, trial: int) -> str:
        """A hash of all that an attempt begins with: the task and the functions on offer."""

    def solve(self, asked: Asked, toolbox: Toolbox, trial: int) -> Solution:
        """Answer a task. Raises EndpointError, SandboxError or BudgetSpent."""


@runtime_checkable
class Opening(Protocol):
    """An agent of which the first request to a model is known before it is sent."""

    def opening(self, question: str, toolbox: Toolbox) -> Request:
        """The first request of a conversation: all that the model sees to begin with."""


def openai() -> Profile:
    """The profile of an endpoint of which nothing else is known."""
    return OPENAI


@dataclass(frozen=True)
class Setup:
    """What agents are built from. ``profile`` is asked for when it is first needed: finding it out
    may take calls of the model."""

    client: Client
    prose: Prose
    model: str
    endpoint: str = ""
    profile: Callable[[], Profile] = openai
    temperature: float | None = None
    max_tokens: int | None = None
    max_turns: int = 8


@dataclass
class Conversation:
    """One conversation as it grows, with what it has cost."""

    client: Client
    request: Request
    trial: int
    messages: list[Mapping[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    usage: Usage = Usage()

    def __post_init__(self) -> None:
        self.messages = [*self.request.messages]

    def ask(self) -> Reply:
        """Send the conversation as it stands and book what the reply cost."""
        reply = self.client.complete(
            Request(**{**vars(self.request), "messages": tuple(self.messages)}), self.trial
        )
        self.usage += reply.usage
        return reply

    def solution(self, answer: str) -> Solution:
        """The end of the conversation."""
        return Solution(answer, tuple(self.calls), tuple(self.messages), self.usage)
