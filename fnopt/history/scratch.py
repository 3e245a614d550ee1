"""A new repository to play in, which needs nothing of the user's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fnopt.errors import UsageError
from fnopt.history import command

IDENTITY = {"user.name": "fnopt demo", "user.email": "demo@fnopt.invalid"}
SETTINGS = {**IDENTITY, "commit.gpgsign": "false", "core.hooksPath": "/dev/null"}


def create(folder: Path, files: Mapping[str, str]) -> None:
    """A repository in an empty or new folder, with one commit of ``files`` on branch main.

    Raises UsageError when the folder holds something, GitStateError when git fails.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty", "name a new folder with --path")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    _git(folder, "init", "--quiet", "--initial-branch=main")
    for key, value in SETTINGS.items():
        _git(folder, "config", key, value)
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "-m", "chore: begin with an empty library")


def _git(folder: Path, *words: str) -> None:
    answer = command.run(words, folder)
    if answer.code:
        raise command.failure(words, answer)
