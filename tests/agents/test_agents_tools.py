"""The tools agent in a real sandbox, with a scripted model."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fnopt.agents.agent import Asked, Setup
from fnopt.agents.profile import LOCAL, OPENAI
from fnopt.agents.toolbox import Toolbox
from fnopt.agents.tools import FINISH, INSTEAD, LONGEST, MEND, REPEAT, SPEAK, WITHOUT, ToolsAgent
from fnopt.errors import FnoptError
from fnopt.library.function import read
from fnopt.models.client import Reply, ToolCall
from fnopt.models.scripted import Scripted
from fnopt.records import Usage
from fnopt.sandbox import Sandbox

Build = Callable[..., tuple[Scripted, Setup]]


def call(name: str, arguments: str, id_: str = "c1") -> ToolCall:
    return ToolCall(id_, name, arguments)


def asks(*calls: ToolCall, content: str = "") -> Reply:
    return Reply(content, calls, Usage(1, 10, 5, 0.5))


def told(client: Scripted) -> list[str]:
    """What the last request says in messages of tools."""
    return [m["content"] for m in client.requests[-1].messages if m["role"] == "tool"]


def test_a_call_its_result_and_the_answer(setup: Build, toolbox: Toolbox) -> None:
    """The result goes back under the call's id; calls, messages and cost are in the solution."""
    client, built = setup([asks(call("double", '{"number": 21}')), "ANSWER: 42"])
    solution = ToolsAgent(built).solve(Asked("Twice 21?"), toolbox, 0)
    assert solution.answer == "42"
    assert [(c.function, c.result, c.error) for c in solution.calls] == [("double", "42", None)]
    assert [m["role"] for m in solution.messages] == [
        *("system", "user", "assistant", "tool", "assistant")
    ]
    assert solution.messages[3] == {"role": "tool", "tool_call_id": "c1", "content": "42"}
    assert solution.messages[2]["tool_calls"][0]["id"] == "c1"
    assert solution.usage.tokens == 15
    assert [t["function"]["name"] for t in client.requests[0].tools] == list(toolbox.names)


def test_several_calls_of_one_reply_are_all_made(setup: Build, toolbox: Toolbox) -> None:
    """Results come in the order of the calls, each under its own id."""
    calls = [call("double", '{"number": 1}', "a"), call("shout", '{"text": "x"}', "b")]
    client, built = setup([asks(*calls), "ANSWER: done"])
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert told(client) == ["2", "X"]
    assert [m["tool_call_id"] for m in solution.messages if m["role"] == "tool"] == ["a", "b"]
    assert solution.calls[1].stdout == "shouting\n"


def test_duplicate_calls_are_made_once(setup: Build, toolbox: Toolbox) -> None:
    """The same name and arguments twice in one reply are one call, and one is sent back."""
    twice = [call("double", '{"number": 1}', "a"), call("double", '{"number": 1}', "b")]
    client, built = setup([asks(*twice), "ANSWER: 2"])
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert len(solution.calls) == 1
    assert len(client.requests[-1].messages[2]["tool_calls"]) == len(told(client)) == 1


@pytest.mark.parametrize("ids", [("", ""), ("a", "a"), ("a", "")])
def test_missing_or_double_ids_are_made(
    setup: Build, toolbox: Toolbox, ids: tuple[str, str]
) -> None:
    """Each call sent back has an id of its own, and each result names one of them."""
    calls = [call("double", f'{{"number": {n}}}', id_) for n, id_ in enumerate(ids)]
    client, built = setup([asks(*calls), "ANSWER: 2"])
    ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    messages = client.requests[-1].messages
    made = [c["id"] for c in messages[2]["tool_calls"]]
    assert len(set(made)) == 2
    assert all(made)
    assert [m["tool_call_id"] for m in messages if m["role"] == "tool"] == made


