"""Tools told in words, and calls written as text: what a rival's client sends and gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from benchmarks.learning.proxy import Proxy, called, told
from scripted_server import Fail, Json

from fnopt.errors import EndpointError
from fnopt.models.client import Reply, Request
from fnopt.models.scripted import Scripted
from fnopt.records import Usage

CODE = "def double(n):\n    return 2 * n"


def tool(name: str, *arguments: str) -> Json:
    """A tool whose arguments are all texts."""
    properties = {one: {"type": "string", "description": f"the {one}"} for one in arguments}
    parameters = {"type": "object", "properties": properties, "required": list(arguments)}
    about = {"name": name, "description": f"does {name}", "parameters": parameters}
    return {"type": "function", "function": about}


TOOLS = [
    tool("add_function", "name", "description", "arguments", "packages", "code"),
    tool("remove_function", "name"),
]
ADDED = {
    "name": "double",
    "description": "Twice as much.",
    "arguments": '{"n": {"type": "integer"}}',
    "packages": "",
    "code": CODE,
}
LINES = f"""\
add_function
name: double
description: Twice as much.
arguments: {{"n": {{"type": "integer"}}}}
packages:
code:
```python
{CODE}
```
"""

SPREAD = f"""\
add_function
name: double
description: Twice as much.
arguments: {{
    "n": {{
        "type": "integer",
        "description": "What is doubled."
    }}
}}
packages: "sympy"
code: {json.dumps(CODE)}
```
"""
DESCRIBED = '{"n": {"type": "integer", "description": "What is doubled."}}'
CUT = '{"n": {"type": "integer"'
QUOTED = LINES.replace("Twice", '"Twice"')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LINES, [("add_function", ADDED)]),
        (SPREAD, [("add_function", {**ADDED, "arguments": DESCRIBED, "packages": "sympy"})]),
        (QUOTED, [("add_function", {**ADDED, "description": '"Twice" as much.'})]),
        (
            LINES.replace('"integer"}}', '"integer"'),
            [("add_function", {**ADDED, "arguments": CUT})],
        ),
        ("**add_function**\n" + LINES.partition("\n")[2], [("add_function", ADDED)]),
        (json.dumps({"name": "add_function", "arguments": ADDED}), [("add_function", ADDED)]),
        (f"```json\n{json.dumps({'name': 'add_function', 'arguments': ADDED})}\n```", None),
        ("remove_function\nname: double", [("remove_function", {"name": "double"})]),
        ("TERMINATE", []),
        ("I would add_function if I could.", []),
        ("add_function\nname: double\ndescription: no code", []),
        (f"```python\n{CODE}\n```", []),
        (LINES + "\n" + LINES.replace("double", "treble"), [("add_function", ADDED)]),
        (LINES.replace("\n```\n", "\n"), [("add_function", ADDED)]),
    ],
)
def test_a_call_in_words(text: str, expected: Any) -> None:
    """In lines with the code behind them or as JSON; at most one; none without what it needs."""
    assert called(text, TOOLS) == ([("add_function", ADDED)] if expected is None else expected)


def test_arguments_become_texts() -> None:
    """An object where a text is wanted is written as JSON, as the tool's description demands."""
    given = {**ADDED, "arguments": {"n": {"type": "integer"}}}
    text = json.dumps({"name": "add_function", "arguments": given})
    assert called(text, TOOLS) == [("add_function", ADDED)]


def test_the_tools_are_told_with_their_forms() -> None:
    """Each with what it is for and what it takes; code stands in a block."""
    words = told(TOOLS)
    assert "add_function: does add_function" in words
    assert "- packages: the packages" in words
    assert words.count("```python") == 2  # in the general words, and in the one form with code


def body(**more: Any) -> Json:
    """A chat completion's request."""
    return {"model": "m", "messages": [{"role": "user", "content": "Optimize."}], **more}


def proxy(*replies: str) -> tuple[Proxy, Scripted]:
    """A proxy in front of a model that says so."""
    usage = Usage(1, 30, 4)
    model = Scripted([Reply(one, usage=usage) for one in replies])
    return Proxy(model, "local", "local", 100), model


def test_a_completion_with_a_call() -> None:
    """A call comes back as OpenAI's, with what it cost; the model has read of the tools."""
    server, model = proxy(LINES)
    answer: Any = server.respond(body(tools=TOOLS, temperature=0.5))
    message = answer["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"][0]["function"]["name"] == "add_function"
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == ADDED
    assert answer["usage"] == {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34}
    (request,) = model.requests
    assert request.messages[0] == {"role": "system", "content": told(TOOLS)}
    assert (request.temperature, request.max_tokens) == (0.5, 100)


def test_without_tools_the_text_comes_back() -> None:
    """A plain request is handed on as it is."""
    server, model = proxy(LINES)
    answer: Any = server.respond(body())
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": LINES}
    assert model.requests[0].messages == ({"role": "user", "content": "Optimize."},)


def test_a_prompt_that_no_slot_could_hold_is_cut() -> None:
    """The middle of a long message goes; its beginning and end stay."""
    server, model = proxy("Fine.")
    said = "begin " + "x" * 100_000 + " end"
    server.respond({"model": "m", "messages": [{"role": "user", "content": said}]})
    content = str(model.requests[0].messages[0]["content"])
    assert len(content) < 41_000
    assert content.startswith("begin ")
    assert content.endswith(" end")


class Numbered:
    """Says by which number it was asked."""

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """The number."""
        return Reply(str(trial))


def test_equal_requests_are_told_apart() -> None:
    """The second of two equal requests is another attempt; a proxy made anew begins again."""
    for _ in range(2):
        server = Proxy(Numbered(), "local", "local", 100)
        said: list[Any] = [server.respond(body()) for _ in range(2)]
        assert [one["choices"][0]["message"]["content"] for one in said] == ["0", "1"]
        other: Any = server.respond(body(temperature=0.1))
        assert other["choices"][0]["message"]["content"] == "0"


class Gone:
    """A model that cannot be reached."""

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Raises."""
        raise EndpointError("it is gone", "start it")


def test_the_models_failure_is_remembered() -> None:
    """The rival gets an error; what it was is kept for whoever runs the rival."""
    server = Proxy(Gone(), "local", "local", 100)
    assert isinstance(server.respond(body()), Fail)
    assert isinstance(server.error, EndpointError)
