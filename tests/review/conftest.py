"""A forge to speak to, and a clone of its repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from review.double_scene import KINDS, began
from review.forge_double import Double
from review.forge_double.values import Kind

Forges = Callable[..., Double]
Git = Callable[..., str]


@pytest.fixture
def forge_double(tmp_path: Path) -> Iterator[Forges]:
    """Makes running forges: ``forge_double("github", token=…)``, everything under ``tmp_path``.

    At the end they stop, and every request and response must have been as the forge's own
    description says. A test that asks wrongly on purpose clears ``violations``.
    """
    made: list[Double] = []
    with ExitStack() as running:

        def begin(kind: Kind, **options: Any) -> Double:
            root = tmp_path / f"forge-{len(made)}"
            made.append(running.enter_context(Double(kind, root, **options)))
            return made[-1]

        yield begin
    assert [fault for one in made for fault in one.violations] == []


@pytest.fixture
def clone(tmp_path: Path) -> Callable[[Double], Git]:
    """Clones a forge's repository over HTTP, with the token; gives git in the clone."""

    def cloned(double: Double) -> Git:
        folder = tmp_path / f"clone-{len(list(tmp_path.glob('clone-*')))}"
        run_git(tmp_path, "clone", "-q", double.git_url_with_token, str(folder))
        return lambda *words, **more: run_git(folder, *words, **more)

    return cloned


@pytest.fixture(params=KINDS)
def double(request: pytest.FixtureRequest, forge_double: Forges) -> Double:
    """A forge of each kind, with main and ``work``."""
    return began(forge_double(request.param))


@pytest.fixture
def git(double: Double, clone: Callable[[Double], Git]) -> Git:
    """git in a clone."""
    return clone(double)


def run_git(folder: Path, *words: str, **environment: str) -> str:
    """git's output without the last line break; raises CalledProcessError when it fails."""
    env = {**os.environ, **environment}
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, check=True)
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")
