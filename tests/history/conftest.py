"""Real git repositories in temporary folders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

Git = Callable[..., str]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A working tree with one commit on main: two functions, one of them executable."""
    folder = tmp_path / "work"
    run_git(tmp_path, "init", "-q", "-b", "main", str(folder))
    (folder / "functions").mkdir()
    (folder / "functions" / "words.py").write_text("def count(): ...\n")
    script = folder / "functions" / "run.py"
    script.write_text("#!/usr/bin/env python\n")
    script.chmod(0o755)
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "start")
    return folder


@pytest.fixture
def git(work: Path) -> Git:
    """Runs git in the working tree; its output without the last line break."""
    return lambda *words, **options: run_git(work, *words, **options)


@pytest.fixture
def repo(work: Path) -> Iterator[Repository]:
    """The working tree's repository, opened."""
    with Repository(work) as opened:
        yield opened


@pytest.fixture
def run(repo: Repository) -> RunBranch:
    """A run named ``r`` that has just begun at main."""
    branch = RunBranch(repo, "r")
    branch.start(repo.resolve("main"))
    return branch


def run_git(folder: Path, *words: str, **environment: str) -> str:
    """git's output; raises CalledProcessError when it fails."""
    env = {**os.environ, **environment}
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, check=True)
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")
