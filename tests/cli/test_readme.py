"""The README tells the truth: its commands run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer

from fnopt.cli.main import COMMANDS

from .conftest import Fnopt, run_git, write

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def commands() -> list[str]:
    """The fnopt commands of the block under "Use it", in order."""
    (block,) = re.findall(r"## Use it\n```sh\n(.*?)```", README, re.DOTALL)
    return [line.split("#")[0].strip() for line in block.splitlines() if "fnopt " in line[:6]]


def test_the_readme_is_short() -> None:
    """At most a hundred lines, and nothing left to fill in."""
    assert len(README.splitlines()) <= 100
    assert "@TRANSCRIPT@" not in README


def test_the_ways_in_are_one_line_each() -> None:
    """One line installs and demonstrates, one installs and tests; CI runs the latter."""
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert [line.split("&&")[-1].split()[0] for line in lines] == [
        ".venv/bin/fnopt",
        ".venv/bin/pytest",
    ]
    assert "README.md" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_every_command_is_named() -> None:
    """A command that the README does not name would never be found."""
    for name in COMMANDS:
        assert re.search(rf"`{name}`|fnopt {name}\b", README), name


def respond(request: Json) -> Answer:
    """The scripted run; what doctor asks, which has no system prompt, is answered with a word."""
    return scripted_run.respond(request) if len(request["messages"]) > 1 else "ok"


def test_the_loop_of_the_readme_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted_server: ScriptedServer,
    fnopt: Fnopt,
) -> None:
    """The commands for one's own repository, typed in their order, all end well."""
    scripted_server.respond = respond
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    tasks = {path: data for path, data in scripted_run.FILES.items() if "tasks/" in path}
    folder = tmp_path / "mine"
    write(folder, {**tasks, "README.md": b"# mine\n"})
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "start")
    monkeypatch.chdir(folder)
    typed = commands()
    assert [line.split()[1] for line in typed] == [
        *("init", "doctor", "power", "train", "log", "rollback", "runs", "claim", "test"),
    ]
    for line in typed:
        words = line.split()[1:]
        if words[0] == "rollback":
            log = fnopt("log", "--json").json
            words[1] = next(u["commit"] for u in reversed(log["updates"]) if u["verdict"] == "kept")
        told = fnopt(*words)
        if words[0] == "doctor":  # a model of nobody's price list, in a scratch repository
            assert "error:" not in told.err
        else:
            assert told.code == 0, (line, told.out, told.err)


def test_the_commands_on_functions_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fnopt: Fnopt
) -> None:
    """Those that follow one function, on a branch with forty commits behind it."""
    run_git(tmp_path, "init", "-q", "-b", "main")
    for number in range(40):
        text = f'def parse_date(text: str) -> str:\n    """Parse."""\n    return text * {number}\n'
        write(tmp_path, {"functions/dates.py": text.encode()})
        run_git(tmp_path, "add", ".")
        run_git(tmp_path, "commit", "-qm", f"Take {number}")
    monkeypatch.chdir(tmp_path)
    old = run_git(tmp_path, "rev-parse", "--short", "HEAD~9").strip()
    run_git(tmp_path, "checkout", "-qb", "work")
    (block,) = re.findall(r"```sh\n(fnopt check .*?)```", README, re.DOTALL)
    lines = [line.split("#")[0] for line in block.splitlines()]
    typed = [part for line in lines for part in line.split(";")]
    assert len(typed) == 5
    for line in typed:
        told = fnopt(*line.replace("a1b2c3", old).split()[1:])
        assert told.code == 0, (line, told.out, told.err)
    assert "text * 30" in fnopt("show", "parse_date").out
