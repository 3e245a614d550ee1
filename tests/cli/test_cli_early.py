"""Validation in blocks, from outside: it ends when the verdict is clear, and everybody is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer

from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Fnopt, run_git

LETTERS = tuple(scripted_run.letters("o", f"footloose{'o' * at}") for at in range(60))
MULTIPLES = tuple(scripted_run.multiple(7, 9 + at, 0) for at in range(20))


@pytest.fixture
def many(tools: Path) -> Path:
    """Eighty tasks to judge by, three in four of which the first function settles."""
    (tools / "tasks" / "val.jsonl").write_bytes(scripted_run.lines("val", LETTERS + MULTIPLES))
    return tools


def met(server: ScriptedServer) -> set[str]:
    """The val questions that the agent was asked."""
    asked = {request["messages"][1]["content"] for request in server.requests}
    return {one for one, _ in LETTERS + MULTIPLES if any(one in question for question in asked)}


def test_a_clear_gain_is_kept_after_a_part_of_val(
    many: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """No more of it is asked for; the message, the log and the evidence say how much it was."""
    told = fnopt("step", "--json")
    (step,) = told.json["steps"]
    assert (told.code, step["verdict"]) == (0, "kept")
    assert step["reason"].endswith("; stopped after 25% of val)")
    assert len(met(server)) == 20
    message = run_git(many, "log", "-1", "--format=%B", "fnopt/run-1")
    assert f"Fnopt-Score: {step['score']:.4f} (20 of 80 tasks)" in message
    assert "Fnopt-Base: 0.0000 (20 of 80 tasks)" in message
    with Repository(many) as repo:
        figures = RunBranch(repo, "run-1").evidence.steps()[1]["figures"]
    assert (figures["tasks"], figures["of"]) == (20, 80)
    log = fnopt("log", "--json").json["updates"]
    assert (log[0]["score"], log[0]["reason"]) == (step["score"], step["reason"])


def test_a_run_goes_on_after_a_part_and_says_so(
    many: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Even if all that was met is right: nobody knows of the rest. Each step draws anew."""
    (many / "tasks" / "val.jsonl").write_bytes(scripted_run.lines("val", LETTERS))
    first = fnopt("step")
    assert first.code == 0
    assert "1.000 now (on 20 of 60 tasks)" in first.out
    before = met(server)
    second = fnopt("step", "--json")
    assert second.json["stop"] is None
    assert met(server) != before


def test_what_was_paid_for_in_the_first_blocks_is_not_paid_for_again(
    many: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """A budget that ends in a later block: the next step goes on there."""
    useless = tuple((question, "no") for question, _ in LETTERS[2:])
    tasks = LETTERS[:2] + useless + MULTIPLES
    (many / "tasks" / "val.jsonl").write_bytes(scripted_run.lines("val", tasks))

    def dear(request: Json) -> Answer:
        reply = scripted_run.respond(request)
        if len(met(server)) > 50 and isinstance(reply, dict):
            reply["usage"]["completion_tokens"] = 1_000_000
        return reply

    server.respond = dear
    assert fnopt("step", "--max-tokens", "900000").code == 7
    paid = list(server.requests)
    server.requests.clear()
    told = fnopt("step", "--max-tokens", "9000000000", "--json")
    assert "2 better, 0 worse of 60 tasks; p = 0.25" in told.json["steps"][0]["reason"]
    again = [request for request in server.requests if request in paid]
    assert len(again) <= 2  # of the trials that were under way: agent.concurrency
