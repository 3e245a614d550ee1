"""Probing over real HTTP: each endpoint that was met ends with the profile that suits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import scripted_endpoints as those
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Fail, ScriptedServer

from fnopt.agents.agent import Asked, Setup
from fnopt.agents.probe import CUT_OFF, LONGEST, MORE_ROOM, MOST_REQUESTS, probe
from fnopt.agents.profile import Profile
from fnopt.agents.react import ReactAgent
from fnopt.agents.toolbox import Toolbox
from fnopt.agents.tools import ToolsAgent
from fnopt.errors import EndpointError
from fnopt.models.client import Reply, Request, ToolCall
from fnopt.models.endpoint import Endpoint
from fnopt.models.failures import RequestRefused
from fnopt.models.retry import RetriesSpent, Retrying
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose

ALL = Profile(strict=True, json=("json_schema", "json_object"))
TEXT = Profile("text", True, True, "user", ALL.json)

MET = {
    "able": (those.able, ALL, 5),
    "no strict": (
        those.refuses(those.has_strict, "Unknown parameter: tools[0].function.strict"),
        Profile(json=ALL.json),
        6,
    ),
    "writes calls": (those.writes_calls, TEXT, 4),
    "deaf to tools": (those.deaf_to_tools, TEXT, 5),
    "refuses tools": (
        those.refuses(lambda r: "tools" in r, "m does not support tools"),
        Profile("text", False, True, "user", ALL.json),
        6,
    ),
    "no provider with tools": (
        those.refuses(lambda r: "tools" in r, "No endpoints found that support tool use.", 404),
        Profile("text", False, True, "user", ALL.json),
        6,
    ),
    "llama.cpp without --jinja": (
        those.refuses(lambda r: "tools" in r, "tools param requires --jinja flag", 500),
        Profile("text", False, True, "user", ALL.json),
        6,
    ),
    "refuses the system role": (
        those.refuses(those.has_role("system"), "System role not supported"),
        Profile("parallel", True, False, "tool", ALL.json),
        6,
    ),
    "strict turns": (
        those.strict_turns,
        Profile("parallel", True, False, "user", ALL.json),
        7,
    ),
    "deaf to the system role": (
        those.deaf_to_system,
        Profile("parallel", True, False, "tool", ALL.json),
        6,
    ),
    "deaf to results": (
        those.deaf_to_results,
        Profile("parallel", True, True, "user", ALL.json),
        5,
    ),
    "repeats the call": (
        those.repeats_the_call,
        Profile("parallel", True, True, "user", ALL.json),
        5,
    ),
    "refuses results": (
        those.refuses(those.has_role("tool"), "role must be user or assistant"),
        Profile("parallel", True, True, "user", ALL.json),
        6,
    ),
    "one at a time": (
        those.one_at_a_time,
        Profile("single", True, True, "tool", ALL.json),
        6,
    ),
    "refuses two results": (
        those.refuses(those.has_several_results, "only supports single tool-calls at once!", 500),
        Profile("single", True, True, "tool", ALL.json),
        6,
    ),
    "no JSON": (
        those.refuses(lambda r: "response_format" in r, "unsupported response_format"),
        Profile(strict=True),
        5,
    ),
    "no json_object": (
        those.refuses(those.asks_for("json_object"), "must be 'json_schema' or 'text'"),
        Profile(strict=True, json=("json_schema",)),
        5,
    ),
    "no json_schema": (
        those.refuses(those.asks_for("json_schema"), "This response_format is unavailable now"),
        Profile(strict=True, json=("json_object",)),
        5,
    ),
    "deaf to JSON": (those.fences_json, Profile(strict=True), 5),
}


@pytest.fixture
def endpoint(scripted_server: ScriptedServer) -> Iterator[Endpoint]:
    """A client of the scripted server, without retries."""
    made = Endpoint(scripted_server.url)
    yield made
    made.close()


@pytest.mark.parametrize("name", MET)
def test_each_endpoint_gets_its_profile_and_can_be_talked_to(
    name: str, scripted_server: ScriptedServer, endpoint: Endpoint, toolbox: Toolbox
) -> None:
    """What was found suits the endpoint: both agents come to the answer by way of the function."""
    scripted_server.respond, profile, requests = MET[name]
    found = probe(endpoint, "m")
    assert found == profile
    assert len(scripted_server.requests) == requests <= MOST_REQUESTS
    assert set(found.found_by) == {"calls", "strict", "system", "results", "json"}
    assert all(found.found_by.values())
    solution = ToolsAgent(Setup(endpoint, Prose(), "m", profile=lambda: found)).solve(
        Asked(those.QUESTION), toolbox, 0
    )
    assert (solution.answer, len(solution.calls)) == (those.ANSWER, 1)
    assert solution.calls[0].result == those.ANSWER
    opened = ReactAgent(Setup(endpoint, Prose(), "m", profile=lambda: found)).opening("?", toolbox)
    assert [m["role"] for m in opened.messages] == ["system", "user"][not found.system :]


@pytest.mark.parametrize("number", range(len(those.RUBBISH)))
def test_rubbish_is_survived(
    number: int, scripted_server: ScriptedServer, endpoint: Endpoint, toolbox: Toolbox
) -> None:
    """A model that says nothing of use gets the text form, and its conversation ends."""
    scripted_server.respond = list(those.rubbish())[number]
    found = probe(endpoint, "m")
    assert (found.calls, found.results, found.system) == ("none", "user", True)
    assert "json_schema" not in found.json
    assert len(scripted_server.requests) <= MOST_REQUESTS
    agent = ToolsAgent(Setup(endpoint, Prose(), "m", profile=lambda: found, max_turns=3))
    assert all(call.error for call in agent.solve(Asked("?"), toolbox, 0).calls)


REPLIES = st.builds(
    Reply,
    st.sampled_from(["", "tungsten", "marzipan", '{"word": "tungsten"}', "x"])
    | st.text(max_size=20),
    st.lists(
        st.builds(
            ToolCall,
            st.sampled_from(["", "a", "b"]),
            st.sampled_from(["read_note", "sort_notes", "", "no such"]),
            st.sampled_from(['{"owner": "ada"}', '{"owner": "BEN "}', "{}", "[]", "{{", "5"]),
        ),
        max_size=3,
    ).map(tuple),
    finish_reason=st.sampled_from(["stop", "length", ""]),
)


@given(st.lists(REPLIES | st.none(), min_size=MOST_REQUESTS, max_size=MOST_REQUESTS))
def test_whatever_is_answered_the_probe_ends(script: list[Reply | None]) -> None:
    """Any replies and refusals, in any order, come to a profile within the bound on requests."""
    rest = iter(script)

    def respond(request: Request) -> Reply:
        reply = next(rest)  # ends in an error when more is asked than was promised
        if reply is None:
            raise RequestRefused("no", "")
        return reply

    client = Scripted(respond)
    try:
        found = probe(client, "m")
    except RequestRefused:
        assert script[:2] == [None, None]  # with and without the system role
        return
    assert Profile.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert not (found.results == "tool" and not found.native)


def test_what_a_probe_costs_is_bounded(scripted_server: ScriptedServer, endpoint: Endpoint) -> None:
    """The most that can be asked is 10 requests of 3,000 tokens together; one answer is long."""
    turns = iter("ab")
    offered: list[int] = []

    def respond(request: dict[str, Any]) -> Any:
        if those.has_strict(request) or those.has_several_results(request):
            return Fail(400, body={"error": {"message": "no"}})
        if those.has_role("tool")(request):  # calls once more, then says something else
            return those.calls(("read_note", {"owner": "ben"})) if next(turns) == "a" else "no"
        if "tools" in request and not offered:
            offered.append(1)
            return those.reasons_first(LONGEST)(request)
        answer = those.able(request)
        return "What?" if answer == those.WORD or "response_format" in request else answer

    scripted_server.respond = respond
    probe(endpoint, "m")
    requests = scripted_server.requests
    assert len(requests) == MOST_REQUESTS
    sent = sorted(request["max_tokens"] for request in requests)
    assert sent == [LONGEST] * (MOST_REQUESTS - 1) + [MORE_ROOM * LONGEST]
    prompts = [json.dumps([r["messages"], r.get("tools", [])]) for r in requests]
    assert sum(map(len, prompts)) / 4 < 3_000


def test_a_refusal_of_everything_is_no_profile(
    scripted_server: ScriptedServer, endpoint: Endpoint
) -> None:
    """Not the system role is refused then but the model, or whoever asks."""
    scripted_server.respond = lambda _: Fail(400, body={"error": {"message": "no such model"}})
    with pytest.raises(EndpointError, match="no such model"):
        probe(endpoint, "m")
    assert len(scripted_server.requests) == 2


@pytest.mark.parametrize("good", range(5))
def test_infrastructure_that_fails_is_no_finding(
    good: int, scripted_server: ScriptedServer, endpoint: Endpoint
) -> None:
    """Whenever it fails, the failure comes out as usual."""

    def respond(request: dict[str, Any]) -> Any:
        return Fail(503) if len(scripted_server.requests) > good else those.able(request)

    scripted_server.respond = respond
    with pytest.raises(RetriesSpent):
        probe(Retrying(endpoint, deadline_seconds=0.05), "m")


def test_what_no_chat_completion_is_comes_out(
    scripted_server: ScriptedServer, endpoint: Endpoint
) -> None:
    """A URL of something else is no endpoint with a weak profile."""
    scripted_server.respond = lambda _: {"hello": "world"}
    with pytest.raises(EndpointError, match="did not answer with a chat completion"):
        probe(endpoint, "m")


def test_a_model_that_reasons_gets_more_room(
    scripted_server: ScriptedServer, endpoint: Endpoint
) -> None:
    """Once, for its calls; what was cut off else is taken for as able as it is elsewhere."""
    scripted_server.respond = those.reasons_first(LONGEST)
    found = probe(endpoint, "m")
    assert (found.calls, found.results, found.system) == ("parallel", "tool", True)
    for name in ("system", "results", "json"):
        assert CUT_OFF in found.found_by[name]
    sent = [request["max_tokens"] for request in scripted_server.requests]
    assert sent == [LONGEST] * 2 + [MORE_ROOM * LONGEST] + [LONGEST] * 3


@pytest.mark.parametrize("most", [LONGEST, 100_000])
def test_a_model_that_reasons_without_end_is_told_so(
    scripted_server: ScriptedServer, endpoint: Endpoint, most: int
) -> None:
    """It may be able to do more, in answers without a bound; some take no higher one."""
    thinks = those.reasons_first(100_000)
    scripted_server.respond = lambda request: (
        thinks(request)
        if request["max_tokens"] <= most
        else Fail(400, body={"error": {"message": "max_tokens is too large"}})
    )
    found = probe(endpoint, "m")
    assert CUT_OFF in found.found_by["calls"]
    assert found.calls == "none"


def test_a_refusal_is_told_in_short(scripted_server: ScriptedServer, endpoint: Endpoint) -> None:
    """What a server says of a megabyte is neither kept nor shown whole."""
    scripted_server.respond = those.refuses(those.has_role("system"), "no " * 100_000)
    assert len(probe(endpoint, "m").found_by["system"]) < 200
