"""Fixtures of the tests of ``optimizer.mode = "paper"``."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted_server import ScriptedServer

from .paper_scene import Scene, make


@pytest.fixture
def scene(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted_server: ScriptedServer,
    capfd: pytest.CaptureFixture[str],
) -> Scene:
    """A repository without functions, in the current folder, and its scripted models."""
    folder = tmp_path / "tools"
    make(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    return Scene(folder, scripted_server, capfd)
