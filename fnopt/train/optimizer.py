"""The optimizer: a model that reads how the agent failed and proposes an edit.

It sees training tasks with their expected answers (of val and test it never sees any), what the
agent did on them, the functions that it called there, and what was tried before. Its prompt never
exceeds the budget in tokens of its :class:`Voice`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from fnopt.agents.profile import opening
from fnopt.errors import UsageError
from fnopt.library.proposal import Proposal, parse_calls, parse_text, tool_definitions
from fnopt.library.tidy import tidy
from fnopt.models.client import Client, Reply, Request
from fnopt.prose import Prose
from fnopt.records import Fault
from fnopt.train import excerpt, noticed
from fnopt.train.budget import prompt_tokens
from fnopt.train.situation import Situation, shown

LONGEST_REPLY = 20_000  # characters of a faulty reply that go back
SHOWN_FAULTS = 20
FIRST = 0.7  # of the budget, for a first request: the rest is for replies that go back
MAX_PROMPT = 24_000  # tokens of a prompt, where neither the configuration nor the profile says
DRAWS = 100  # seeds of one step's draws, one after the other


ACTION = re.compile(r"(add|revise) ([A-Za-z_]\w*)(?=\s*$)", re.IGNORECASE | re.MULTILINE)
ECHO = re.compile(r"^one sentence that says why[:.,]*\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Voice:
    """How to talk to the optimizer's model; the values of :class:`Request`.

    ``retry_temperature`` is for replies that were not taken, and for tasks at which an earlier
    attempt failed: a cold model repeats itself to the letter. ``max_prompt`` is in tokens. Without
    a ``system_role`` the system's text goes in front of the first message. A ``brief`` one is for a
    small model: no diagnosis, and of functions only those that it may have to revise.
    """

    model: str
    endpoint: str = ""
    native_tools: bool = True
    temperature: float | None = None
    retry_temperature: float | None = None
    max_tokens: int | None = None
    max_prompt: int = MAX_PROMPT
    system_role: bool = True
    brief: bool = False


class Optimizer:
    """Proposes edits. ``packages`` is what the configuration says; of ``proposals`` candidates a
    step, as many are drawn as it takes; one that ``reconsiders`` is told what its function computed
    instead of the expected answers. A ``voice`` that is to be found out is asked for when it is
    first needed."""

    def __init__(
        self,
        client: Client,
        prose: Prose,
        voice: Voice | Callable[[], Voice],
        *,
        packages: Sequence[str] = (),
        max_actions: int = 1,
        proposals: int = 1,
        reconsiders: bool = True,
    ) -> None:
        self._voice = voice
        self._client = client
        self._prose = prose
        self.packages = tuple(packages)
        self.proposals = proposals
        self.reconsiders = reconsiders
        self._max_actions = max_actions

    def drawing(self, most: int) -> Optimizer:
        """The same optimizer, of which at most so many candidates are drawn."""
        other = copy(self)
        other.proposals = min(most, self.proposals)
        return other

    def single(self) -> Optimizer:
        """The same optimizer, whose replies may hold one edit each."""
        other = copy(self)
        other._max_actions = 1
        return other

    @property
    def voice(self) -> Voice:
        """How to talk to the model."""
        return self._voice if isinstance(self._voice, Voice) else self._voice()

    def ask(self, situation: Situation, step: int, draw: int = 0) -> Request:
        """The first request of a step; step and draw vary the seed where the model samples.

        Raises UsageError when not even the smallest prompt of use is within the budget.
        """
        least = 0
        for size in excerpt.SIZES:
            values = shown(situation, size, brief=self.voice.brief)
            request = self._request(values, step, draw, warm=bool(situation.tried))
            least = prompt_tokens(request)
            if least <= self.voice.max_prompt * FIRST:
                return request
        needed = round(least / FIRST) + 1
        raise UsageError(
            f"optimizer.max_prompt: {self.voice.max_prompt} tokens are too few; the smallest "
            f"useful prompt of this step needs {needed}",
            f"set optimizer.max_prompt to {needed} or more, or choose a model that reads more",
        )

    def _request(self, values: Mapping[str, Any], step: int, draw: int, *, warm: bool) -> Request:
        voice = self.voice
        told = {
            "native": voice.native_tools,
            "brief": voice.brief,
            "max_actions": self._max_actions,
            "packages": self.packages,
            "as_text": voice.brief and draw % 2 == 1,
        }
        system = self._prose.render("optimizer.txt", **told)
        user = self._prose.render("optimizer-task.txt", **values, **told)
        warmth = voice.retry_temperature if warm or draw else voice.temperature
        return Request(
            model=voice.model,
            messages=opening(system, user, role=voice.system_role),
            tools=tool_definitions() if voice.native_tools else (),
            temperature=warmth,
            max_tokens=voice.max_tokens,
            seed=step + DRAWS * draw if warmth else None,
            endpoint=voice.endpoint,
        )

    def send(self, request: Request, number: int) -> tuple[Reply, Proposal | tuple[Fault, ...]]:
        """A reply and what it proposes, or why it proposes nothing that can be read.

        ``number`` tells attempts at one request apart, so that a cache repeats no bad reply.
        """
        reply = self._client.complete(request, number)
        if reply.tool_calls:
            calls = [(call.name, call.arguments) for call in reply.tool_calls]
            parsed = parse_calls(calls, max_actions=self._max_actions)
        else:
            parsed = parse_text(reply.content, max_actions=self._max_actions)
        return reply, tidy(_plain(parsed)) if isinstance(parsed, Proposal) else parsed

    def again(self, request: Request, reply: Reply, faults: Sequence[Fault]) -> Request:
        """The request that gives a reply back with its faults, cut to what the budget leaves.

        Of several replies only the last stands in it.
        """
        begun = 2 if self.voice.system_role else 1
        request = replace(request, messages=request.messages[:begun])
        begin = "" if reply.tool_calls else _first_line(reply.content, faults)
        told = self._prose.render("optimizer-faults.txt", faults=_few(faults), begin=begin)
        said = reply.content or "\n".join(f"{c.name}({c.arguments})" for c in reply.tool_calls)
        room = self.voice.max_prompt - prompt_tokens(request)
        told = excerpt.within(told, room // 2)
        said = excerpt.within(said[:LONGEST_REPLY], room - excerpt.tokens(told) - excerpt.TURNS)
        talk = (
            {"role": "assistant", "content": said},
            {"role": "user", "content": told},
        )
        warmth = self.voice.retry_temperature
        if warmth is None:
            return replace(request, messages=(*request.messages, *talk))
        seed = 1 + (request.seed or 0)
        return replace(request, messages=(*request.messages, *talk), temperature=warmth, seed=seed)


def _first_line(text: str, faults: Sequence[Fault]) -> str:
    """The action that a reply began with, if it did; a small model forgets it when it mends.

    What it wants to add and is there already is to be revised.
    """
    match = ACTION.match(text.strip())
    if match is None or any(fault.rule == noticed.RULE for fault in faults):
        return ""  # it did not begin with one, or is to take another name
    there = any(fault.rule == "exists" for fault in faults)
    return f"{'revise' if there else match[1].lower()} {match[2]}"


def _plain(proposal: Proposal) -> Proposal:
    """A reason without the words of the form that it filled in."""
    return replace(proposal, why=ECHO.sub("", proposal.why).strip())


def _few(faults: Sequence[Fault]) -> list[Fault]:
    return [
        replace(fault, message=excerpt.short(fault.message, excerpt.LINE * 2))
        for fault in faults[:SHOWN_FAULTS]
    ]