def test_calls_beyond_a_bound_are_not_made(setup: Build, toolbox: Toolbox) -> None:
    """A reply of a hundred calls makes sixteen, and sends back no others."""
    calls = [call("nothing", json.dumps({"n": n}), f"c{n}") for n in range(100)]
    client, built = setup([asks(*calls), "ANSWER: 2"])
    assert len(ToolsAgent(built).solve(Asked("?"), toolbox, 0).calls) == 16
    assert len(client.requests[-1].messages[2]["tool_calls"]) == 16


def test_an_unknown_function_is_told_with_the_known_ones(setup: Build, toolbox: Toolbox) -> None:
    """The model learns what it may call; a name that an endpoint would refuse is not sent back."""
    client, built = setup([asks(call("multi tool.use", "{}")), "ANSWER: 2"])
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    [said] = told(client)
    assert "multi tool.use" in said
    assert all(name in said for name in toolbox.names)
    assert solution.calls[0].error == said
    sent = client.requests[-1].messages[2]["tool_calls"][0]["function"]
    assert sent["name"] == "multi_tool_use"


@pytest.mark.parametrize(
    "arguments", ["number=21", "[21]", "21", '{"number": 21', "x" * 1_000_000, '"number"']
)
def test_arguments_that_are_no_object_are_told(
    setup: Build, toolbox: Toolbox, arguments: str
) -> None:
    """The model is told briefly; what goes back is JSON, which some servers insist on."""
    client, built = setup([asks(call("double", arguments)), "ANSWER: none"])
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    [said] = told(client)
    assert "one JSON object" in said
    assert len(said) < 500
    assert client.requests[-1].messages[2]["tool_calls"][0]["function"]["arguments"] == "{}"
    assert (solution.calls[0].arguments, solution.answer) == (arguments, "none")


@pytest.mark.parametrize("arguments", ['{{"number": 21}}', json.dumps('{"number": 21}')])
def test_arguments_that_can_be_mended_are(setup: Build, toolbox: Toolbox, arguments: str) -> None:
    """Doubled braces and a string twice encoded are called as they were meant."""
    client, built = setup([asks(call("double", arguments)), "ANSWER: 42"])
    ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert told(client) == ["42"]
    sent = client.requests[-1].messages[2]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(sent) == {"number": 21}


def test_wrong_arguments_are_told_with_the_signature(setup: Build, toolbox: Toolbox) -> None:
    """A missing or unexpected argument is the model's to mend."""
    client, built = setup([asks(call("double", '{"value": 21}')), "ANSWER: 42"])
    ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    [said] = told(client)
    assert "missing 'number'" in said
    assert "double(number: int) -> int" in said


def test_what_a_function_raises_reaches_the_model_in_short(setup: Build, toolbox: Toolbox) -> None:
    """The error alone, without the frames, cut in its middle; the record has them too."""
    client, built = setup([asks(call("fail", '{"text": ""}')), "ANSWER: no"])
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    [said] = told(client)
    assert said.startswith("ValueError: first words")
    assert said.rstrip().endswith("last words")
    assert len(said) < 4_100
    assert (solution.calls[0].error or "").startswith("Traceback")


def test_a_result_is_cut(setup: Build, toolbox: Toolbox) -> None:
    """A megabyte does not go back to the model."""
    client, built = setup([asks(call("repeat", '{"text": "ab", "times": 99999}')), "ANSWER: no"])
    ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    [said] = told(client)
    assert said.startswith("abab")
    assert len(said) < 4_100


def test_silence_is_answered_once(setup: Build, toolbox: Toolbox) -> None:
    """A reply without content gets one nudge; then the answer may come."""
    client, built = setup([Reply(""), "ANSWER: 42"])
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert solution.answer == "42"
    assert client.requests[-1].messages[-1] == {"role": "user", "content": SPEAK}


def test_silence_is_never_answered_twice(setup: Build, toolbox: Toolbox) -> None:
    """A model that goes on saying nothing has no answer."""
    client, built = setup(lambda _: Reply(" \n"), max_turns=50)
    assert ToolsAgent(built).solve(Asked("?"), toolbox, 0).answer == ""
    assert len(client.requests) == 2


