"""fnopt in a hook of another repository, as people call it from there."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from fnopt.cli.main import COMMANDS
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Git, publish, run_git, write

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
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


def manifest() -> dict[str, Any]:
    """What pre-commit reads of fnopt's repository: its one hook."""
    (hook,) = yaml.safe_load(MANIFEST.read_text("utf-8"))
    assert isinstance(hook, dict)
    return hook


@pytest.mark.skipif(find_spec("pre_commit") is None, reason="pre-commit is not installed")
def test_pre_commit_takes_the_manifest() -> None:
    """By its own validator."""
    words = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]
    subprocess.run(words, check=True)


def test_the_hook_is_a_program_that_is_installed() -> None:
    """pre-commit installs the package, and runs its script once for all files."""
    hook = manifest()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    program, command = hook["entry"].split()
    assert program in scripts
    assert command in COMMANDS
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == (
        "fnopt-check",
        "python",
        False,
    )


def test_the_hook_stops_a_commit_with_a_new_fault(work: Path, git: Git) -> None:
    """In git's own environment of a hook; what was wrong before does not."""
    hook = manifest()
    fnopt = shlex.join([sys.executable, "-c", CODE])
    words = shlex.join([*hook["entry"].split()[1:], *hook["args"]])
    paths = shlex.quote(os.pathsep.join(filter(None, sys.path)))
    script = work / ".git" / "hooks" / "pre-commit"
    script.write_text(f"#!/bin/sh\nexport PYTHONPATH={paths}\nexec {fnopt} {words} 2>&1\n")
    script.chmod(0o755)
    write(work, {"functions/old.py": b"def old(x):\n    return x\n"})
    git("add", ".")
    git("commit", "-qnm", "an old fault, past the hook")
    write(work, {"functions/new.py": b"def new(x):\n    return [x, x]\n"})
    git("add", ".")
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        git("commit", "-qm", "a new one")
    assert b"functions/new.py:1: error annotations" in stopped.value.stderr
    assert b"old.py" not in stopped.value.stderr
    git("rm", "-qf", "functions/new.py")
    git("commit", "-q", "--allow-empty", "-m", "none")
