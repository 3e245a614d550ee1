"""The endpoint over real HTTP: every way of answering, and of not answering, that was met."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from typing import Any

import pytest
from scripted_server import Answer, Fail, ScriptedServer, Slow, calls, completion, text

from fnopt.errors import EndpointError
from fnopt.models import Reply, Request
from fnopt.models.endpoint import Endpoint
from fnopt.models.failures import RequestRefused
from fnopt.models.protocol import TEXT_LIMIT
from fnopt.models.retry import Transient
from fnopt.records import Usage

ASKED = Request("m", ({"role": "user", "content": "hi"},), max_tokens=9, temperature=0.5, seed=3)


def ask(server: ScriptedServer, answer: Answer, request: Request = ASKED, **options: Any) -> Reply:
    """What the endpoint makes of one answer."""
    server.respond = lambda _: answer
    endpoint = Endpoint(server.url, **options)
    try:
        return endpoint.complete(request)
    finally:
        endpoint.close()


def test_sends_what_is_set_and_nothing_else(scripted_server: ScriptedServer) -> None:
    """Fields that are None stay out of the request."""
    ask(scripted_server, "ok")
    ask(scripted_server, "ok", Request("m", ASKED.messages, stop=("END",)))
    message = [{"role": "user", "content": "hi"}]
    first, second = scripted_server.requests
    assert first == {
        "model": "m", "messages": message, "max_tokens": 9, "temperature": 0.5, "seed": 3
    }  # fmt: skip
    assert second == {"model": "m", "messages": message, "stop": ["END"]}


def test_reads_a_plain_reply(scripted_server: ScriptedServer) -> None:
    """Content, usage, model and the reason to end arrive; the price is not known here."""
    reply = ask(scripted_server, "ok")
    assert reply == Reply("ok", (), Usage(1, 10, 5, None), "scripted", "stop")


def test_arguments_stay_the_raw_string(scripted_server: ScriptedServer) -> None:
    """What is not JSON is handed on as it came; parallel and doubled calls too."""
    reply = ask(scripted_server, calls(("f", "{not json"), ("f", "{not json"), ("g", {"a": 1})))
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [
        ("f", "{not json"), ("f", "{not json"), ("g", '{"a": 1}')
    ]  # fmt: skip
    assert reply.content == ""


def test_missing_ids_are_made_and_are_always_the_same(scripted_server: ScriptedServer) -> None:
    """Ids are distinct within a reply and do not change when the same is asked again."""
    first, again = (ask(scripted_server, calls(("f", {}), ("f", {}), ids=False)) for _ in "12")
    ids = [call.id for call in first.tool_calls]
    assert len(set(ids)) == 2 and all(ids)
    assert first == again


def test_arguments_that_are_an_object_become_a_string(scripted_server: ScriptedServer) -> None:
    """Some servers send the arguments as JSON itself; null stands for none."""
    functions = [{"name": "f", "arguments": {"b": 1}}, {"name": "g", "arguments": None}, "junk"]
    message = {"content": None, "tool_calls": [{"function": function} for function in functions]}
    reply = ask(scripted_server, completion(message))
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [
        ("f", '{"b": 1}'), ("g", ""), ("", "")
    ]  # fmt: skip


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "many"}, "none", [1]])
def test_usage_that_is_absent_is_estimated(scripted_server: ScriptedServer, usage: object) -> None:
    """Four characters count as a token."""
    answer = text("x" * 40)
    answer["usage"] = usage
    reply = ask(scripted_server, answer)
    assert reply.usage.completion_tokens == 10
    assert reply.usage.prompt_tokens > 5
    del answer["usage"]
    assert ask(scripted_server, answer) == reply


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"content": None}, ""),
        ({}, ""),
        ({"content": ["junk", {"type": "text", "text": "a"}, {"text": "b"}]}, "ab"),
        ({"content": "", "reasoning_content": "so 7"}, "so 7"),
        ({"content": None, "reasoning": "so 8"}, "so 8"),
        ({"content": "7", "reasoning_content": "thinking"}, "7"),
        ({"content": None, "refusal": "I will not"}, "I will not"),
        ({"content": "a\ud800b"}, "a?b"),
        ({"content": 5}, ""),
    ],
)
def test_content_in_any_form(
    scripted_server: ScriptedServer, message: dict[str, Any], content: str
) -> None:
    """Null, parts, reasoning or a refusal in its place; never what cannot be stored."""
    assert ask(scripted_server, completion(message)).content == content


def test_reasoning_that_was_cut_off_is_no_answer(scripted_server: ScriptedServer) -> None:
    """With ``finish_reason`` length, reasoning does not stand in for the content."""
    answer = completion({"content": "", "reasoning_content": "hm, so"}, finish="length")
    reply = ask(scripted_server, answer)
    assert (reply.content, reply.finish_reason) == ("", "length")


def test_a_reply_of_ten_megabytes_is_cut(scripted_server: ScriptedServer) -> None:
    """Content ends at a million characters."""
    assert len(ask(scripted_server, "y" * 10_000_000).content) == TEXT_LIMIT


def test_a_reply_without_end_is_refused(scripted_server: ScriptedServer) -> None:
    """Past the limit of a body reading stops."""
    with pytest.raises(EndpointError, match="more than 32 MB"):
        ask(scripted_server, "y" * 34_000_000)


@pytest.mark.parametrize(
    "body",
    ["<html>Welcome</html>", "", "[]", "null", '{"choices": []}', '{"choices": [{}]}', "[" * 99999],
)
def test_what_is_no_completion_is_said(scripted_server: ScriptedServer, body: str) -> None:
    """A page, an empty body or other JSON: the URL is named, and /v1."""
    with pytest.raises(EndpointError, match="did not answer with a chat completion") as caught:
        ask(scripted_server, Fail(200, body=body))
    assert scripted_server.url in caught.value.message
    assert "/v1" in caught.value.mend


def test_an_error_with_status_200_counts_as_its_code(scripted_server: ScriptedServer) -> None:
    """OpenRouter hands its upstream's errors on like that."""
    with pytest.raises(Transient, match="busy"):
        ask(scripted_server, Fail(200, body={"error": {"code": 429, "message": "busy"}}))
    with pytest.raises(EndpointError, match="nope"):
        ask(scripted_server, Fail(200, body={"error": {"code": 401, "message": "nope"}}))


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_transient_statuses(scripted_server: ScriptedServer, status: int) -> None:
    """Another attempt makes sense; what the server asks to wait is handed on."""
    with pytest.raises(Transient, match=str(status)) as caught:
        ask(scripted_server, Fail(status, {"Retry-After": "3"}))
    assert caught.value.retry_after == 3
    assert len(scripted_server.requests) == 1, "no retries of the client's own"


