"""One attempt of an agent of one's own at one task, with the calls that it makes on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from fnopt.agents.agent import Asked, Solution
from fnopt.agents.calls import arguments_of
from fnopt.agents.toolbox import SandboxBroke, Toolbox, result
from fnopt.agents.tools import native_turn
from fnopt.models.client import ToolCall
from fnopt.records import Call, Usage

MOST_CALLS = 256  # calls of one attempt that are made
NO_ANSWER = "no answer: "
"""How the last message of an attempt begins in which the agent failed."""


class ToolError(Exception):
    """A call of a function failed; the message is the error, as a model is to be told it."""


class NoAnswer(Exception):
    """The agent itself failed; the message says how. That counts as a wrong answer."""


class Attempt:
    """Makes and records the calls of one attempt, until it is over. Safe to use from threads."""

    def __init__(self, asked: Asked, toolbox: Toolbox, trial: int) -> None:
        self.asked = asked
        self.toolbox = toolbox
        self.trial = trial
        self.broken: SandboxBroke | None = None
        self._calls: list[Call] = []
        self._begun = 0
        self._over = False
        self._lock = threading.Lock()

    def call(self, name: str, arguments: str) -> tuple[Call, Any]:
        """Call a function with JSON arguments: the call, and the value that it returned.

        Raises ToolError when no call can be made any more: there were too many, the attempt is
        over, or the sandbox broke.
        """
        with self._lock:
            self._begun += 1
            if self._over:
                raise ToolError("the attempt is over: no function can be called any more")
            if self._begun > MOST_CALLS:
                raise ToolError(f"more than {MOST_CALLS} calls of functions in one attempt")
        try:
            call, value = self.toolbox.made(name, arguments)
        except SandboxBroke as error:
            self.broken = error
            raise ToolError(error.message) from None
        with self._lock:
            if not self._over:
                self._calls.append(call)
        return call, value

    def end(self) -> None:
        """No call counts, or can be made, after this."""
        with self._lock:
            self._over = True

    def solution(self, answer: str, usage: Usage, failure: str | None = None) -> Solution:
        """What the attempt came to; ``failure`` says how the agent failed, if it did."""
        calls = tuple(self._calls)
        last = answer if failure is None else f"{NO_ANSWER}{failure}"
        messages = (
            {"role": "user", "content": self.asked.question},
            *_turns(calls),
            {"role": "assistant", "content": last},
        )
        return Solution(answer, calls, messages, usage)


def failure_of(messages: tuple[Mapping[str, Any], ...]) -> str | None:
    """How the agent failed in an attempt with this conversation; None where it did not."""
    last = messages[-1].get("content") if messages else None
    if isinstance(last, str) and last.startswith(NO_ANSWER):
        return last.removeprefix(NO_ANSWER)
    return None


def as_json(arguments: Mapping[str, Any]) -> str:
    """Arguments that a program gave, as JSON. Raises ToolError where they are no JSON."""
    try:
        return json.dumps(arguments, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ToolError(f"the arguments must be JSON values: {error}") from None


def _turns(calls: tuple[Call, ...]) -> Iterator[Mapping[str, Any]]:
    """The calls as a conversation has them, which is what the optimizer reads."""
    for number, call in enumerate(calls):
        values = arguments_of(call.arguments)
        written = call.arguments if isinstance(values, str) else json.dumps(values)
        asked = ToolCall(f"call_{number}", call.function, written)
        yield from native_turn("", [asked], [result(call)])
