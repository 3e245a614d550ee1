"""An endpoint's answer as a Reply, however loosely the endpoint keeps to the protocol.

Survived: usage absent (estimated at 4 characters a token), call ids missing or doubled (made from
the request), arguments that are an object instead of a string, content null or in parts, reasoning
in place of content, texts without end (cut at ``TEXT_LIMIT``), an error sent with status 200.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fnopt.errors import EndpointError
from fnopt.models.client import Reply, Request, ToolCall
from fnopt.models.failures import status_failure, words
from fnopt.records import Usage

TEXT_LIMIT = 1_000_000  # characters of a reply's content, or of one call's arguments
CALL_LIMIT = 128  # calls in one reply; OpenAI's own limit on tools
CHARACTERS_A_TOKEN = 4


def reply_of(body: bytes, request: Request, url: str) -> Reply:
    """Read a chat completion. Raises EndpointError when it is none, Transient as the status says.

    The price is not known here: ``usage.cost`` is None.
    """
    document = _document(body, url)
    choice = _choice(document, request, url)
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise _no_completion(url, body)
    finish = str(choice.get("finish_reason") or "")
    calls = tuple(_calls(message, request))
    content = _content(message, bool(calls), finish)
    return Reply(
        content=content,
        tool_calls=calls,
        usage=_usage(document.get("usage"), request, content, calls),
        model=str(document.get("model") or request.model),
        finish_reason=finish,
    )


def _document(body: bytes, url: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _no_completion(url, body) from error
    if not isinstance(document, dict):
        raise _no_completion(url, body)
    return document


def _choice(document: dict[str, Any], request: Request, url: str) -> Mapping[str, Any]:
    choices = document.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        return choices[0]
    error = document.get("error")
    if isinstance(error, Mapping):  # OpenRouter sends its upstream's errors with status 200
        code = error.get("code")
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        raise status_failure(status, {}, error, request.model, url)
    raise _no_completion(url, json.dumps(document).encode())


def _no_completion(url: str, body: bytes) -> EndpointError:
    start = words(body[:1000].decode(errors="replace"))
    return EndpointError(
        f"{url} did not answer with a chat completion but with: {start or 'nothing'}",
        "check that the URL is an OpenAI-compatible one, which usually ends in /v1",
    )


def _content(message: Mapping[str, Any], has_calls: bool, finish: str) -> str:
    content = _text(message.get("content"))
    if content.strip() or has_calls:
        return content
    # Servers with a reasoning parser can file a whole answer under reasoning; one that was cut off
    # while still reasoning has no answer.
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    stand_in = message.get("refusal") or (reasoning if finish != "length" else None)
    return _text(stand_in) or content


def _text(value: object) -> str:
    if isinstance(value, list):
        value = "".join(str(part.get("text") or "") for part in value if isinstance(part, Mapping))
    if not isinstance(value, str):
        return ""
    # A lone surrogate can be neither stored nor printed.
    return value[:TEXT_LIMIT].encode("utf-8", "replace").decode("utf-8")


def _calls(message: Mapping[str, Any], request: Request) -> Iterator[ToolCall]:
    seen: set[str] = set()
    for index, call in enumerate(_raw_calls(message)[:CALL_LIMIT]):
        function = call.get("function")
        function = function if isinstance(function, Mapping) else {}
        id = _text(call.get("id"))
        if not id or id in seen:
            id = f"call_{request.key()[:12]}_{index}"
        seen.add(id)
        yield ToolCall(id, _text(function.get("name")), _arguments(function.get("arguments")))


def _raw_calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        return [call for call in calls if isinstance(call, Mapping)]
    legacy = message.get("function_call")
    return [{"function": legacy}] if isinstance(legacy, Mapping) else []


def _arguments(value: object) -> str:
    if value is None or isinstance(value, str):
        return _text(value)
    return _text(json.dumps(value, sort_keys=True))


def _usage(said: object, request: Request, content: str, calls: tuple[ToolCall, ...]) -> Usage:
    said = said if isinstance(said, Mapping) else {}
    asked = json.dumps([list(request.messages), list(request.tools)], ensure_ascii=False)
    answered = content + "".join(call.name + call.arguments for call in calls)
    return Usage(
        calls=1,
        prompt_tokens=_count(said.get("prompt_tokens"), asked),
        completion_tokens=_count(said.get("completion_tokens"), answered),
        cost=None,
    )


def _count(said: object, text: str) -> int:
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return said
    return -(-len(text) // CHARACTERS_A_TOKEN)
