"""Both sides on one scripted server; AutoGen's is skipped where its environment cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest
from rivals.environment import Unavailable, interpreter
from rivals.scene import Stage
from rivals.sides import AutoGen, Fnopt
from scripted_server import ScriptedServer

RELEASE = "autogen-agentchat==0.2.40"


@pytest.fixture(scope="session")
def autogen_python() -> Path:
    """The Python of AutoGen's environment; made before the tests are sealed in."""
    try:
        return interpreter(RELEASE)
    except Unavailable as reason:
        pytest.skip(f"{RELEASE} cannot be installed here: {reason}")


@pytest.fixture
def stage(scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The server that both sides speak to."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    return Stage(scripted_server)


@pytest.fixture
def autogen(autogen_python: Path, stage: Stage, tmp_path: Path) -> AutoGen:
    """The rival, in folders of its own."""
    return AutoGen(autogen_python, tmp_path / "autogen", stage.server.url)


@pytest.fixture
def fnopt(stage: Stage, tmp_path: Path) -> Fnopt:
    """Ours, in a new repository."""
    return Fnopt.begin(tmp_path / "fnopt")
