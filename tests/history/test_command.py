"""How git is run: interrupted, absent, somewhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fnopt.errors import GitStateError
from fnopt.history import command
from fnopt.history.repo import Repository

Git = Callable[..., str]


def python(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    paths = os.pathsep.join(filter(None, sys.path))
    env = {**os.environ, "PYTHONPATH": paths, **environment}
    words = [sys.executable, "-c", code]
    return subprocess.run(words, env=env, capture_output=True, check=True, text=True).stdout.strip()


def test_gitpython_is_imported_with_the_first_command() -> None:
    """``fnopt --help`` does not pay for it."""
    code = "import sys, fnopt.cli.main, fnopt.history.runs; print('git' in sys.modules)"
    assert python(code) == "False"


@pytest.mark.parametrize("refresh", ["raise", "quiet"])
def test_git_is_not_installed(tmp_path: Path, refresh: str) -> None:
    """GitPython looks for git when it is imported: that is our error too, every time."""
    code = f"""
from pathlib import Path
from fnopt.errors import GitStateError
from fnopt.history import command
for _ in range(2):
    try:
        command.run(["version"], Path({str(tmp_path)!r}))
    except GitStateError as error:
        print(error.message)
"""
    said = python(code, PATH="", GIT_PYTHON_REFRESH=refresh)
    assert said.splitlines() == ["git is not installed"] * 2


def test_git_goes_away(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same error when GitPython found git at first."""
    assert repo.version()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitStateError, match="git is not installed"):
        repo.version()


def test_a_folder_that_is_gone(
    work: Path, git: Git, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing runs in the current folder instead."""
    head = git("rev-parse", "HEAD")
    work.rename(work.with_name("moved"))
    monkeypatch.chdir(work.with_name("moved"))
    with pytest.raises(GitStateError, match="work is gone"):
        repo.git("update-ref", "refs/heads/x", head)
    assert command.run(["rev-parse", "--verify", "x"], Path()).code


def test_the_current_folder_is_gone(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the repository's own folder matters."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    assert repo.resolve("HEAD")


@pytest.mark.parametrize("name", ["~", "$HOME", "-C", "ä b\n"])
def test_a_folder_is_taken_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """No character of a folder's name is expanded, relative ones included."""
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert command.run(["init", "-q"], Path(name)).code == 0
    assert (tmp_path / name / ".git").is_dir()


def test_more_than_a_pipe_holds(repo: Repository) -> None:
    """Megabytes go in and come out, and both at once block nobody."""
    names = [repo.git("hash-object", "-w", "--stdin", stdin=b"x" * 1_000_000).text] * 3
    lines = "\n".join(names * 3000).encode()
    assert repo.git("cat-file", "--batch-check", stdin=lines).out.count(b"\n") == 9000
    assert repo.git("cat-file", "blob", names[0]).out == repo.read(names[0]) == b"x" * 1_000_000


def test_output_comes_as_it_is(repo: Repository) -> None:
    """Line ends and bytes that are no text are kept."""
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"\xff\r\n\n\n").text
    assert repo.git("cat-file", "blob", blob).out == repo.read(blob) == b"\xff\r\n\n\n"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="interrupts itself by a timer")
def test_an_interrupt_leaves_no_lock(work: Path, repo: Repository) -> None:
    """git ends with the command that we gave up, and takes its lock along."""
    hook = work / ".git" / "hooks" / "reference-transaction"
    hook.write_text('#!/bin/sh\ntouch "$PWD/.git/held"\nexec sleep 2 >/dev/null 2>&1\n')
    hook.chmod(0o755)
    head = repo.resolve("HEAD")

    def interrupt(*_: object) -> None:
        if (work / ".git" / "held").exists():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            repo.move("refs/heads/x", head, None, "test")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    hook.unlink()
    assert not list((work / ".git" / "refs").rglob("*.lock"))
    repo.move("refs/heads/x", head, None, "again")


def test_a_missing_object_costs_no_other(repo: Repository) -> None:
    """After a name that is not there the next read is right."""
    (blob, *_) = repo.blobs(repo.tree("HEAD")).values()
    for name in ("0" * 40, "a\nb", "", "HEAD:nowhere"):
        with pytest.raises(GitStateError, match="is not in this repository"):
            repo.read(name)
        assert repo.read(blob)


def test_a_damaged_object(work: Path, repo: Repository) -> None:
    """What git dies of is an error in words, and the next read is right."""
    (good, *_) = repo.blobs(repo.tree("HEAD")).values()
    bad = repo.git("hash-object", "-w", "--stdin", stdin=os.urandom(100_000)).text
    stored = work / ".git" / "objects" / bad[:2] / bad[2:]
    stored.chmod(0o644)
    os.truncate(stored, 5000)
    with pytest.raises(GitStateError, match="cannot be read") as caught:
        repo.read(bad)
    assert caught.value.mend == "see: git fsck"
    assert repo.read(good)