def test_should_retry_has_the_last_word(scripted_server: ScriptedServer) -> None:
    """``x-should-retry`` turns both ways."""
    with pytest.raises(Transient):
        ask(scripted_server, Fail(400, {"x-should-retry": "true"}))
    with pytest.raises(EndpointError):
        ask(scripted_server, Fail(500, {"x-should-retry": "false"}))


@pytest.mark.parametrize(
    ("status", "mend"),
    [(401, "OPENAI_API_KEY"), (403, "OPENAI_API_KEY"), (404, "'m'"), (402, "credit"), (418, "")],
)
def test_fatal_statuses_say_how_to_mend(
    scripted_server: ScriptedServer, status: int, mend: str
) -> None:
    """The server's own words are in the message, the way out in the mend."""
    with pytest.raises(EndpointError, match="scripted fault") as caught:
        ask(scripted_server, Fail(status))
    assert mend in caught.value.mend
    assert caught.value.exit_code == 5


def test_no_credit_is_not_a_rate_limit(scripted_server: ScriptedServer) -> None:
    """OpenAI sends 429 for both; waiting does not fill an account."""
    body = {"error": {"message": "quota", "code": "insufficient_quota"}}
    with pytest.raises(EndpointError, match="quota") as caught:
        ask(scripted_server, Fail(429, body=body))
    assert "credit" in caught.value.mend


def test_a_request_that_is_refused_is_told_from_a_broken_endpoint(
    scripted_server: ScriptedServer,
) -> None:
    """A conversation too long for the model says nothing about the next one."""
    body = {"error": {"message": "the request exceeds the available context size"}}
    with pytest.raises(RequestRefused, match="context size"):
        ask(scripted_server, Fail(400, body=body))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "No endpoints found that support tool use. To learn more, visit us."),
        (500, "tools param requires --jinja flag"),
        (500, "Unsupported param: tools"),
        (500, "This model only supports single tool-calls at once!"),
    ],
)
def test_what_a_server_will_never_do_is_refused_whatever_the_status(
    scripted_server: ScriptedServer, status: int, message: str
) -> None:
    """OpenRouter says 404 and llama.cpp 500; asking again would be in vain."""
    with pytest.raises(RequestRefused, match=message[:20]):
        ask(scripted_server, Fail(status, body={"error": {"message": message}}))


