"""Agents of one's own on the command line: the examples of fnopt/agents/README.md, run."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import scripted_run
from scripted_server import ScriptedServer

from .conftest import Fnopt, run_git, write

README = Path(__file__).parents[2] / "fnopt" / "agents" / "README.md"


def example(file: str) -> bytes:
    """A file as the README shows it: a fenced block whose first line is a comment with its name."""
    found = re.findall(r"```\w+\n((?:#|//) ([\w.]+).*?\n.*?)```", README.read_text(), re.DOTALL)
    return {name: text for text, name in found}[file].encode()


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer) -> Iterator[Path]:
    """The repository of the scripted run with two right functions and the README's agents."""
    folder = tmp_path / "mine"
    code = {"count_letter": scripted_run.COUNT_ALL, "common_multiple": scripted_run.LCM}
    write(folder, scripted_run.FILES)
    write(folder, {f"functions/{name}.py": text.encode() for name, text in code.items()})
    names = ("my_agent.py", "my_async_agent.py", "agent.js", "agent_lines.py")
    write(folder, {name: example(name) for name in names})
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "start")
    monkeypatch.chdir(folder / "functions")
    yield folder
    if str(folder) in sys.path:
        sys.path.remove(str(folder))
    for name in names:
        sys.modules.pop(Path(name).stem, None)


def configure(folder: Path, **agent: object) -> None:
    """Set keys of ``[agent]`` in place of its model."""
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in agent.items())
    text = scripted_run.TOML.replace('model = "agent-model"\n', lines)
    (folder / "fnopt.toml").write_text(text)


def test_a_function_that_asks_a_model(mine: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """It is shown the schemas, its calls are made in the sandbox, and what it says it used is
    booked; six of eight tasks have their function. Again, it costs nothing."""
    configure(mine, kind="my_agent:solve")
    told = fnopt("eval", "--json")
    assert told.code == 0, told
    assert (told.json["right"], told.json["trials"]) == (6, 8)
    assert (told.json["model_calls"], told.json["tokens"], told.json["cost"]) == (14, 210, None)
    assert "thinking about" in told.err
    server.requests.clear()
    again = fnopt("eval", "--json").json
    assert (again["right"], again["tokens"], server.requests) == (6, 0, [])


def test_an_async_function(mine: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """One client for all attempts."""
    configure(mine, kind="my_async_agent:solve")
    told = fnopt("eval", "--json")
    assert (told.code, told.json["right"], told.json["tokens"]) == (0, 6, 210), told


@pytest.mark.parametrize("program", ["node", "python"])
def test_a_command(mine: Path, fnopt: Fnopt, program: str) -> None:
    """A program in any language; one that does not say what it used is shown as unknown."""
    if program == "node" and shutil.which("node") is None:
        pytest.skip("node is not installed")
    words = ["node", "agent.js"] if program == "node" else [sys.executable, "agent_lines.py"]
    configure(mine, kind="command", command=words)
    told = fnopt("eval", "--json")
    assert (told.code, told.json["right"]) == (0, 2), told
    assert (told.json["model_calls"], told.json["tokens"], told.json["cost"]) == (None, None, None)
    assert told.err.count("the agent does not say what it uses") == 1
    assert "tokens and price unknown" in told.err


@pytest.mark.slow
def test_training_with_a_function(mine: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """The optimizer reads its conversations as those of any agent; a function is learned."""
    configure(mine, kind="my_agent:solve")
    told = fnopt("train", "--max-steps", "2", "--json")
    assert told.code == 0, told
    kept = [step["function"] for step in told.json["steps"] if step["verdict"] == "kept"]
    assert kept == ["spell_backward"]
    asked = [one for one in server.requests if scripted_run.is_optimizer(one)]
    assert "no spell_backward" not in str(asked) and asked


def test_the_answer_reaches_no_agent(mine: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Not even where a task's line has it twice."""
    seen = mine / "seen.txt"
    (mine / "peeks.py").write_text(
        "def solve(task, tools):\n"
        f"    with open({str(seen)!r}, 'a') as file:\n"
        "        file.write(repr(task) + repr(vars(task)) + repr(tools))\n"
        "    return 'none'\n"
    )
    row = {"question": "Which word?", "answer": "zebra", "target": "zebra", "note": "zebra"}
    (mine / "tasks" / "val.jsonl").write_text(json.dumps(row))
    configure(mine, kind="peeks:solve")
    assert fnopt("eval", "--json").json["score"] == 0.0
    assert "Which word?" in seen.read_text()
    assert "zebra" not in seen.read_text()


def broken(folder: Path, line: str) -> None:
    """An agent of one line, which fails."""
    (folder / "peeks.py").write_text(f"import sys\ndef solve(task, tools):\n    {line}\n")
    sys.modules.pop("peeks", None)
    configure(folder, kind="peeks:solve")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("raise ValueError('no key is set')", 1, "no answer in its first 8 attempts: it raised"),
        ("sys.exit(0)", 1, "it raised SystemExit: 0"),
        ("return None", 1, "it answered None"),
        ("raise ConnectionError('down')", 5, "no trial could be scored: the agent peeks:solve"),
    ],
)
def test_a_broken_agent_gets_no_score(
    mine: Path, fnopt: Fnopt, line: str, code: int, said: str
) -> None:
    """It is said what it did, and nothing of it is kept."""
    broken(mine, line)
    told = fnopt("eval", "--json")
    assert (told.code, told.out) == (code, "")
    assert said in told.err
    sys.modules.pop("peeks")
    (mine / "peeks.py").write_text("def solve(task, tools): return 'x'\n")
    assert fnopt("eval", "--json").json["trials"] == 8


def test_a_few_tasks_and_no_answer(mine: Path, fnopt: Fnopt) -> None:
    """Also with fewer tasks than it takes to stop a broken agent."""
    broken(mine, "return None")
    told = fnopt("eval", "--limit", "2", "--json")
    assert (told.code, told.out) == (1, "")
    assert "no answer to any of 2 tasks" in told.err


def test_what_failed_is_tried_again(mine: Path, fnopt: Fnopt) -> None:
    """An agent that trips over some tasks is wrong there; those are not kept."""
    broken(mine, "return '4' if 'letter' in task.question else [][0]")
    told = fnopt("eval")
    assert (told.code, "3 of 8 right" in told.out) == (0, True), told
    assert "no answer to task" in told.err
    assert told.err.count("it raised IndexError") == 1
    again = fnopt("eval")
    assert "no answer to task" in again.err


def test_a_limit_in_tokens_and_a_silent_agent(mine: Path, fnopt: Fnopt) -> None:
    """It cannot hold, and that is said."""
    broken(mine, "return '2'")
    told = fnopt("train", "--max-tokens", "100000")
    assert told.code == 2
    assert "a limit in tokens needs to know what the agent uses" in told.err


def test_doctor_asks_no_model_of_the_agents(
    mine: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """There is none that fnopt knew of; the agent itself can be loaded."""
    configure(mine, kind="my_agent:solve")
    told = fnopt("doctor", "--offline", "--json")
    found = {one["name"]: one for one in told.json["checks"]}
    assert found["agent"]["message"] == "my_agent:solve, 2 tasks at the same time"
    assert "agent model" not in found
    configure(mine, kind="my_agent:gone")
    assert fnopt("doctor", "--offline").code == 1


def test_an_unknown_kind(mine: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Every kind is named."""
    configure(mine, kind="toolz")
    told = fnopt("eval")
    assert told.code == 2
    assert "one of: tools, react; or your own: command or module:function" in told.err
    assert server.requests == []
