"""Endpoints that fail, refuse, babble or go silent, while a run is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Fail, Json, ScriptedServer, Slow, calls, completion, text

from .conftest import Fnopt
from .fault_scene import Arrange, Fault, Respond, Scene, faults, nothing, play

pytestmark = pytest.mark.slow

SOON = {"Retry-After": "0"}
LATER = {"Retry-After": "1000"}  # longer than retries may wait


@pytest.fixture
def scene(
    tools: Path, server: ScriptedServer, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """A repository with the scripted run's files."""
    return Scene(tools, server, fnopt, monkeypatch)


def answering(respond: Respond) -> Arrange:
    """The model behaves so from the first request on."""
    return lambda scene: scene.answers(respond)


def after(number: int, answer: Answer) -> Arrange:
    """The scripted run for so many requests; then this, again and again."""

    def arrange(scene: Scene) -> None:
        left = [number]

        def respond(request: Json) -> Answer:
            left[0] -= 1
            return scripted_run.respond(request) if left[0] >= 0 else answer

        scene.answers(respond)

    return arrange


def each_third(*failures: Answer) -> Arrange:
    """Each third request fails first, in turn; asked again, it is answered."""

    def arrange(scene: Scene) -> None:
        count = [0]

        def respond(request: Json) -> Answer:
            count[0] += 1
            which, rest = divmod(count[0], 3)
            return scripted_run.respond(request) if rest else failures[which % len(failures)]

        scene.answers(respond)

    return arrange


def dressed(dress: Callable[[Json], Answer]) -> Arrange:
    """Every completion of the scripted run in another dress."""

    def respond(request: Json) -> Answer:
        found = scripted_run.respond(request)
        return dress(text(found) if isinstance(found, str) else dict(found))  # type: ignore[arg-type]

    return answering(respond)


def agent_says(answer: Answer) -> Arrange:
    """The agent's model says the same to everything."""
    return answering(
        lambda request: (
            scripted_run.respond(request) if scripted_run.is_optimizer(request) else answer
        )
    )


def optimizer_says(answer: Answer) -> Arrange:
    """The optimizer's model says the same to everything."""
    return answering(
        lambda request: (
            answer if scripted_run.is_optimizer(request) else scripted_run.respond(request)
        )
    )


def without_usage(reply: Json) -> Answer:
    """Some servers count no tokens."""
    return {key: value for key, value in reply.items() if key != "usage"}


def without_ids(reply: Json) -> Answer:
    """Some servers give calls no ids."""
    for call in reply["choices"][0]["message"].get("tool_calls") or ():
        del call["id"]
    return reply


def doubled(reply: Json) -> Answer:
    """Some models make every call twice."""
    message = reply["choices"][0]["message"]
    found = message.get("tool_calls") or []
    if found and "letter" in found[0]["function"]["arguments"]:
        message["tool_calls"] = [*found, {**found[0], "id": "again"}]
    return reply


def as_object(reply: Json) -> Answer:
    """Some servers give a call's arguments as an object."""
    import json

    for call in reply["choices"][0]["message"].get("tool_calls") or ():
        call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return reply


def other_model(reply: Json) -> Answer:
    """A gateway that answers in another model's name."""
    return {**reply, "model": "another-model"}


def reasoning_only() -> Answer:
    """A reasoning model that ran out of room."""
    message = {"role": "assistant", "content": "", "reasoning_content": "Let me think " * 50}
    return completion(message, finish="length")


def no_network(scene: Scene) -> None:
    """Nobody listens there."""
    scene.monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")


def network_again(scene: Scene) -> None:
    """As it was."""
    scene.monkeypatch.setenv("OPENAI_BASE_URL", scene.server.url)


def impatient(scene: Scene) -> None:
    """A time-out of a fifth of a second; each fourth request takes longer, once."""
    scene.configure("agent", "timeout = 0.2")
    count = [0]

    def respond(request: Json) -> Answer:
        count[0] += 1
        found = scripted_run.respond(request)
        late = count[0] % 4 == 0 and not scripted_run.is_optimizer(request)
        return Slow(found, 0.6) if late and not isinstance(found, Slow) else found

    scene.answers(respond)


