"""What every model speaks: a request in OpenAI's chat format, a reply, and the client between.

A message is a JSON mapping in OpenAI's chat format. Everything is a frozen value, so that a
request can be its own cache key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Protocol

from fnopt.records import Usage

LONGEST_TOOLS = 100_000
"""Characters of tool definitions beyond which their digest stands for them in a request's key."""


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asks for; ``arguments`` is the raw string, whatever it holds."""

    id: str
    name: str
    arguments: str

    def to_message(self) -> dict[str, Any]:
        """The call as it stands in an assistant's message."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


class Tools(tuple[Mapping[str, Any], ...]):
    """Tool definitions that go into many requests. None of them may be changed."""

    @cached_property
    def json(self) -> str:
        """Their JSON as request keys have it, made once; of very many their digest."""
        text = f"[{','.join(_known(one) or _json(one) for one in self)}]"
        if len(text) <= LONGEST_TOOLS:
            return text
        return _json({"sha256": hashlib.sha256(text.encode()).hexdigest()})


@dataclass(frozen=True)
class Request:
    """One chat completion. ``endpoint`` names who answers, as part of the cache key only.

    ``temperature``, ``max_tokens`` (of the answer) and ``seed`` are left to the endpoint when None.
    ``response_format`` asks for JSON, as OpenAI's field of that name does.
    """

    model: str
    messages: tuple[Mapping[str, Any], ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    endpoint: str = ""
    stop: tuple[str, ...] = ()
    response_format: Mapping[str, Any] | None = None

    def key(self, trial: int = 0) -> str:
        """The SHA-256 of the whole request and the trial's number, in hexadecimal."""
        asked = dict(vars(self))
        if self.response_format is None:
            del asked["response_format"]  # keys of recordings are older than this field
        tools = _json(asked.pop("tools"))  # by name the last of the fields
        text = f'{{"request":{_json(asked)[:-1]},"tools":{tools}}},"trial":{trial}}}'
        return hashlib.sha256(text.encode()).hexdigest()


def _known(tool: Mapping[str, Any]) -> str | None:
    """The JSON that a definition keeps of itself, with sorted keys and no spaces."""
    return getattr(tool, "json", None)


def _json(value: Any) -> str:
    if isinstance(value, Tools):
        return value.json
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Reply:
    """What a model said. ``usage`` is what the reply cost when it was made.

    ``cached`` says that this time it came from a cache and cost nothing. ``finish_reason`` is the
    endpoint's own word, ``"length"`` when the answer was cut off.
    """

    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    model: str = ""
    finish_reason: str = ""
    cached: bool = False

    def to_json(self) -> dict[str, Any]:
        """A JSON document from which :meth:`from_json` makes an equal reply."""
        document = asdict(self)
        del document["cached"]
        return document

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, cached: bool = False) -> Reply:
        """Inverse of :meth:`to_json`. Raises KeyError or TypeError on another shape."""
        calls = tuple(ToolCall(**call) for call in data["tool_calls"])
        usage = Usage(**data["usage"])
        return cls(**{**data, "tool_calls": calls, "usage": usage, "cached": cached})

    def to_message(self) -> dict[str, Any]:
        """The reply as the assistant's message of a conversation that goes on."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.tool_calls:
            message["tool_calls"] = [call.to_message() for call in self.tool_calls]
        return message


class Client(Protocol):
    """Answers requests; safe to use from several threads."""

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer. ``trial`` only tells repeated attempts at one request apart.

        Raises EndpointError when the model cannot be reached or used, BudgetSpent at a limit.
        """
        ...
