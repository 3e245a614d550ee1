"""Functions as agents: what they are given, what they may give back, and all they do wrong."""

from __future__ import annotations

import ast
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fnopt.agents import own
from fnopt.agents.agent import Agent, Asked, Solution, Unavailable
from fnopt.agents.attempt import MOST_CALLS, failure_of
from fnopt.agents.returned import LONGEST_ANSWER
from fnopt.agents.toolbox import Toolbox
from fnopt.errors import FnoptError, UsageError
from fnopt.records import UNTOLD, Usage
from fnopt.train.budget import Budget, Limits

from .own_programs import FUNCTIONS

Load = Callable[..., Agent]
TWICE = Asked("Double the number 21", "t1", {"level": 3})


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Loads a function of a module that lies in a repository."""
    (tmp_path / "my_agents.py").write_text(FUNCTIONS)

    def build(name: str, said: list[str] | None = None, **terms: object) -> Agent:
        say = (lambda _: None) if said is None else said.append
        budget = terms.pop("meter", None) or Budget(Limits())
        given = own.Terms(tmp_path, budget, say=say, **terms)  # type: ignore[arg-type]
        return own.load(f"my_agents:{name}", (), given)

    yield build
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))
    sys.modules.pop("my_agents", None)


def solved(agent: Agent, toolbox: Toolbox) -> Solution:
    return agent.solve(TWICE, toolbox, 0)


@pytest.mark.parametrize("name", ["solve", "solve_async"])
def test_a_function_answers(name: str, load: Load, toolbox: Toolbox) -> None:
    """Its calls run in the sandbox and are recorded; the conversation shows them."""
    solution = solved(load(name), toolbox)
    assert solution.answer == "42"
    [call] = solution.calls
    assert (call.function, call.arguments, call.result) == ("double", '{"number": 21}', "42")
    assert [m["role"] for m in solution.messages] == ["user", "assistant", "tool", "assistant"]
    assert solution.usage == UNTOLD
    assert set(toolbox.closures(solution.calls)) == {"double"}


@pytest.mark.parametrize(
    ("name", "answer", "usage"),
    [
        ("with_usage", "42", Usage(2, 7, 3, 0.5)),
        ("as_object", "42", Usage(0, 5, 1, None)),
        ("nonsense_usage", "42", UNTOLD),
    ],
)
def test_answer_and_usage(
    name: str, answer: str, usage: Usage, load: Load, toolbox: Toolbox
) -> None:
    """As a pair or an object, in OpenAI's words or Anthropic's; numbers become texts."""
    solution = solved(load(name), toolbox)
    assert (solution.answer, solution.usage) == (answer, usage)


def test_a_price_is_looked_up_for_the_model_that_is_named(load: Load, toolbox: Toolbox) -> None:
    """Tokens alone have none."""
    solution = solved(load("as_mapping"), toolbox)
    assert (solution.answer, solution.usage.tokens) == ("true", 9)
    assert solution.usage.cost is not None and solution.usage.cost > 0


def test_what_it_is_given(load: Load, toolbox: Toolbox) -> None:
    """The task without its answer; tools with name, docstring, signature and OpenAI's schema."""
    told = ast.literal_eval(solved(load("looks"), toolbox).answer)
    assert told[:5] == ["t1", TWICE.question, {"level": 3}, 0, False]
    assert told[5] == list(toolbox.names)
    assert told[6:9] == [
        "double",
        toolbox.definitions()[0]["function"]["description"],
        "double(number: int) -> int",
    ]
    assert told[9] == toolbox.definitions()[0]


def test_a_models_call_is_told_as_text(load: Load, toolbox: Toolbox) -> None:
    """``tools.call`` takes JSON arguments and never raises for what a model did wrong."""
    solution = solved(load("calls_as_a_model_does"), toolbox)
    first, gone, wrong = solution.answer.split(" | ")
    assert first == "8"
    assert gone.startswith("no function is called gone")
    assert wrong.startswith("the arguments must be one JSON object")
    assert [call.error is None for call in solution.calls] == [True, False, False]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("raises", "it raised KeyError: 'no such thing'"),
        ("trips", "it raised ToolError: ValueError: first words"),
        ("exits", "it raised SystemExit: 3"),
        ("exits_async", "it raised SystemExit: 3"),
        ("quits_by_hand", "it raised KeyboardInterrupt"),
        ("answers_none", "it answered None, which is neither a text nor a number"),
        ("answers_nan", "it answered nan (float), which no text can be made of"),
        ("answers_list", "it answered ['42'] (list), which is neither a text nor a number"),
        ("answers_huge_number", "it answered int, which no text can be made of"),
        ("replaces_a_tool", "it raised TypeError"),
        ("changes_a_tool", "it raised AttributeError: tools are read-only"),
        ("never_stops_calling", f"it raised ToolError: more than {MOST_CALLS} calls"),
        ("gives_a_set", "it raised ToolError: the arguments must be JSON values"),
        ("too_many_arguments", "it raised ToolError: wrong arguments: it is double(number: int)"),
    ],
)
def test_what_it_does_wrong_is_a_wrong_answer(
    name: str, why: str, load: Load, box: object, toolbox: Toolbox
) -> None:
    """An empty answer, with the reason told and kept; calls made before it count."""
    said: list[str] = []
    solution = solved(load(name, said), toolbox)
    assert solution.answer == ""
    assert (failure_of(solution.messages) or "").startswith(why)
    assert [line for line in said if why[:40] in line]


def test_a_tools_error_can_be_caught(load: Load, toolbox: Toolbox) -> None:
    """It says what was wrong, as a model is told it."""
    answer = solved(load("survives"), toolbox).answer
    assert answer.startswith("ToolError: wrong arguments")
    assert "double(number: int) -> int" in answer


