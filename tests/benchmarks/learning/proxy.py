"""OpenAI's protocol for a rival, in front of the optimizer's model; its tokens are booked.

The embedded model makes no tool calls of its own: ``tools`` are told in words, and the calls that
it writes as text come back as tool calls.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from scripted_server import Answer, Fail, Json, ScriptedServer, completion

from fnopt.agents.calls import calls_in_text
from fnopt.errors import FnoptError
from fnopt.models.client import Client, Reply, Request

HOW = """\
You can call these functions:

{functions}

To call one, reply with its name on the first line and below it one line for each argument, as \
shown. Code stands last, in a ```python block."""
CODE = "code"
FENCE = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
LINE = re.compile(r"^[\s*_`\"-]*(\w+)[*_`\"]*\s*:[*_`]*\s*(.*)$")
DRESS = " \t*_`#\"'():-"


@dataclass
class Proxy:
    """Answers chat completions. ``error`` is what the model's own failure was, if it failed.

    ``longest``: characters of a message, which is cut in its middle where a slot could not hold it.

    Equal requests are told apart by their number, so that a store repeats no reply within a run
    and repeats all of them to a run that is started again.
    """

    client: Client
    model: str
    endpoint: str
    max_tokens: int
    longest: int = 40_000
    error: FnoptError | None = None
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(self, body: Json) -> Answer:
        """What the model says to a request."""
        tools = body.get("tools") or []
        request = self._request(body, tools)
        try:
            reply = self.client.complete(request, self._number(request))
        except FnoptError as error:
            self.error = error
            return Fail(400, body={"error": {"message": error.message}})
        return _completion(reply, tools)

    def _request(self, body: Json, tools: Sequence[Json]) -> Request:
        messages = [
            {"role": one["role"], "content": _within(str(one["content"]), self.longest)}
            for one in body["messages"]
        ]
        if tools:
            messages.insert(0, {"role": "system", "content": told(tools)})
        return Request(
            model=self.model,
            messages=tuple(messages),
            temperature=body.get("temperature"),
            max_tokens=min(body.get("max_tokens") or self.max_tokens, self.max_tokens),
            endpoint=self.endpoint,
        )

    def _number(self, request: Request) -> int:
        with self._lock:
            key = request.key()
            self._asked[key] += 1
            return self._asked[key] - 1


@contextmanager
def serving(proxy: Proxy) -> Iterator[str]:
    """Serve on loopback; gives the base URL. Raises what the model raised, at the end."""
    with ScriptedServer(proxy.respond) as server:
        try:
            yield server.url
        except FnoptError:
            raise proxy.error or FnoptError("the rival failed", "see its log") from None


def told(tools: Sequence[Json]) -> str:
    """The tools in words, each with the form of its call."""
    return HOW.format(functions="\n\n".join(_form(tool["function"]) for tool in tools))


def _form(function: Json) -> str:
    properties = function["parameters"]["properties"]
    lines = [f"{name}: ..." for name in properties if name != CODE]
    block = ["```python", "...", "```"] if CODE in properties else []
    about = [f"- {name}: {one.get('description', '')}" for name, one in properties.items()]
    said = f"{function['name']}: {function['description']}"
    return "\n".join([said, *about, "Its form:", function["name"], *lines, *block])


def _completion(reply: Reply, tools: Sequence[Json]) -> Json:
    calls = called(reply.content, tools)
    message: Json = {"role": "assistant", "content": None if calls else reply.content}
    if calls:
        message["tool_calls"] = [_call(number, *call) for number, call in enumerate(calls)]
    document = completion(message, "tool_calls" if calls else reply.finish_reason or "stop")
    prompt, answer = reply.usage.prompt_tokens, reply.usage.completion_tokens
    document["usage"] = {"prompt_tokens": prompt, "completion_tokens": answer}
    document["usage"]["total_tokens"] = prompt + answer
    return document


def _call(number: int, name: str, arguments: Json) -> Json:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": f"call-{number}", "type": "function", "function": function}


def called(text: str, tools: Sequence[Json]) -> list[tuple[str, Json]]:
    """The calls in a text that say all that their tool demands, in either of two forms."""
    known = {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools}
    found = [*_as_json(text, known), *_as_lines(text, known)]
    whole = [(name, _fitted(given, known[name], text)) for name, given in found]
    return [(name, given) for name, given in whole if given is not None][:1]


def _as_json(text: str, known: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for name, arguments in calls_in_text(text, known):
        try:
            given = json.loads(arguments, strict=False)
        except ValueError:
            continue
        if isinstance(given, dict):
            yield name, given


def _as_lines(text: str, known: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """``add_function``, then ``name: …``, ``description: …``, until the block of code."""
    lines = FENCE.sub("", text).splitlines()
    starts = [at for at, line in enumerate(lines) if line.strip(DRESS) in known]
    for start, end in pairwise([*starts, len(lines)]):
        name = lines[start].strip(DRESS)
        yield name, _fields(lines[start + 1 : end], known[name]["properties"])


def _fields(lines: Sequence[str], properties: Json) -> Json:
    """What stands behind each property's name: a JSON value, which may go over several lines and
    hold the names of others, or all up to the next name."""
    given: Json = {}
    key, at = "", 0
    while at < len(lines):
        match = LINE.match(lines[at])
        if match and match[1] in properties:
            key = match[1]
            value = _value("\n".join([match[2], *lines[at + 1 :]]))
            given[key], further = value or (match[2], 0)
            at += further
        elif key:
            given[key] = f"{given[key]}\n{lines[at]}"
        at += 1
    return {key: value.strip() if isinstance(value, str) else value for key, value in given.items()}


def _value(text: str) -> tuple[Any, int] | None:
    """The JSON object, list or text that begins a text and ends a line of it, and on how many
    further lines it goes."""
    if not text.startswith(("{", "[", '"')):
        return None
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
    except ValueError:
        return None
    if text[end:].partition("\n")[0].strip(" \t,"):
        return None
    return value, text.count("\n", 0, end)


def _fitted(given: Json, parameters: Json, text: str) -> Json | None:
    """The arguments as the tool wants them, as text; None where what matters is not there."""
    properties = parameters["properties"]
    block = FENCE.search(text)
    if CODE in properties and not given.get(CODE) and block:
        given = {**given, CODE: block[1].rstrip()}
    fitted = {key: _text(given.get(key, "")) for key in properties}
    if not fitted.get("name") or (CODE in properties and not fitted[CODE].strip()):
        return None
    return fitted


def _within(text: str, longest: int) -> str:
    """The text; without its middle where it is longer."""
    if len(text) <= longest:
        return text
    end = longest // 2
    return f"{text[: longest - end]} … (cut) … {text[-end:]}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
