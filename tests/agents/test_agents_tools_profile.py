"""The tools agent as its endpoint's profile wants it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fnopt.agents.agent import Asked, Setup
from fnopt.agents.profile import LOCAL, OPENAI, Profile
from fnopt.agents.react import ReactAgent
from fnopt.agents.toolbox import Toolbox
from fnopt.agents.tools import FINISH, MEND, SPEAK, ToolsAgent
from fnopt.library.function import read
from fnopt.models.client import Reply, Request, ToolCall
from fnopt.models.failures import RequestRefused
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.sandbox import Sandbox

Build = Callable[..., tuple[Scripted, Setup]]

ONE = ToolCall("a", "double", '{"number": 21}')
TWO = ToolCall("b", "double", '{"number": 1}')


def test_strict_schemas_are_sent_where_a_function_has_one(setup: Build, box: Sandbox) -> None:
    """A function without one is offered as it was; the tool for Python has one."""
    source = (
        b"def plain(number: int, times: int = 2) -> int:\n"
        b'    """Multiply."""\n    return number * times\n\n\n'
        b'def loose(values: dict) -> int:\n    """Count."""\n    return len(values)\n'
    )
    toolbox = Toolbox(read({"functions/f.py": source}), box, python=True)
    client, built = setup(["ANSWER: 1"] * 2, Profile(strict=True))
    ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    tools = {tool["function"]["name"]: tool["function"] for tool in client.requests[0].tools}
    assert {name for name, tool in tools.items() if tool.get("strict")} == {"plain", "python"}
    assert tools["plain"]["parameters"]["required"] == ["number", "times"]
    assert tools["python"]["parameters"]["additionalProperties"] is False
    _, built = setup(["ANSWER: 1"], OPENAI)
    assert "strict" not in str(ToolsAgent(built).opening("?", toolbox).tools)


def test_refused_strict_schemas_are_sent_as_plain_ones(setup: Build, toolbox: Toolbox) -> None:
    """An endpoint that took the probe's may not take a function's; what is refused without them
    too is refused."""
    takes_plain = True

    def script(request: Request) -> Reply | str:
        if "'strict': True" in str(request.tools) or not takes_plain:
            raise RequestRefused("a schema of this kind is not supported", "")
        return "ANSWER: 42" if request.messages[-1]["role"] == "tool" else Reply("", (ONE,))

    client, built = setup(script, Profile(strict=True))
    solution = ToolsAgent(built).solve(Asked("Twice 21?"), toolbox, 0)
    assert (solution.answer, len(client.requests)) == ("42", 3)
    assert client.requests[1].tools == client.requests[2].tools == toolbox.definitions()
    takes_plain = False
    with pytest.raises(RequestRefused):
        ToolsAgent(built).solve(Asked("Twice 21?"), toolbox, 0)
    assert len(client.requests) == 5


def test_what_strict_mode_sends_for_a_default_is_taken(setup: Build, box: Sandbox) -> None:
    """null stands for what was left out."""
    source = b'def more(number: int, by: int = 2) -> int:\n    """Add."""\n    return number + by\n'
    toolbox = Toolbox(read({"functions/f.py": source}), box)
    call = ToolCall("a", "more", '{"number": 40, "by": null}')
    _, built = setup([Reply("", (call,)), "ANSWER: 42"], Profile(strict=True))
    assert ToolsAgent(built).solve(Asked("?"), toolbox, 0).calls[0].result == "42"


def test_results_go_back_as_the_users_message(setup: Build, toolbox: Toolbox) -> None:
    """Native calls then stand in the conversation as text: no message waits for a tool's."""
    client, built = setup([Reply("Let me see.", (ONE, TWO)), "ANSWER: 42"], Profile(results="user"))
    solution = ToolsAgent(built).solve(Asked("Twice 21?"), toolbox, 0)
    assert (solution.answer, [call.result for call in solution.calls]) == ("42", ["42", "2"])
    assert client.requests[0].tools == client.requests[1].tools != ()
    said, told = client.requests[1].messages[2:]
    assert said == {
        "role": "assistant",
        "content": 'Let me see.\n{"name": "double", "arguments": {"number": 21}}\n'
        '{"name": "double", "arguments": {"number": 1}}',
    }
    assert told == {
        "role": "user",
        "content": f"double returned: 42\ndouble returned: 2\n{FINISH}",
    }


