"""fnopt in a hook of another repository, as people call it from there."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import publish, run_git

CODE = "from fnopt.cli.main import main; main()"


def test_a_hook_of_another_repository(work: Path, tmp_path: Path) -> None:
    """git's variables there, GIT_DIR and GIT_INDEX_FILE, do not lead us away from our own."""
    with Repository(work) as repo:
        run = RunBranch(repo, "first")
        run.start(repo.resolve("main"))
        commit = publish(run, 1, "f1")
    hook_in(tmp_path / "elsewhere", work, tmp_path)
    # from a linked working tree, where a hook's git names its folder as well as its index
    run_git(tmp_path / "elsewhere", "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    run_git(tmp_path / "linked", "commit", "-q", "--allow-empty", "-m", "sets the hook off")

    seen = (tmp_path / "environment").read_text()
    assert "GIT_DIR=" in seen
    assert "GIT_INDEX_FILE=" in seen
    functions = json.loads((tmp_path / "list").read_text())["functions"]
    assert [one["name"] for one in functions] == ["count_letter", "shout"]
    updates = json.loads((tmp_path / "log").read_text())["updates"]
    assert [one["commit"] for one in updates] == [commit]


def hook_in(folder: Path, work: Path, out: Path) -> None:
    """A repository whose pre-commit hook asks fnopt about another one."""
    run_git(work, "init", "-q", str(folder))
    run_git(folder, "commit", "-q", "--allow-empty", "-m", "start")
    fnopt = shlex.join([sys.executable, "-c", CODE])
    paths = shlex.quote(os.pathsep.join(filter(None, sys.path)))
    lines = [
        "#!/bin/sh",
        "set -e",
        f"export PYTHONPATH={paths}",
        f"env > {shlex.quote(str(out / 'environment'))}",
        f"cd {shlex.quote(str(work))}",
        *(f"{fnopt} {word} --json > {shlex.quote(str(out / word))}" for word in ("list", "log")),
    ]
    hook = folder / ".git" / "hooks" / "pre-commit"
    hook.write_text("\n".join(lines) + "\n")
    hook.chmod(0o755)
