"""``agent.executor`` from the command line: where trials run changes nothing that is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Fail, ScriptedServer

from fnopt import __version__

from .conftest import Fnopt, scripted_repository

POOLS = """
from concurrent.futures import ThreadPoolExecutor


def make():
    return ThreadPoolExecutor(3)
"""
OURS = "You answer questions, our way. {% for line, form in offered %}{{ line }}{% endfor %}"


@pytest.fixture
def pooled(tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scripted run's repository, its trials on an executor of the user's."""
    (tmp_path / "pools.py").write_text(POOLS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("FNOPT_AGENT_EXECUTOR", "pools:make")
    return tools


@pytest.mark.slow
def test_a_run_on_an_executor_is_the_same_run(
    pooled: Path,
    tmp_path: Path,
    fnopt: Fnopt,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The scripted story, the same figures and costs, and no request more than with threads."""
    there = fnopt("train", "--json")
    told = [(one["verdict"], one["action"], one["function"]) for one in there.json["steps"]]
    assert told == scripted_run.STORY
    asked = len(server.requests)
    monkeypatch.setenv("FNOPT_AGENT_EXECUTOR", "threads")
    again = fnopt("eval", "fnopt/run-1", "--json")
    assert (again.json["model_calls"], again.json["right"]) == (0, 8)
    monkeypatch.chdir(scripted_repository(tmp_path / "other"))
    here = fnopt("train", "--json")
    assert len(server.requests) == 2 * asked
    figures = [
        [{**step, "commit": 0, "revert": 0} for step in doc["steps"]]
        for doc in (there.json, here.json)
    ]
    assert figures[0] == figures[1]


def test_a_repositorys_own_templates_go_along(
    pooled: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Workers speak to the model in the words of the repository that they work for."""
    folder = pooled / ".fnopt" / "templates"
    folder.mkdir(parents=True)
    (folder / "agent-tools.txt").write_text(OURS)
    assert fnopt("eval", "--json").code == 0
    said = {request["messages"][0]["content"] for request in server.requests}
    assert {text.startswith("You answer questions, our way.") for text in said} == {True}


def test_what_fails_on_a_worker_is_said(pooled: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """With the exit code of the endpoint, and where to look."""
    server.respond = lambda _: Fail(401)
    told = fnopt("eval")
    assert told.code == 5
    assert "OPENAI_API_KEY" in told.err
    assert "on the worker that made the trial" in told.err


@pytest.mark.parametrize(
    ("name", "model", "said"),
    [
        ("ray", "agent-model", "agent.executor: no executor is called 'ray'"),
        ("dask:somewhere", "agent-model", "dask:somewhere names no scheduler"),
        (
            "no_such:make",
            "agent-model",
            "cannot load 'no_such:make': ModuleNotFoundError: No module named 'no_such'",
        ),
        ("dask:tcp://127.0.0.1:1", "local", "the embedded model serves this process alone"),
    ],
)
def test_executors_that_cannot_be(
    name: str,
    model: str,
    said: str,
    tools: Path,
    fnopt: Fnopt,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Said before anything is asked, with what to set instead."""
    monkeypatch.setenv("FNOPT_AGENT_EXECUTOR", name)
    monkeypatch.setenv("FNOPT_AGENT_MODEL", model)
    told = fnopt("eval")
    assert told.code == 2
    assert said in told.err
    assert server.requests == []


DOOMED = """
import os
from concurrent.futures import ProcessPoolExecutor


def make():
    return ProcessPoolExecutor(1, initializer=os._exit, initargs=(3,))
"""


def test_the_doctor_asks_a_worker(
    pooled: Path, tmp_path: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that answers is told with its version; one that dies is a failed check."""
    (tmp_path / "doomed.py").write_text(DOOMED)
    good = fnopt("doctor", "--offline", "--json").json["checks"]
    [check] = [one for one in good if one["name"] == "executor"]
    assert check["ok"]
    assert check["message"] == f"pools:make: a worker answers, with fnopt {__version__}"
    monkeypatch.setenv("FNOPT_AGENT_EXECUTOR", "doomed:make")
    bad = fnopt("doctor", "--offline", "--json")
    [check] = [one for one in bad.json["checks"] if one["name"] == "executor"]
    assert not check["ok"]
    assert "doomed:make: no worker answers" in check["message"]
    assert "what they print" in check["mend"]


PROCESSES = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def make():
    return ProcessPoolExecutor(1, get_context("spawn"))
"""


def test_a_module_in_the_repositorys_root_is_found(
    tools: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As tasks.scorer and agent.kind are, from any folder; other processes need not have it."""
    (tools / "ex_of_ours.py").write_text(PROCESSES)
    monkeypatch.setenv("FNOPT_AGENT_EXECUTOR", "ex_of_ours:make")
    monkeypatch.setattr("sys.path", [*sys.path])  # the root is added to it
    monkeypatch.chdir(tools / "tasks")
    told = fnopt("eval", "--limit", "1", "--json")
    assert (told.code, told.json["trials"]) == (0, 1), told
    found = fnopt("doctor", "--offline", "--json").json["checks"]
    [check] = [one for one in found if one["name"] == "executor"]
    assert check["ok"], check
