"""Functions of no use: refused when they are added, proposed for removal when they are there."""

from __future__ import annotations

from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer, calls

from .conftest import Fnopt, Git, run_git, write

BRANCH = "refs/heads/fnopt/run-1"
FIRST = scripted_run.COUNT_ALL.replace("count_letter", "first_count")


@pytest.fixture
def git(tools: Path) -> Git:
    """Runs git in the repository."""
    return lambda *words: run_git(tools, *words)


def configure(tools: Path, section: str, line: str) -> None:
    """Put a line into a section of fnopt.toml, on a commit."""
    text = scripted_run.TOML
    head = f"[{section}]\n"
    text = text.replace(head, f"{head}{line}\n") if head in text else f"{text}{head}{line}\n"
    write(tools, {"fnopt.toml": text.encode()})
    run_git(tools, "commit", "-qam", "configure")


def once(request: Json) -> Answer:
    """The scripted run, with an agent that calls for letters at one val question alone."""
    if scripted_run.is_optimizer(request):
        return scripted_run.propose(request)
    question = request["messages"][1]["content"]
    if question in {asked for asked, _ in scripted_run.VAL[1:]}:
        return "I cannot say.\nANSWER: unknown"
    return scripted_run.answer(request)


def test_an_add_of_single_use_is_not_kept(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """Its commit and its revert stand in the log, with the reason; without the key it is kept."""
    server.respond = once
    configure(tools, "gate", 'rule = "paper"')  # the paired gate keeps nothing for a single task
    kept = fnopt("step", "--run", "allowed", "--json").json["steps"]
    assert [step["verdict"] for step in kept] == ["kept"]
    configure(tools, "gate", 'rule = "paper"\nsingle_use = "refuse"')
    told = fnopt("step", "--run", "run-1", "--json")
    (step,) = told.json["steps"]
    assert (told.code, step["verdict"], bool(step["revert"])) == (3, "reverted", True)
    assert "single use: count_letter helped with at most one of 8 val tasks" in step["reason"]
    assert "count_letter" not in git("ls-tree", "-r", "--name-only", BRANCH)


def test_what_is_used_more_is_kept(tools: Path, fnopt: Fnopt) -> None:
    """Two tasks are enough; a revision is no add."""
    configure(tools, "gate", 'single_use = "refuse"')
    told = fnopt("train", "--max-steps", "4", "--json")
    found = [(one["verdict"], one["action"], one["function"]) for one in told.json["steps"]]
    assert found == scripted_run.STORY[:4]


def test_single_use_needs_a_gate_that_takes_back(tools: Path, fnopt: Fnopt) -> None:
    """Refusing and keeping everything contradict each other."""
    configure(tools, "gate", 'single_use = "refuse"\nrollback = false')
    told = fnopt("step")
    assert (told.code, "gate.single_use" in told.err) == (2, True)


def twins(request: Json) -> Answer:
    """The optimizer adds a second counter, which the agent prefers from then on."""
    if not scripted_run.is_optimizer(request):
        offered = {tool["function"]["name"] for tool in request.get("tools", ())}
        name, arguments = scripted_run.needed(request["messages"][1]["content"])
        asks = request["messages"][-1]["role"] != "tool" and name == "count_letter"
        if asks and "first_count" in offered:
            return calls(("first_count", arguments))
        return scripted_run.answer(request)
    seen = request["messages"][1]["content"].partition("It failed these as well")[0]
    if scripted_run.LETTERS.search(seen) and "return word.count(letter)" in seen:
        return calls(("add_function", {"code": FIRST, "why": "Capitals count too."}))
    return scripted_run.propose(request)


def test_a_function_that_nothing_uses_any_more_is_removed(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """Without a reply of the optimizer, as an update that the gate judges."""
    server.respond = twins
    configure(tools, "optimizer", "removals = true")
    told = fnopt("train", "--max-steps", "5", "--json")
    found = [(one["verdict"], one["action"], one["function"]) for one in told.json["steps"]]
    assert found[3:] == [("kept", "add", "first_count"), ("kept", "remove", "count_letter")]
    assert "functions/count_letter.py" not in git("ls-tree", "-r", "--name-only", BRANCH)
    removal = next(one for one in told.json["steps"] if one["action"] == "remove")
    said = git("show", "-s", "--format=%B", removal["commit"]).split()
    assert "the val tasks used it: it has no credit." in " ".join(said)


def test_a_removal_that_loses_is_taken_back_and_not_tried_again(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """The agent that nothing used it for may be the worse without it all the same."""

    def needy(request: Json) -> Answer:
        offered = {tool["function"]["name"] for tool in request.get("tools", ())}
        known = scripted_run.is_optimizer(request) or "count_letter" in offered
        return twins(request) if known else scripted_run.respond(request)

    server.respond = needy
    configure(tools, "optimizer", "removals = true")
    told = fnopt("train", "--max-steps", "6", "--json")
    found = [(one["verdict"], one["action"]) for one in told.json["steps"]]
    assert found[4] == ("reverted", "remove")
    assert found[5][1] != "remove"


def test_peoples_functions_are_left_alone(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """What the run did not add is not proposed for removal, however little it is used."""
    idle = b'def idle(n: int) -> int:\n    """Give it back."""\n    return n\n'
    write(tools, {"functions/idle.py": idle})
    git("add", ".")
    configure(tools, "optimizer", "removals = true")
    told = fnopt("train", "--max-steps", "2", "--json")
    assert [one["action"] for one in told.json["steps"] if one["action"] == "remove"] == []
    assert "functions/idle.py" in git("ls-tree", "-r", "--name-only", BRANCH)
