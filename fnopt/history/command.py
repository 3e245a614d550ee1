"""One git command through GitPython, and what its failure means to a person.

``git.Git`` runs the commands; ``git.Repo`` is left out, since it cannot read SHA-256 repositories.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, TimeoutExpired
from typing import TYPE_CHECKING

from fnopt.errors import GitStateError

if TYPE_CHECKING:
    from git.cmd import Git

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

TIMED_OUT = 124
"""The code of a command that was ended since it took too long, as timeout(1) has it."""
GRACE = 5.0  # seconds in which a command that is ended takes its lock files along


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
    timeout: float | None = None,
) -> Answer:
    """Run ``git WORDS`` in a folder. Raises GitStateError only when git cannot be started there.

    After ``timeout`` seconds it is ended, and the answer's code is :data:`TIMED_OUT`.
    """
    guard = begin(words, folder, env)  # ends git when it goes
    process = guard.proc
    assert process, "BUG: it was only just begun"
    try:
        out, error = process.communicate(stdin or b"", timeout)
    except TimeoutExpired:
        process.terminate()
        with suppress(TimeoutExpired):  # not for the pipes: what git began may hold them for longer
            process.wait(GRACE)
        return Answer(TIMED_OUT, b"", f"fatal: no end after {timeout:g} seconds")
    except BaseException:
        process.terminate()  # not kill: git takes its lock files along
        process.wait()
        raise
    if process.returncode == 128 and not folder.is_dir():
        raise GitStateError(f"{folder} is gone", "was it moved or deleted?")
    return Answer(process.returncode, out, error.decode(errors="replace").strip())


def begin(
    words: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
) -> Git.AutoInterrupt:
    """``git WORDS`` begun in a folder, with pipes for its streams; it ends with what is returned.

    Raises GitStateError when git cannot be started.
    """
    try:
        from git.cmd import Git  # 0.1 s, and it looks for git
        from git.exc import GitCommandNotFound
    except ImportError:
        raise _no_git() from None
    try:
        # -C: GitPython would expand $NAME and ~ in the folder, and run elsewhere if it were gone
        line = [*_unset(env or {}), "git", "-C", str(folder), *words]
        return Git().execute(line, istream=PIPE, as_process=True, env=env)
    except GitCommandNotFound:
        raise _no_git() from None
    except ValueError:
        said = f"git {words[0]}: an argument holds a NUL character"
        raise GitStateError(said, "leave it out") from None


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


def _unset(given: Mapping[str, str]) -> list[str]:
    """Words that start a program without what a hook's git put into our environment.

    GitPython hands all of ``os.environ`` on and takes nothing away, and git knows no value of
    these that means unset. Outside of hooks there are none, and no ``env`` runs.
    """
    hooked = [name for name in INHERITED if name in os.environ and name not in given]
    return ["env", *(word for name in hooked for word in ("-u", name))] if hooked else []


def _no_git() -> GitStateError:
    return GitStateError("git is not installed", "install git 2.38 or newer")


def _command(words: Sequence[str]) -> str:
    """The sub-command among the words: what comes after git's own options."""
    rest = iter(words)
    for word in rest:
        if word in ("-c", "-C"):
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""