NO_GAIN = 'def idle(number: int) -> int:\n    """Give a number back."""\n    return number\n'
USELESS = calls(("add_function", {"code": NO_GAIN, "why": "Perhaps."}))
HUGE = "x" * 10_000_000


@faults(
    Fault("no network", no_network, 5, "cannot reach the model endpoint", network_again),
    Fault(
        "a wrong key",
        answering(lambda _: Fail(401, {}, {"error": {"message": "Incorrect API key"}})),
        5,
        "OPENAI_API_KEY",
    ),
    Fault(
        "a model that does not exist",
        answering(lambda _: Fail(404, {}, {"error": {"message": "The model does not exist"}})),
        5,
        "does not exist",
    ),
    Fault(
        "no credit left, in mid-run",
        after(20, Fail(429, {}, {"error": {"code": "insufficient_quota", "message": "quota"}})),
        5,
        "quota",
        again=2,
    ),
    Fault("429 with Retry-After", each_third(Fail(429, SOON)), 0, "stopped (small)"),
    Fault(
        "429 without, 503, 500 and a connection that dies, in turn",
        each_third(Fail(429), Fail(503), Fail(500), Fail(200, body=text("x"), dies=True)),
        0,
        "stopped (small)",
    ),
    Fault("503 for ever, from the start", answering(lambda _: Fail(503, LATER)), 5, "undecided"),
    Fault("503 for ever, in mid-run", after(30, Fail(503, LATER)), 5, "undecided", again=2),
    Fault("replies that come too late", impatient, 0, "stopped (small)", again=99),
    Fault("usage is absent", dressed(without_usage), 0, "stopped (small)"),
    Fault("call ids are absent", dressed(without_ids), 0, "stopped (small)"),
    Fault("every call comes twice", dressed(doubled), 0, "stopped (small)"),
    Fault("arguments are an object", dressed(as_object), 0, "stopped (small)"),
    Fault("another model answers", dressed(other_model), 0, "stopped (small)"),
)
def test_the_run_tells_the_same_story(scene: Scene, fault: Fault) -> None:
    """Retried, or ended with a clear line; mended, it goes on and pays for nothing twice."""
    play(scene, fault)


@faults(
    Fault("an agent that never calls", agent_says("ANSWER: 42"), 0, "stopped (", story=None),
    Fault("an agent that says nothing", agent_says(""), 0, "stopped (", story=None),
    Fault("reasoning alone", agent_says(reasoning_only()), 0, "stopped (", story=None),
    Fault("a reply of 10 MB", agent_says(HUGE), 0, "stopped (", story=None),
    Fault(
        "calls of a function that is not there",
        agent_says(calls(("nowhere", {"a": 1}))),
        0,
        "stopped (",
        story=None,
    ),
    Fault(
        "arguments that are no JSON",
        agent_says(calls(("count_letter", '{"word": "a'))),
        0,
        "stopped (",
        story=None,
    ),
    Fault(
        "an optimizer that babbles for ten steps",
        optimizer_says("I would rather talk about the weather."),
        0,
        "stopped (patience): 5 steps in a row",
        nothing,
        None,
    ),
    Fault(
        "an optimizer of 10 MB a reply",
        optimizer_says(HUGE),
        0,
        "stopped (patience): 5 steps in a row",
        story=None,
    ),
    Fault(
        "the same useless edit for ever",
        optimizer_says(USELESS),
        0,
        "stopped (patience): 5 steps in a row",
        story=None,
    ),
    Fault(
        "an optimizer that says nothing",
        optimizer_says(""),
        0,
        "stopped (patience): 5 steps in a row",
        story=None,
    ),
)
def test_the_run_ends_by_itself(scene: Scene, fault: Fault) -> None:
    """Counted as wrong or refused, and patience ends it; nothing was kept that does not help."""
    play(scene, fault)
    assert not any(one["verdict"] == "kept" for one in scene.fnopt("log", "--json").json["updates"])


def test_a_useless_edit_is_judged_once(scene: Scene) -> None:
    """To the letter the same: refused without a trial."""
    play(scene, Fault("", optimizer_says(USELESS), 0, "stopped (patience)", story=None))
    verdicts = [one["verdict"] for one in scene.fnopt("log", "--json").json["updates"]]
    assert verdicts == ["reverted", *["refused"] * 4]
