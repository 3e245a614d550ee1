"""Endpoints are probed at first use: once, paid for, and noted in the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import scripted_endpoints as those
import scripted_run
from scripted_server import Answer, Fail, Json, ScriptedServer

from fnopt.agents.probe_kept import key_of
from fnopt.agents.profile import Profile
from fnopt.history.evidence import Evidence
from fnopt.history.repo import Repository

from .conftest import Fnopt, scripted_repository

pytestmark = pytest.mark.usefixtures("probed")

MODELS = ("agent-model", "optimizer-model")
FOUND = Profile(strict=True, json=("json_schema", "json_object"))


def is_probe(request: Json) -> bool:
    """Whether a request belongs to a probe."""
    said = json.dumps(request["messages"])
    return those.WORD in said or "read_note" in said or "Which words did ada" in said


def respond(request: Json) -> Answer:
    """The scripted run, on an endpoint that can do all."""
    if is_probe(request) or len(request["messages"]) == 1:  # doctor asks for one word
        return those.able(request)
    return scripted_run.respond(request)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted_server: ScriptedServer) -> Path:
    """A repository with the files of the scripted run, and the server that goes with it."""
    scripted_server.respond = respond
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    folder = scripted_repository(tmp_path / "tools")
    monkeypatch.chdir(folder)
    return folder


def probes(server: ScriptedServer) -> list[str]:
    """The models of the requests that were probes."""
    return [request["model"] for request in server.requests if is_probe(request)]


def test_a_run_probes_each_model_once(
    tools: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """Said in a line each, paid from the run's budget; the functions go out with strict schemas."""
    told = fnopt("train", "--json")
    assert told.code == 0, told
    document = told.json
    assert [(s["verdict"], s["action"], s["function"]) for s in document["steps"]] == (
        scripted_run.STORY
    )
    assert sorted(probes(scripted_server)) == sorted(5 * MODELS)
    for model in MODELS:
        assert told.err.count(f"probed {model}: calls functions, several in one reply") == 1
    offered = [r for r in scripted_server.requests if r.get("tools") and not is_probe(r)]
    agents = [r for r in offered if r["model"] == "agent-model"]
    assert agents
    assert all(tool["function"]["strict"] for r in agents for tool in r["tools"])


def test_a_fresh_clone_probes_nothing_again(
    tools: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """The run's evidence says by which profiles its trials were made."""
    fnopt("train", "--max-steps", "1")
    repo = Repository(tools)
    noted = Evidence(repo, "run-1").document("profiles.json")
    repo.close()
    assert noted == {key_of(model, scripted_server.url): FOUND.to_json() for model in MODELS}
    assert scripted_server.url not in json.dumps(noted)
    for left in (tools / ".git" / "fnopt").glob("store.db*"):
        left.unlink()
    scripted_server.requests.clear()
    told = fnopt("train", "--max-steps", "2", "--json")
    assert [step["function"] for step in told.json["steps"]] == ["common_multiple"]
    assert probes(scripted_server) == []


def test_a_run_that_has_nothing_to_do_probes_nothing(
    tools: Path, fnopt: Fnopt, scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its limit of steps no model is needed, and none is asked."""
    with monkeypatch.context() as forced:
        for role in ("AGENT", "OPTIMIZER"):
            forced.setenv(f"FNOPT_{role}_TOOLS", "native")
        fnopt("train", "--max-steps", "1")
    scripted_server.requests.clear()
    told = fnopt("train", "--max-steps", "1", "--json")
    assert (told.code, told.json["stop"]["why"]) == (0, "steps")
    assert scripted_server.requests == []


def test_a_budget_too_small_for_it_ends_the_run(
    tools: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """Exit 7 with the document, as for any other call."""
    told = fnopt("train", "--max-tokens", "1000", "--json")
    assert (told.code, told.json["stop"]["why"]) == (7, "budget")
    assert scripted_server.requests == []


def test_what_doctor_found_is_used(
    tools: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """It is not found out again."""
    assert fnopt("doctor").code == 0
    scripted_server.requests.clear()
    assert fnopt("eval").code == 0
    assert probes(scripted_server) == []
    assert scripted_server.requests


def test_an_endpoint_without_tools_and_system_role_is_spoken_to_in_text(
    tools: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """Agent and optimizer alike: a function is learned and called without either."""
    messages = []

    def plain(request: Json) -> Answer:
        if request.get("tools") or those.has_role("system")(request):
            return Fail(400, body={"error": {"message": "not supported here"}})
        if is_probe(request):
            return those.able(request)
        messages.append(request["messages"])
        said = request["messages"][0]["content"]
        if said.startswith("You improve"):
            assert "Reply in this form" in said
            return f"add count_letter\nIt counts.\n```python\n{scripted_run.COUNT_ALL}```\n"
        if "returned: " in request["messages"][-1]["content"]:
            result = request["messages"][-1]["content"].split("returned: ")[1].splitlines()[0]
            return f"ANSWER: {result}"
        name, arguments = scripted_run.needed(said)
        known = "count_letter(" in said and name == "count_letter"
        return json.dumps({"name": name, "arguments": arguments}) if known else "ANSWER: ?"

    scripted_server.respond = plain
    told = fnopt("step", "--json")
    assert told.code == 0, told
    [step] = told.json["steps"]
    assert (step["verdict"], step["function"]) == ("kept", "count_letter")
    assert {one["role"] for talk in messages for one in talk} == {"user", "assistant"}


@pytest.mark.parametrize("tools_are", ["native", "text"])
def test_by_force_nothing_is_probed(
    tools: Path,
    fnopt: Fnopt,
    scripted_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    tools_are: str,
) -> None:
    """The configuration decides how functions are called."""
    monkeypatch.setenv("FNOPT_AGENT_TOOLS", tools_are)
    assert fnopt("eval", "--limit", "1").code == 0
    assert probes(scripted_server) == []
    assert len(scripted_server.requests) == 1


def test_an_unknown_way_of_calling_is_an_error(tools: Path, fnopt: Fnopt) -> None:
    """With the ways that there are."""
    (tools / "fnopt.toml").write_text('[agent]\ntools = "jungle"\n')
    told = fnopt("eval")
    assert told.code == 2
    assert "'auto', 'native' or 'text'" in told.err


def test_endpoints_that_fail_say_how_not_to_be_probed(
    tools: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """Exit 5, at once where the server says so; nothing is kept."""
    scripted_server.respond = lambda _: Fail(503, headers={"Retry-After": "1000"})
    told = fnopt("eval")
    assert told.code == 5
    assert 'agent.tools = "native" or "text" probes nothing' in told.err
    scripted_server.respond = respond
    assert fnopt("eval").code == 0
    assert len(probes(scripted_server)) == 5 + 1