def test_json_is_asked_for_in_openais_words(scripted_server: ScriptedServer) -> None:
    """The format goes out as it was given, and is absent where none was."""
    endpoint = Endpoint(scripted_server.url)
    endpoint.complete(ASKED)
    endpoint.complete(replace(ASKED, response_format={"type": "json_object"}))
    endpoint.close()
    sent = [request.get("response_format") for request in scripted_server.requests]
    assert sent == [None, {"type": "json_object"}]


def test_a_parameter_that_is_refused_is_left_out_from_then_on(
    scripted_server: ScriptedServer,
) -> None:
    """``temperature`` and ``seed`` go, ``max_tokens`` is spelled anew; each costs one refusal."""

    def respond(request: dict[str, Any]) -> Answer:
        for name in ("temperature", "max_tokens", "seed"):
            if name in request:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                error = {"message": message, "param": name, "code": "unsupported_parameter"}
                return Fail(400, body={"error": error})
        return "ok"

    scripted_server.respond = respond
    endpoint = Endpoint(scripted_server.url)
    assert endpoint.complete(ASKED).content == "ok"
    assert len(scripted_server.requests) == 4
    assert endpoint.complete(ASKED).content == "ok"
    assert len(scripted_server.requests) == 5
    assert scripted_server.requests[-1]["max_completion_tokens"] == 9
    assert not {"temperature", "seed", "max_tokens"} & set(scripted_server.requests[-1])
    endpoint.close()


def test_a_refusal_without_param_is_understood_from_its_words(
    scripted_server: ScriptedServer,
) -> None:
    """pydantic's words, as vLLM and others send them."""

    def respond(request: dict[str, Any]) -> Answer:
        if "seed" in request:
            return Fail(
                422, body=json.dumps({"error": {"message": "seed: Extra inputs are not permitted"}})
            )
        return "ok"

    scripted_server.respond = respond
    assert Endpoint(scripted_server.url).complete(ASKED).content == "ok"


def test_a_parameter_that_is_refused_again_ends(scripted_server: ScriptedServer) -> None:
    """A server that refuses whatever it is sent is not asked for ever."""
    body = {"error": {"message": "unsupported: temperature, seed, max_tokens"}}
    with pytest.raises(RequestRefused):
        ask(scripted_server, Fail(400, body=body))
    assert len(scripted_server.requests) <= 5


def test_a_connection_that_dies_in_mid_reply(scripted_server: ScriptedServer) -> None:
    """Half a reply is no reply; another attempt makes sense."""
    with pytest.raises(Transient, match="died"):
        ask(scripted_server, Fail(200, body=text("x" * 5000), dies=True))


def test_a_slow_reply_times_out(scripted_server: ScriptedServer) -> None:
    """Whether nothing comes or one byte at a time: the time-out bounds the whole reply."""
    for drip in (False, True):
        with pytest.raises(Transient, match=r"in time|did not end"):
            ask(scripted_server, Slow(text("x" * 300), 2.0, drip=drip), timeout=0.3)


def test_a_server_that_is_not_there(scripted_server: ScriptedServer) -> None:
    """Refused at the first attempt: said at once, with the URL. After a reply: tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(EndpointError, match=url) as caught:
        Endpoint(url).complete(ASKED)
    assert "OPENAI_BASE_URL" in caught.value.mend

    with ScriptedServer() as server:
        endpoint = Endpoint(server.url)
        endpoint.complete(ASKED)
        endpoint.close()
    with pytest.raises(Transient):
        endpoint.complete(ASKED)


def test_the_key_comes_from_the_environment(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does the URL; a server of one's own takes any key."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    Endpoint().complete(ASKED)
    monkeypatch.setenv("OPENAI_API_KEY", " sk-abc\n")
    Endpoint().complete(ASKED)
    assert [headers["authorization"] for headers in scripted_server.headers] == [
        "Bearer none", "Bearer sk-abc"
    ]  # fmt: skip


def test_openai_itself_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said at the first request, before anything goes out."""
    endpoint = Endpoint()
    with pytest.raises(EndpointError, match="OPENAI_API_KEY is not set"):
        endpoint.complete(ASKED)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ключ")
    with pytest.raises(EndpointError, match="characters"):
        Endpoint().complete(ASKED)


@pytest.mark.parametrize("url", ["localhost:11434/v1", "ftp://x/v1", "http://"])
def test_what_is_no_url_is_said(url: str) -> None:
    """With an example of a right one."""
    with pytest.raises(EndpointError, match="is not the URL") as caught:
        Endpoint(url).complete(ASKED)
    assert "http://" in caught.value.mend


def test_models_are_listed(scripted_server: ScriptedServer) -> None:
    """For `doctor`."""
    assert Endpoint(scripted_server.url).models() == ("scripted",)