def test_a_failed_call_is_told_as_the_user_too(setup: Build, toolbox: Toolbox) -> None:
    """Arguments that are no JSON are not repeated; the model is asked to mend the call."""
    wrong = ToolCall("a", "double", "number=21")
    client, built = setup([Reply("", (wrong,)), "ANSWER: 42"], Profile(results="user"))
    ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    said, told = client.requests[1].messages[2:]
    assert said["content"] == '{"name": "double", "arguments": {}}'
    assert told["content"].startswith("double failed: the arguments must be one JSON object")
    assert told["content"].endswith(MEND)


def test_one_call_at_a_time_where_the_endpoint_takes_no_more(
    setup: Build, toolbox: Toolbox
) -> None:
    """The first call of a reply is made and sent back alone; the model may ask again."""
    replies = [Reply("", (ONE, TWO)), Reply("", (TWO,)), "ANSWER: 42"]
    client, built = setup(replies, Profile(calls="single"))
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert [call.result for call in solution.calls] == ["42", "2"]
    sent = client.requests[-1].messages
    assert [len(m["tool_calls"]) for m in sent if "tool_calls" in m] == [1, 1]
    assert [m["content"] for m in sent if m["role"] == "tool"] == ["42", "2"]


@pytest.mark.parametrize("profile", [Profile(system=False), Profile("text", False, False, "user")])
@pytest.mark.parametrize("agent", [ToolsAgent, ReactAgent])
def test_without_a_system_role_nothing_is_lost(
    setup: Build, toolbox: Toolbox, profile: Profile, agent: Callable[[Setup], ToolsAgent]
) -> None:
    """The system's text stands in front of the question, in one message."""
    _, usual = setup([], Profile(profile.calls, results=profile.results))
    _, built = setup([], profile)
    system, user = agent(usual).opening("Twice 21?", toolbox).messages
    [only] = agent(built).opening("Twice 21?", toolbox).messages
    assert only == {"role": "user", "content": f"{system['content']}\n\n{user['content']}"}


def test_without_a_system_role_the_roles_alternate(setup: Build, toolbox: Toolbox) -> None:
    """Templates that lack the one insist on the other: a nudge joins the message before it."""
    written = '{"name": "double", "arguments": {"number": 21}}'
    profile = Profile("text", system=False, results="user")
    client, built = setup(["", written, "ANSWER: 42"], profile)
    assert ToolsAgent(built).solve(Asked("Twice 21?"), toolbox, 0).answer == "42"
    last = client.requests[-1].messages
    assert [one["role"] for one in last] == ["user", "assistant", "user"]
    assert last[0]["content"].endswith(f"Twice 21?\n\n{SPEAK}")


def test_the_digest_tells_what_no_first_request_shows(setup: Build) -> None:
    """What shows there, or is as everywhere, leaves it as it was: trials are found again."""
    usual = ToolsAgent(setup([], OPENAI)[1]).digest
    for same in (
        LOCAL,
        Profile(strict=True),
        Profile(system=False),
        Profile(json=("json_object",)),
    ):
        assert ToolsAgent(setup([], same)[1]).digest == usual
    others = [Profile(calls="single"), Profile(results="user"), Profile("single", results="user")]
    assert len({usual, *(ToolsAgent(setup([], one)[1]).digest for one in others)}) == 4


def test_the_profile_is_asked_for_when_it_is_needed(toolbox: Toolbox) -> None:
    """Building an agent finds nothing out: that may take calls of the model."""
    asked: list[str] = []

    def find() -> Profile:
        asked.append("now")
        return OPENAI

    agent = ToolsAgent(Setup(Scripted(["ANSWER: 1"]), Prose(), "m", profile=find))
    assert asked == []
    agent.opening("?", toolbox)
    assert asked == ["now"]
