"""A tools repository at a forge, its owner with fnopt in it, and a model that is a script."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import scripted_run
from review.forge_double import Double
from scripted_server import Answer, Json, ScriptedServer, calls

from fnopt.cli.main import run

from .conftest import run_git

VARIABLES = {"github": "GH_ENTERPRISE_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}
PATH = "functions/count_letter.py"
ASKED = "Count both cases, and do not catch anything."


@pytest.fixture(scope="module")
def endpoint() -> Iterator[ScriptedServer]:
    """One model server for all tests here."""
    with ScriptedServer() as server:
        yield server


class Person:
    """Somebody with a clone, and fnopt in it."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capfd = capfd
        self.said = ""

    def git(self, *words: str) -> str:
        return run_git(self.folder, *words)

    def fnopt(self, *words: str, code: int | tuple[int, ...] = 0) -> Any:
        """A command's document; it must end with that code, or one of those."""
        self._capfd.readouterr()
        ended = run([*words, "--json"])
        out, self.said = self._capfd.readouterr()
        assert ended in (code if isinstance(code, tuple) else (code,)), (
            words,
            ended,
            out[-3000:],
            self.said[-3000:],
        )
        return json.loads(out) if out else None


@pytest.fixture
def forge(
    kind: str, forge_double: Callable[..., Double], monkeypatch: pytest.MonkeyPatch
) -> Double:
    """A forge of the kind that a test is about, whose token is in the environment."""
    double = forge_double(kind)
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(VARIABLES[kind], double.token or "")
    monkeypatch.setenv("FNOPT_REVIEW_FORGE", kind)
    return double


@pytest.fixture
def ann(
    tmp_path: Path,
    forge: Double,
    endpoint: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Person:
    """The owner of a tools repository at the forge, with a model that is a script."""
    endpoint.respond = respond
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    folder = tmp_path / "tools"
    for path, content in scripted_run.FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    dates = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000"}
    run_git(folder, "commit", "-qm", "start", **dates)
    run_git(folder, "remote", "add", "origin", forge.git_url)
    run_git(folder, "push", "-q", forge.git_url_with_token, "main")
    monkeypatch.chdir(folder)
    forge.grant("ann", "write")
    return Person(folder, capfd)


_TRAINED: dict[str, Path] = {}


@pytest.fixture
def learned(ann: Person, tmp_path_factory: pytest.TempPathFactory) -> Person:
    """The owner, after a step that was kept; made once and copied from then on."""
    origin = ann.git("remote", "get-url", "origin")
    if "here" not in _TRAINED:
        ann.fnopt("train", "--max-steps", "1")
        _TRAINED["here"] = tmp_path_factory.mktemp("trained") / "git"
        shutil.copytree(ann.folder / ".git", _TRAINED["here"])
        return ann
    shutil.rmtree(ann.folder / ".git")
    shutil.copytree(_TRAINED["here"], ann.folder / ".git")
    ann.git("remote", "set-url", "origin", origin)
    main = ann.git("rev-parse", "main")
    ann.git("update-ref", "refs/remotes/origin/main", main)
    return ann


def respond(request: Json) -> Answer:
    """The scripted run; a reviewer who asks for both cases gets them, praise gets thanks."""
    said = request["messages"][0]["content"]
    if "A reviewer asks for a change" not in said:
        return scripted_run.respond(request)
    asked = request["messages"][-1]["content"]
    if "both cases" in asked:
        reason = "a letter counts in either case"
        return calls(
            (
                "revise_function",
                {"name": "count_letter", "code": scripted_run.COUNT_ALL, "why": reason},
            )
        )
    return calls(("terminate", {"why": "Thank you; nothing is to be changed."}))