def test_a_model_that_never_ends_is_ended(setup: Build, toolbox: Toolbox) -> None:
    """After max_turns the last words count as the answer."""
    client, built = setup(
        lambda request: asks(
            call("double", json.dumps({"number": len(request.messages)})),
            content=f"I try {len(request.messages)}",
        ),
        max_turns=3,
    )
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert len(client.requests) == len(solution.calls) == 3
    assert solution.answer == "I try 6"


def test_content_beside_calls_is_sent_back(setup: Build, toolbox: Toolbox) -> None:
    """What a model thinks aloud while calling stays in the conversation."""
    client, built = setup([asks(call("double", '{"number": 1}'), content="Let me see."), "2"])
    assert ToolsAgent(built).solve(Asked("?"), toolbox, 0).answer == "2"
    assert client.requests[-1].messages[2]["content"] == "Let me see."


def test_text_profile_lists_the_functions_and_reads_the_call(
    setup: Build, toolbox: Toolbox
) -> None:
    """No tools are sent; the result goes back as the user's message and asks for an ending."""
    written = '```json\n{"name": "double", "arguments": {"number": 21}}\n```'
    client, built = setup([written, "ANSWER: 42"], LOCAL)
    solution = ToolsAgent(built).solve(Asked("Twice 21?"), toolbox, 0)
    first, second = client.requests
    assert first.tools == ()
    assert "double(number: int) -> int: Double a number." in first.messages[0]["content"]
    assert second.messages[-1]["content"] == f"double returned: 42\n{REPEAT}42"
    assert (solution.answer, solution.calls[0].result) == ("42", "42")


@pytest.mark.parametrize(
    ("returns", "calls", "repeated"),
    [
        ('" a b "', 1, "a b"),
        (f'"x" * {LONGEST}', 1, "x" * LONGEST),
        (f'"x" * {LONGEST + 1}', 1, None),
        ('"a\\nb"', 1, None),
        ('" "', 1, None),
        ("number", 2, None),
    ],
    ids=["short", "just", "long", "lines", "nothing", "two"],
)
def test_one_short_result_is_put_where_the_answer_goes(
    returns: str, calls: int, repeated: str | None, setup: Build, box: Sandbox
) -> None:
    """A small model writes something like it otherwise."""
    code = f'def told(number: int) -> str:\n    """Tell."""\n    return {returns}\n'
    toolbox = Toolbox(read({"functions/told.py": code.encode()}), box)
    written = "\n".join(
        f'{{"name": "told", "arguments": {{"number": {number}}}}}' for number in range(calls)
    )
    client, built = setup([written, "ANSWER: so"], LOCAL)
    assert len(ToolsAgent(built).solve(Asked("?"), toolbox, 0).calls) == calls
    then = FINISH if repeated is None else REPEAT + repeated
    assert client.requests[1].messages[-1]["content"].endswith(f"\n{then}")


def test_text_profile_makes_the_call_above_a_guess(setup: Build, toolbox: Toolbox) -> None:
    """A call counts though the answer that the model expects of it stands below."""
    written = '{"name": "double", "arguments": {"number": 21}}\nANSWER: 43'
    client, built = setup([written, "ANSWER: 42"], LOCAL)
    assert ToolsAgent(built).solve(Asked("?"), toolbox, 0).answer == "42"
    assert "43" not in str(client.requests[-1].messages)


def test_text_profile_ends_when_a_call_is_only_repeated(setup: Build, toolbox: Toolbox) -> None:
    """The call and its answer again are an answer."""
    written = '{"name": "double", "arguments": {"number": 21}}'
    client, built = setup([written, f"{written}\nANSWER: 42"], LOCAL)
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert (solution.answer, len(solution.calls), len(client.requests)) == ("42", 1, 2)


def test_text_profile_asks_to_mend_a_failed_call(setup: Build, toolbox: Toolbox) -> None:
    """A call that failed is told with its error; the model may send it again, mended."""
    wrong = '{"name": "double", "arguments": {"value": 21}}'
    right = '{"name": "double", "arguments": {"number": 21}}'
    client, built = setup([wrong, right, "ANSWER: 42"], LOCAL)
    assert ToolsAgent(built).solve(Asked("?"), toolbox, 0).answer == "42"
    said = client.requests[1].messages[-1]["content"]
    assert said.startswith("double failed: wrong arguments")
    assert said.endswith(MEND)


