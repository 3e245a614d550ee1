"""Seal every test in: nothing of the machine's user, git configuration or keys comes through."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # for `from scripted_server import …` in any test

from scripted_server import ScriptedServer

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Author",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+00:00",
    "GIT_COMMITTER_NAME": "Cy Committer",
    "GIT_COMMITTER_EMAIL": "cy@example.org",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:06+00:00",
}
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "false",
}
UNPROBED = {"FNOPT_AGENT_TOOLS": "native", "FNOPT_OPTIMIZER_TOOLS": "native"}
"""No scripted model is asked what it can do, but in tests that use ``probed``."""

PRIVATE = ("GIT_", "FNOPT_", "OPENAI_", "XDG_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
HOMES = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_CACHE_HOME": ".cache",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
}


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home, no system git configuration, fixed identity and dates, no keys; the home."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(PRIVATE) or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    folders = {name: str(home / folder) for name, folder in HOMES.items()}
    fixed = {"HOME": str(home), "USERPROFILE": str(home), "NO_COLOR": "1", "NO_PROXY": "*"}
    for name, value in {**GIT, **IDENTITY, **UNPROBED, **folders, **fixed}.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def probed(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for users: an endpoint is probed at first use, a shipped profile holds."""
    for name in UNPROBED:
        monkeypatch.delenv(name)


@pytest.fixture
def scripted_server() -> Iterator[ScriptedServer]:
    """A running model server that says "ok"; set its ``respond`` to script it."""
    with ScriptedServer() as server:
        yield server
