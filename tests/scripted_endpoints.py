"""Servers that behave like endpoints that were met, each a function of the request.

All of them stand on ``able``, a model that does whatever it is asked in whatever form, and take
something away from it. It knows the questions of the probe and of one agent's conversation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from scripted_server import Answer, Fail, Json, calls, text

from fnopt.agents.probe_script import WORD

Respond = Callable[[Json], Answer]

QUESTION = "What is twice 21?"
ANSWER = "42"


def able(request: Json) -> Answer:
    """Calls natively, several at once; uses results; follows the system; answers in JSON."""
    messages = request["messages"]
    if "response_format" in request:
        return json.dumps({"word": WORD})
    if results := _results(messages):
        return f"ANSWER: {' and '.join(results)}"
    said = json.dumps(messages)
    if WORD in said:
        return WORD
    if request.get("tools"):
        return calls(*_needed(said))
    return "\n".join(map(_written, _needed(said))) if "ANSWER:" in said else "What?"


def _results(messages: list[Json]) -> list[str]:
    native = [one["content"] for one in messages if one["role"] == "tool"]
    told = [one["content"] for one in messages[1:] if one["role"] == "user"]
    return native + re.findall(r"returned: (.*)", "\n".join(told))


def _needed(said: str) -> list[tuple[str, str | Json]]:
    if QUESTION in said:
        return [("double", {"number": 21})]
    return [("read_note", {"owner": "Ada"}), ("read_note", {"owner": "ben"})]


def _written(call: tuple[str, str | Json]) -> str:
    return json.dumps({"name": call[0], "arguments": call[1]})


def refuses(is_wrong: Callable[[Json], Any], message: str, status: int = 400) -> Respond:
    """Refuses some requests, and is able otherwise."""
    body = {"error": {"message": message}}
    return lambda request: Fail(status, body=body) if is_wrong(request) else able(request)


def has_role(role: str) -> Callable[[Json], bool]:
    """Whether a request has a message of a role."""
    return lambda request: any(one["role"] == role for one in request["messages"])


def has_strict(request: Json) -> bool:
    """Whether a request has strict schemas."""
    return any(tool["function"].get("strict") for tool in request.get("tools", ()))


def has_several_results(request: Json) -> bool:
    """Whether a request gives back a message with more than one call."""
    return any(len(one.get("tool_calls", ())) > 1 for one in request["messages"])


def strict_turns(request: Json) -> Answer:
    """Knows user and assistant alone, by turns, as templates like Gemma's do."""
    roles = [one["role"] for one in request["messages"]]
    if roles != [("user", "assistant")[at % 2] for at in range(len(roles))]:
        body = {"error": {"message": "roles must alternate user/assistant/user/assistant/..."}}
        return Fail(400, body=body)
    return able(request)


def asks_for(kind: str) -> Callable[[Json], bool]:
    """Whether a request asks for a format of JSON."""
    return lambda request: request.get("response_format", {}).get("type") == kind


def writes_calls(request: Json) -> Answer:
    """Ignores tools, and has the call in a fence with words around it, as small models do."""
    answer = able(request)
    if not request.get("tools") or isinstance(answer, str):
        return answer
    fenced = [f"```json\n{_written(one)}\n```" for one in _needed(json.dumps(request))]
    return text("I call it.\n" + "\n".join(fenced))


def deaf_to_tools(request: Json) -> Answer:
    """Ignores tools, which its template has no place for: the model never sees them."""
    if request.get("tools"):
        return "I cannot know what they noted."
    return able(request)


def deaf_to_system(request: Json) -> Answer:
    """Drops the system's words."""
    kept = [one for one in request["messages"] if one["role"] != "system"]
    return able({**request, "messages": kept})


def deaf_to_results(request: Json) -> Answer:
    """Has no place for messages of tools in its template."""
    if request["messages"][-1]["role"] == "tool":
        return "no"
    return able(request)


def repeats_the_call(request: Json) -> Answer:
    """The same, but asks again for what it was not told."""
    if request["messages"][-1]["role"] == "tool":
        return calls(*_needed(json.dumps(request)))
    return able(request)


def one_at_a_time(request: Json) -> Answer:
    """Makes one call in a reply, and the next once it knows what the first returned."""
    results = [one for one in request["messages"] if one["role"] == "tool"]
    needed = _needed(json.dumps(request["messages"]))
    if request.get("tools") and len(results) < len(needed):
        return calls(needed[len(results)])
    return able(request)


def reasons_first(tokens: int) -> Respond:
    """Is able, but thinks for so many tokens before it says a word."""

    def respond(request: Json) -> Answer:
        if request["max_tokens"] > tokens:
            return able(request)
        answer = text("", reasoning_content="Hm. " * 50)
        answer["choices"][0]["finish_reason"] = "length"
        return answer

    return respond


def fences_json(request: Json) -> Answer:
    """Ignores the format of JSON: what it answers stands in a fence."""
    answer = able(request)
    return f"```json\n{answer}\n```" if "response_format" in request else answer


RUBBISH: tuple[Answer, ...] = (
    text(None),
    text(""),
    "$§% \x00 \ud7ff" * 50,
    text(None, tool_calls=[{"function": {"name": "read_note", "arguments": "no JSON {"}}]),
    text(None, tool_calls=[{"function": {"name": "other", "arguments": '{"owner": "ada"}'}}]),
    text(None, tool_calls=[{"function": {"name": "read_note", "arguments": '["ada"]'}}]),
    text(None, tool_calls=[{"function": {"name": "read_note", "arguments": '{"owner": [1]}'}}]),
    text(None, tool_calls=[{"function": {"name": "read_note", "arguments": '{"owner": "eve"}'}}]),
    text(None, tool_calls=[{}, None, 5]),
    text("{" * 5_000),
    text("[" * 5_000),
    '{"name": "read_note", "arguments": {"owner": "nobody"}}',
    '{"word": 5}',
    "tungste",
)
"""Chat completions that hold nothing of use."""


def rubbish() -> Iterator[Respond]:
    """Servers that answer whatever they are asked with one thing of no use."""
    for answer in RUBBISH:
        yield lambda request, answer=answer: answer