@pytest.mark.parametrize("name", ["unplugged", "limited", "busy"])
def test_what_comes_from_outside_is_neither_right_nor_wrong(
    name: str, load: Load, toolbox: Toolbox
) -> None:
    """The network, the system, a rate limit; also as the cause of what is raised."""
    with pytest.raises(Unavailable, match=f"my_agents:{name} failed"):
        solved(load(name), toolbox)


@pytest.mark.parametrize("name", ["hangs", "hangs_async"])
def test_a_hanging_agent_is_left_behind(name: str, load: Load, toolbox: Toolbox) -> None:
    """After its time, and neither right nor wrong."""
    began = time.monotonic()
    with pytest.raises(Unavailable, match="it took too long"):
        solved(load(name, seconds=0.2), toolbox)
    assert time.monotonic() - began < 10


@pytest.mark.slow
def test_a_loop_that_is_held_up_is_given_up(load: Load, toolbox: Toolbox) -> None:
    """Async agents behind it get a new one."""
    agent = load("holds_up_the_loop", seconds=0.2)
    with pytest.raises(Unavailable):
        solved(agent, toolbox)
    after = load("solve_async", seconds=20)
    after._program = type(after._program)(  # type: ignore[attr-defined]
        sys.modules["my_agents"].solve_async,
        "x",
        "",
        20.0,
        agent._program.loop,  # type: ignore[attr-defined]
    )
    assert solved(after, toolbox).answer == "42"


def test_nothing_is_called_after_the_end(load: Load, toolbox: Toolbox) -> None:
    """A thread that was left behind cannot add to a trial that is over."""
    with pytest.raises(Unavailable):
        solved(load("calls_later", seconds=0.2), toolbox)
    [tools] = sys.modules["my_agents"].pending
    with pytest.raises(Exception, match="the attempt is over"):
        tools["double"](number=1)


def test_tasks_left_behind_are_cancelled(load: Load, toolbox: Toolbox) -> None:
    """With the attempt that made them."""
    assert solved(load("leaves_tasks"), toolbox).answer == "42"
    assert sys.modules["my_agents"].pending == ["cancelled"]


def test_async_calls_at_the_same_time(load: Load, toolbox: Toolbox) -> None:
    """Each is recorded."""
    solution = solved(load("gathers"), toolbox)
    assert (solution.answer, len(solution.calls)) == ("12", 4)


def test_an_answer_without_end_is_cut(load: Load, toolbox: Toolbox) -> None:
    """And one that no file could hold is mended."""
    assert len(solved(load("answers_a_megabyte"), toolbox).answer) == LONGEST_ANSWER
    assert solved(load("answers_half_a_pair"), toolbox).answer == "a?"


def test_schemas_are_copies(load: Load, toolbox: Toolbox) -> None:
    """What an agent does to them reaches nobody."""
    before = repr(toolbox.definitions())
    assert solved(load("spoils_schemas"), toolbox).answer == "42"
    assert repr(toolbox.definitions()) == before


def test_many_at_once(load: Load, toolbox: Toolbox) -> None:
    """Each attempt has its own calls."""
    for name in ("solve", "solve_async"):
        agent, found = load(name), {}

        def attempt(number: int) -> None:
            asked = Asked(f"Double the number {number}")
            found[number] = agent.solve(asked, toolbox, 0)  # noqa: B023

        threads = [threading.Thread(target=attempt, args=(n,)) for n in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert {n: s.answer for n, s in found.items()} == {n: str(2 * n) for n in range(8)}
        assert all(len(s.calls) == 1 for s in found.values())


def test_a_broken_agent_is_stopped(load: Load, toolbox: Toolbox) -> None:
    """After eight attempts of which none came to an answer, whatever it was asked."""
    said: list[str] = []
    agent = load("raises", said)
    for _ in range(7):
        solved(agent, toolbox)
    with pytest.raises(FnoptError, match="no answer in its first 8 attempts: it raised KeyError"):
        solved(agent, toolbox)
    assert len(said) == 1


def test_what_a_trial_is_known_by(load: Load, toolbox: Toolbox, tmp_path: Path) -> None:
    """The module's source, the owner's version; the question, its metadata, and the trial."""
    agent = load("solve")
    assert load("solve").digest == agent.digest
    assert load("solve", version="2").digest != agent.digest
    seen = {
        agent.sees(asked, toolbox, trial)
        for asked in (TWICE, Asked(TWICE.question, "t1"), Asked("Other?", "t1", {"level": 3}))
        for trial in (0, 1)
    }
    assert len(seen) == 6
    del sys.modules["my_agents"]
    (tmp_path / "my_agents.py").write_text(FUNCTIONS + "\n# changed\n")
    assert load("solve").digest != agent.digest


@pytest.mark.parametrize(
    "path", ["my_agents:absent", "absent_module:f", "my_agents:not_a_function"]
)
def test_an_agent_that_is_not_there(path: str, load: Load, tmp_path: Path) -> None:
    """The key and the name are said."""
    load("solve")
    with pytest.raises(UsageError, match=f"agent.kind: .*{path}"):
        own.load(path, (), own.Terms(tmp_path, Budget(Limits())))


def test_a_limit_in_tokens_needs_to_be_told(load: Load, toolbox: Toolbox) -> None:
    """What is said counts; where nothing is said, a limit cannot hold, and that is said."""
    told = load("with_usage", meter=(budget := Budget(Limits(tokens=10_000))))
    solved(told, toolbox)
    assert budget.spent.tokens == 10
    said: list[str] = []
    silent = load("solve", said, meter=Budget(Limits(tokens=10_000)))
    solved(silent, toolbox)
    assert said == [own.SILENT]
    with pytest.raises(UsageError, match="a limit in tokens needs to know"):
        solved(silent, toolbox)