def test_text_profile_tells_that_a_function_is_not_there(setup: Build, toolbox: Toolbox) -> None:
    """It is a call, which shows what was wanted; said again and again, it is an answer."""
    gone = '{"name": "reverse", "arguments": {"word": "abc"}}'
    client, built = setup([gone, "ANSWER: cba"], LOCAL)
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert (solution.answer, solution.calls[0].function) == ("cba", "reverse")
    said = client.requests[1].messages[-1]["content"]
    assert said.startswith("reverse failed: no function is called reverse; known: ")
    assert said.endswith(WITHOUT)
    client, built = setup([gone, gone, gone], LOCAL)
    assert ToolsAgent(built).solve(Asked("?"), toolbox, 0).answer == gone
    assert len(client.requests) == 3


@pytest.mark.parametrize(
    ("function", "arguments", "outcome", "then"),
    [
        ("double", '{"number": 4}', "double returned: 8", f"{REPEAT}8"),
        ("double", '{"numbers": 4}', "double failed: ", INSTEAD),
    ],
)
def test_text_profile_reminds_of_a_call_that_is_written_again(
    function: str, arguments: str, outcome: str, then: str, setup: Build, toolbox: Toolbox
) -> None:
    """It is not made again: the model is told what came of it, once, and to answer."""
    again = f'{{"name": "{function}", "arguments": {arguments}}}'
    client, built = setup([again, again, "ANSWER: 8"], LOCAL)
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert (solution.answer, len(solution.calls)) == ("8", 1)
    said = client.requests[2].messages[-1]["content"]
    assert said.startswith(outcome)
    assert said.endswith(then)


@pytest.mark.parametrize(
    ("arguments", "answer"), [('{"number": 4}', "8"), ('{"numbers": 4}', None)]
)
def test_a_call_that_is_written_to_the_end_is_answered_by_its_result(
    arguments: str, answer: str | None, setup: Build, toolbox: Toolbox
) -> None:
    """What failed is no answer: the words are kept as they are."""
    again = f'{{"name": "double", "arguments": {arguments}}}'
    _, built = setup([again, again, again], LOCAL)
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert (solution.answer, len(solution.calls)) == (answer or again, 1)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ('ANSWER: {"a": 1}', '{"a": 1}'),
        ('["x"]', '["x"]'),
        ('It is {"name": "double"}', 'It is {"name": "double"}'),
        ('ANSWER: {"name": "double", "arguments": {"number": 1}}', None),
        ('ANSWER: {"name": "gone", "arguments": {"number": 1}}', None),
    ],
)
def test_text_profile_takes_no_answer_for_a_call(
    setup: Build, toolbox: Toolbox, said: str, answer: str | None
) -> None:
    """JSON in an answer ends the conversation."""
    client, built = setup([said], LOCAL)
    solution = ToolsAgent(built).solve(Asked("?"), toolbox, 0)
    assert solution.answer == (answer or said.removeprefix("ANSWER: "))
    assert solution.calls == ()
    assert len(client.requests) == 1


def test_without_functions_the_question_is_just_asked(setup: Build, box: object) -> None:
    """An empty library offers nothing, natively or as text."""
    from fnopt.library.function import read

    for profile in (OPENAI, LOCAL):
        client, built = setup(["ANSWER: 4"], profile)
        empty = Toolbox(read({}), box)  # type: ignore[arg-type]
        assert ToolsAgent(built).solve(Asked("2 + 2?"), empty, 0).answer == "4"
        assert client.requests[0].tools == ()
        assert "JSON" not in client.requests[0].messages[0]["content"]


def test_what_a_client_raises_comes_out(setup: Build, toolbox: Toolbox) -> None:
    """An agent hides no failure of its endpoint."""
    _, built = setup([])
    with pytest.raises(FnoptError, match="script is at its end"):
        ToolsAgent(built).solve(Asked("?"), toolbox, 0)
