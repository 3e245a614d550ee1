"""The react agent in a real sandbox, with a scripted model."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from fnopt.agents.agent import Asked, Setup
from fnopt.agents.choose import choose
from fnopt.agents.react import AGAIN, ReactAgent
from fnopt.agents.toolbox import Toolbox
from fnopt.agents.tools import ToolsAgent
from fnopt.errors import UsageError
from fnopt.models.scripted import Scripted

Build = Callable[..., tuple[Scripted, Setup]]

ACT = 'Thought: I double it.\nAction: double\nAction Input: {"number": 21}'
END = "Thought: I know the answer\nFinal Answer: 42"


def test_acts_observes_and_answers(setup: Build, toolbox: Toolbox) -> None:
    """The functions stand in the prompt; the result comes back as an observation."""
    client, built = setup([ACT, END])
    solution = ReactAgent(built).solve(Asked("Twice 21?"), toolbox, 0)
    first, second = client.requests
    assert "double(number: int) -> int: Double a number." in first.messages[0]["content"]
    assert first.messages[1]["content"] == "Question: Twice 21?"
    assert first.stop
    assert second.messages[-1] == {"role": "user", "content": "Observation: 42"}
    assert (solution.answer, solution.calls[0].result) == ("42", "42")


@pytest.mark.parametrize(
    "text",
    [
        'Action: double\nAction Input: {\n  "number": 21\n}',
        'Action: double\nAction Input:\n```json\n{"number": 21}\n```\nThat will do.',
        'Action: `double`\nAction Input: {"number": 21} because so',
        '**Action:** double\n**Action Input:** {"number": 21}',
        'Action: double(number)\nAction Input: {"number": 21}',
        'Action: double\r\nAction Input: {{"number": 21}}\r\n',
        f"{ACT}\nObservation: 43\nFinal Answer: 43",
        f"{ACT}\n**Observation:** 43\nFinal Answer: 43",
        f"{ACT}\nAction: shout\nAction Input: {{}}",
    ],
)
def test_an_action_is_read_in_whatever_dress(setup: Build, toolbox: Toolbox, text: str) -> None:
    """Fences, line breaks, emphasis and invented observations do not matter; the first acts."""
    client, built = setup([text, END])
    solution = ReactAgent(built).solve(Asked("?"), toolbox, 0)
    assert [(c.function, c.result, c.error) for c in solution.calls] == [("double", "42", None)]
    assert "43" not in str(client.requests[-1].messages)


def test_a_missing_input_is_told(setup: Build, toolbox: Toolbox) -> None:
    """An action alone is called with nothing, and its error observed; no later input is taken."""
    client, built = setup(["Action: double", END])
    ReactAgent(built).solve(Asked("?"), toolbox, 0)
    assert (
        client.requests[-1]
        .messages[-1]["content"]
        .startswith("Observation: wrong arguments: missing 'number'")
    )


def test_an_input_that_is_no_json_is_told(setup: Build, toolbox: Toolbox) -> None:
    """The model is told that one JSON object was expected."""
    client, built = setup(["Action: double\nAction Input: twenty-one", END])
    ReactAgent(built).solve(Asked("?"), toolbox, 0)
    assert "one JSON object" in client.requests[-1].messages[-1]["content"]


def test_an_unknown_action_is_told(setup: Build, toolbox: Toolbox) -> None:
    """The model learns what it may do."""
    client, built = setup(["Action: search\nAction Input: {}", END])
    ReactAgent(built).solve(Asked("?"), toolbox, 0)
    assert "known: double, fail, repeat, shout" in client.requests[-1].messages[-1]["content"]


def test_an_invented_observation_at_the_start_is_cut(setup: Build, toolbox: Toolbox) -> None:
    """A reply that is nothing but an observation says nothing."""
    client, built = setup(["Observation: 43\nFinal Answer: 43", END])
    assert ReactAgent(built).solve(Asked("?"), toolbox, 0).answer == "42"
    assert client.requests[-1].messages[-1]["content"] == AGAIN


def test_without_any_format_it_ends(setup: Build, toolbox: Toolbox) -> None:
    """A model that just talks is reminded until max_turns; its last words are the answer."""
    client, built = setup(lambda _: "I think it is 42.", max_turns=3)
    assert ReactAgent(built).solve(Asked("?"), toolbox, 0).answer == "I think it is 42."
    assert len(client.requests) == 3


def test_silence_ends(setup: Build, toolbox: Toolbox) -> None:
    """A model that says nothing has no answer."""
    client, built = setup(lambda _: "", max_turns=3)
    assert ReactAgent(built).solve(Asked("?"), toolbox, 0).answer == ""
    assert len(client.requests) == 3


def test_python_can_be_an_action(setup: Build, box: object, toolbox: Toolbox) -> None:
    """Code runs in the sandbox and may import the functions."""
    code = '{"code": "from functions.things import double\\nprint(double(21))"}'
    client, built = setup([f"Action: python\nAction Input: {code}", END])
    coding = Toolbox(toolbox.library, box, python=True)  # type: ignore[arg-type]
    ReactAgent(built).solve(Asked("?"), coding, 0)
    assert "python(code: str)" in client.requests[0].messages[0]["content"]
    assert client.requests[-1].messages[-1]["content"] == "Observation: 42"


@pytest.mark.parametrize("text", ["\n" * 100_000, " " * 100_000, "Action:" + " " * 100_000, "*\n"])
def test_hostile_text_is_read_in_no_time(setup: Build, toolbox: Toolbox, text: str) -> None:
    """Long runs of blanks cost no more than a second."""
    _, built = setup([text, END])
    start = time.process_time()
    ReactAgent(built).solve(Asked("?"), toolbox, 0)
    assert time.process_time() - start < 1.0


def test_agents_are_chosen_by_name(setup: Build) -> None:
    """An unknown name is told with the known ones."""
    _, built = setup([])
    assert isinstance(choose("tools", built), ToolsAgent)
    assert isinstance(choose("react", built), ReactAgent)
    with pytest.raises(UsageError) as caught:
        choose("oracle", built)
    assert "oracle" in caught.value.message
    assert "tools, react" in caught.value.mend


def test_the_digest_tells_agents_apart(setup: Build) -> None:
    """Kind and limits are part of what a trial depends on."""
    digests = {
        kind(setup([], max_turns=turns)[1]).digest
        for kind in (ToolsAgent, ReactAgent)
        for turns in (3, 4)
    }
    assert len(digests) == 4
