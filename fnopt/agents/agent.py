"""The seam: an agent answers one question with a toolbox of functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fnopt.agents.profile import OPENAI, Profile
from fnopt.agents.toolbox import Toolbox
from fnopt.models.client import Client, Reply, Request
from fnopt.prose import Prose
from fnopt.records import Call, Usage


@dataclass(frozen=True)
class Solution:
    """What an agent came to: its answer, the calls it made, the conversation, what it cost."""

    answer: str
    calls: tuple[Call, ...]
    messages: tuple[Mapping[str, Any], ...]
    usage: Usage


class Agent(Protocol):
    """Answers questions. Never sees an expected answer: it is not given one."""

    @property
    def digest(self) -> str:
        """Everything about the agent, beside its first request, that a trial depends on."""

    def opening(self, question: str, toolbox: Toolbox) -> Request:
        """The first request of a conversation: all that the model sees to begin with."""

    def solve(self, question: str, toolbox: Toolbox, trial: int) -> Solution:
        """Answer a question. Raises EndpointError, SandboxError or BudgetSpent."""


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
