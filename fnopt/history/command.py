"""One git command as a child process, and what its failure means to a person."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnopt.errors import GitStateError

INHERITED = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_LITERAL_PATHSPECS",
)
"""Variables that git sets for hooks and that would point our git at the hook's own index."""

ENGLISH = {"LC_ALL": "C", "LANGUAGE": "C"}  # what git says is read below


@dataclass(frozen=True)
class Answer:
    """What one git process said; ``out`` is bytes, ``error`` text."""

    code: int
    out: bytes
    error: str

    @property
    def text(self) -> str:
        """Standard output without surrounding blanks."""
        return self.out.decode(errors="replace").strip()

    @property
    def complaint(self) -> str:
        """The line of standard error that says what is wrong."""
        lines = [line.strip() for line in self.error.splitlines() if line.strip()]
        marked = [line for line in lines if line.startswith(("error: ", "fatal: "))]
        return next(iter([*marked, *lines]), f"exit code {self.code}")


def run(
    words: Sequence[str],
    folder: Path,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> Answer:
    """Run ``git WORDS`` in a folder. Raises GitStateError only when git cannot be started."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            input=stdin or b"",
            env={**clean_environment(), **ENGLISH, **(env or {})},
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        if not folder.is_dir():
            raise GitStateError(f"{folder} is gone", "was it moved or deleted?") from None
        raise GitStateError("git is not installed", "install git 2.38 or newer") from None
    except ValueError:
        said = f"git {words[0]}: an argument holds a NUL character"
        raise GitStateError(said, "leave it out") from None
    return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace").strip())


def clean_environment() -> dict[str, str]:
    """This process's environment without what a hook's git put there."""
    return {name: value for name, value in os.environ.items() if name not in INHERITED}


def failure(words: Sequence[str], answer: Answer) -> GitStateError:
    """The error for a git command that failed."""
    said = answer.error
    if "tell me who you are" in said or "ident name" in said or "auto-detect" in said:
        return GitStateError(
            "git does not know who you are",
            'git config user.name "Your Name" && git config user.email you@example.org',
        )
    if "-S" in words and ("gpg" in said or "sign" in said):
        return GitStateError(
            f"git could not sign: {answer.complaint}",
            "unlock or configure the key (user.signingKey), or: git config commit.gpgsign false",
        )
    return GitStateError(f"git {_command(words)}: {answer.complaint}", "see: git status; git fsck")


def _command(words: Sequence[str]) -> str:
    """The sub-command among the words: what comes after git's own options."""
    rest = iter(words)
    for word in rest:
        if word in ("-c", "-C"):
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""
