"""A repository whose tools lie where they always lay: ``library.functions`` as a list of globs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import scripted_run
from scripted_server import ScriptedServer

from .conftest import Fnopt, run_git, write

TOML = (
    scripted_run.TOML
    + """
[library]
functions = ["src/*/tools/**/*.py", "!**/test_*.py"]
"""
)
DATES = b'''"""Dates."""

from datetime import date


def parse_date(text: str) -> date:
    """Parse a date."""
    return date.fromisoformat(text)
'''
WEEKS = b'''from app.tools.dates import parse_date


def week(text: str) -> int:
    """Give the week of a date."""
    return parse_date(text).isocalendar().week
'''
FILES = {
    "fnopt.toml": TOML.encode(),
    "src/app/__init__.py": b"",
    "src/app/tools/dates.py": DATES,
    "src/app/tools/deep/weeks.py": WEEKS,
    "src/app/tools/test_dates.py": b"def test_parse_date(): ...\n",
    "src/app/main.py": b"def main(): ...\n",
    "functions/stray.py": b"def stray(): ...\n",
}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The repository, with the tasks of the scripted run and its model behind real HTTP."""
    folder = tmp_path / "tools"
    tasks = {path: data for path, data in scripted_run.FILES.items() if path.startswith("tasks/")}
    write(folder, {**tasks, **FILES})
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "start")
    monkeypatch.chdir(folder)
    with ScriptedServer() as server:
        server.respond = scripted_run.respond
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "a-key")
        yield folder


def test_what_matches_is_the_library(tools: Path, fnopt: Fnopt) -> None:
    """In the working tree and at a revision: tests and other code are left out."""
    names = [one["name"] for one in fnopt("list", "--json").json["functions"]]
    assert names == ["parse_date", "week"]
    assert fnopt("show", "week@HEAD").out == WEEKS.decode().partition("\n\n\n")[2]


def test_its_functions_call_each_other(tools: Path, fnopt: Fnopt) -> None:
    """By the names that they have from the source folder."""
    assert fnopt("call", "week", '{"text": "2024-05-06"}', "--json").json["result"] == 19


def test_what_is_learned_lies_beside_it(tools: Path, fnopt: Fnopt) -> None:
    """A new function goes where a new module is of the library; the rest is not touched."""
    assert fnopt("step", "--json").json["steps"][0]["verdict"] == "kept"
    changed = run_git(tools, "diff", "--name-status", "main", "fnopt/run-1")
    assert changed == "A\tsrc/app/tools/count_letter.py"


def test_init_keeps_it(tools: Path, fnopt: Fnopt) -> None:
    """Nothing is scaffolded for a library that is there."""
    made = {one["path"]: one["state"] for one in fnopt("init", "--json").json["files"]}
    assert made == {
        "fnopt.toml": "kept",
        "tasks/": "kept",
        ".github/workflows/fnopt.yml": "created",
    }


def test_a_pattern_that_leads_outside(tools: Path, fnopt: Fnopt) -> None:
    """It is a usage error that names the key."""
    (tools / "fnopt.toml").write_text('[library]\nfunctions = ["../*.py"]\n')
    told = fnopt("list")
    assert told.code == 2
    assert "library.functions" in told.err


def test_a_library_that_is_one_file(tools: Path, fnopt: Fnopt) -> None:
    """What is learned goes into it, behind what people wrote, which stays as it was."""
    toml = scripted_run.TOML + '\n[library]\nfunctions = ["src/app/tools/dates.py"]\n'
    (tools / "fnopt.toml").write_text(toml)
    run_git(tools, "commit", "-qam", "one file")
    assert fnopt("step", "--json").json["steps"][0]["verdict"] == "kept"
    changed = run_git(tools, "diff", "--name-status", "main", "fnopt/run-1")
    assert changed == "M\tsrc/app/tools/dates.py"
    text = run_git(tools, "show", "fnopt/run-1:src/app/tools/dates.py")
    assert text == (DATES.decode() + "\n\n" + scripted_run.COUNT).rstrip("\n")
