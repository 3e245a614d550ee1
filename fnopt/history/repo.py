"""The only importer of git: plumbing on one repository.

Nothing here touches the user's working tree, index, stash or branches, except
:meth:`Repository.follow`, which is called for the branch that fnopt itself has just moved. Objects
are written through an index file of our own; references move by compare-and-swap.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import git
from git.exc import GitCommandNotFound, InvalidGitRepositoryError, NoSuchPathError

from fnopt.errors import GitStateError

INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE")
"""Variables that git sets for hooks and that would point our git at the hook's own index."""


@dataclass(frozen=True)
class Commit:
    """A commit as the log shows it; ``date`` is the author's, ISO 8601."""

    sha: str
    parents: tuple[str, ...]
    tree: str
    date: str
    message: str


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


class Repository:
    """One git repository, opened from any folder in it. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises GitStateError when ``folder`` is in no usable repository."""
        try:
            self._repo = git.Repo(folder, search_parent_directories=True)
        except (InvalidGitRepositoryError, NoSuchPathError):
            raise GitStateError(f"{folder} is in no git repository", "run: git init") from None
        self._lock = threading.Lock()
        self._check()

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git processes that serve this repository."""
        self._repo.close()

    @property
    def root(self) -> Path:
        """The top of the working tree (of a bare repository: its git folder)."""
        return Path(self._repo.working_tree_dir or self._repo.git_dir)

    @property
    def folder(self) -> Path:
        """Where fnopt keeps what is not history: ``.git/fnopt``, shared by linked worktrees."""
        return Path(self._repo.common_dir) / "fnopt"

    @property
    def bare(self) -> bool:
        """Whether there is no working tree."""
        return self._repo.bare

    def resolve(self, rev: str) -> str:
        """The commit that a user's words name. Raises GitStateError."""
        words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"]
        answer = self.git(*words, check=False)
        if answer.code:
            mend = "make a first commit" if rev == "HEAD" else "see: git log --all --oneline"
            raise GitStateError(f"no commit is called {rev!r} here", mend)
        return answer.text

    def ref(self, name: str) -> str | None:
        """The object that a full reference name points to, or None."""
        answer = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name, check=False)
        return answer.text if not answer.code else None

    def refs(self, prefix: str) -> dict[str, str]:
        """Full names and objects of the references below ``prefix``, newest commit first."""
        form = "--format=%(refname) %(objectname)"
        out = self.git("for-each-ref", "--sort=-committerdate", form, prefix).text
        return dict(line.split(" ", 1) for line in out.splitlines())

    def checked_out(self) -> str | None:
        """The full name of the branch that is checked out here, or None on a detached HEAD."""
        answer = self.git("symbolic-ref", "--quiet", "HEAD", check=False)
        return answer.text if not answer.code else None

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``old`` is ``new`` or one of its ancestors."""
        return self.git("merge-base", "--is-ancestor", old, new, check=False).code == 0

    def tree(self, commit: str) -> str:
        """The tree of a commit."""
        return self.git("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").text

    def blobs(self, tree: str, folder: str | None = None) -> dict[str, str]:
        """Path and blob of every regular file of a tree, or of one folder in it."""
        words = ["ls-tree", "-r", "-z", "--full-tree", tree]
        out = self.git(*words, *(["--", folder] if folder else [])).out
        entries = [entry.split(b"\t", 1) for entry in out.split(b"\0") if entry]
        return {
            path.decode(errors="surrogateescape"): head.split()[2].decode()
            for head, path in entries
            if head.startswith(b"100")
        }

    def read(self, blob: str) -> bytes:
        """A blob's bytes, from the long-lived cat-file process."""
        with self._lock:
            _, _, _, data = self._repo.git.get_object_data(blob)
        return bytes(data)

    def write_tree(self, base: str | None, changes: Mapping[str, bytes | None]) -> str:
        """The tree ``base`` (None: empty) with files set to bytes, or taken out for None."""
        with tempfile.TemporaryDirectory(prefix="fnopt-index-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.git("read-tree", base or "--empty", env=index)
            modes = self._modes(base, list(changes)) if base and changes else {}
            lines = b"".join(
                self._index_line(path, data, modes.get(path, "100644"))
                for path, data in changes.items()
            )
            self.git("update-index", "-z", "--add", "--index-info", env=index, stdin=lines)
            return self.git("write-tree", env=index).text

    def commit(self, tree: str, parents: Sequence[str], message: str, *, sign: bool = False) -> str:
        """Write a commit object; no reference moves, no hook runs.

        ``sign`` obeys the user's ``commit.gpgsign``. Raises GitStateError without an identity.
        """
        words = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree]
        for parent in parents:
            words += ["-p", parent]
        if sign and self.setting("commit.gpgsign", "bool") == "true":
            words.append("-S")
        return self.git(*words, "-F", "-", stdin=message.encode()).text

    def move(self, ref: str, new: str, old: str | None, why: str) -> None:
        """Move a reference if it still is at ``old`` (None: if it does not exist).

        Raises GitStateError when somebody else has moved it meanwhile.
        """
        answer = self.git(
            "update-ref", "-m", f"fnopt: {why}", ref, new, old or "0" * len(new), check=False
        )
        if answer.code:
            raise GitStateError(
                f"{ref} could not be moved to {new[:10]}: {answer.error}",
                "somebody else moved it, or a dead git left its .lock file: look, then try again",
            )

    def delete(self, ref: str, old: str) -> None:
        """Delete a reference if it still is at ``old``. Raises GitStateError."""
        answer = self.git("update-ref", "-d", ref, old, check=False)
        if answer.code:
            raise GitStateError(f"{ref} could not be deleted: {answer.error}", "try again")

    def log(self, *revisions: str) -> list[Commit]:
        """First-parent commits of a revision range, newest first."""
        form = "--format=%H%n%P%n%T%n%aI%n%B"
        out = self.git("log", "-z", "--first-parent", form, "--end-of-options", *revisions).out
        return [_commit(entry) for entry in out.decode(errors="replace").split("\0") if entry]

    def merge_revert(self, head: str, bad: str) -> tuple[str | None, tuple[str, ...]]:
        """The tree of ``head`` without what ``bad`` changed, or the paths that conflict.

        A three-way merge without a working tree: git 2.39 has no ``--merge-base``, so the merge
        base is named by a commit of ``bad``'s parent tree upon ``bad`` itself.
        """
        undone = self.commit(self.tree(f"{bad}^"), [bad], "undone")
        words = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", head, undone]
        answer = self.git(*words, check=False)
        if answer.code > 1:
            raise GitStateError(f"git merge-tree: {answer.error}", "fnopt needs git 2.38 or newer")
        tree, *paths = [part.decode(errors="replace") for part in answer.out.split(b"\0") if part]
        return (None, tuple(sorted(set(paths)))) if answer.code else (tree.strip(), ())

    def worktrees(self, branch: str) -> list[Path]:
        """The working trees that have a branch (full name) checked out."""
        out = self.git("worktree", "list", "--porcelain", "-z").out.decode(errors="surrogateescape")
        blocks = [block.split("\0") for block in out.split("\0\0") if block]
        return [
            Path(lines[0].removeprefix("worktree "))
            for lines in blocks
            if f"branch {branch}" in lines
        ]

    def changes_in(self, worktree: Path, folder: str) -> list[str]:
        """Tracked files that differ from HEAD there, and untracked ones below ``folder``."""
        tracked = self._status(worktree, "--untracked-files=no")
        return sorted({*tracked, *self._status(worktree, "--untracked-files=all", "--", folder)})

    def follow(self, worktree: Path, old: str, new: str) -> None:
        """Bring a clean working tree and its index from commit ``old`` to ``new``."""
        self.git("-C", str(worktree), "read-tree", "-m", "-u", old, new)

    def index_tree(self, worktree: Path) -> str | None:
        """The tree that a working tree's index holds, or None when it has conflicts."""
        answer = self.git("-C", str(worktree), "write-tree", check=False)
        return answer.text if not answer.code else None

    def setting(self, key: str, kind: str = "") -> str | None:
        """A value of git's configuration, or None."""
        words = ["config", *([f"--type={kind}"] if kind else []), "--get", key]
        answer = self.git(*words, check=False)
        return answer.text if not answer.code else None

    def version(self) -> tuple[int, ...]:
        """The version of git, such as (2, 39, 5)."""
        return tuple(self._repo.git.version_info)

    def identity(self) -> str | None:
        """The user's ``Name <mail>`` for new commits, or None when none is configured."""
        answer = self.git("var", "GIT_COMMITTER_IDENT", check=False)
        return answer.text.rsplit(" ", 2)[0] if not answer.code else None

    def shallow(self) -> bool:
        """Whether this is a shallow clone, whose log is cut off."""
        return self.git("rev-parse", "--is-shallow-repository").text == "true"

    def git(
        self,
        *words: str,
        check: bool = True,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Answer:
        """Run one git command. Raises GitStateError when it fails and ``check`` is set."""
        with tempfile.TemporaryFile() as file:
            file.write(stdin or b"")
            file.seek(0)
            answer = self._run(words, file, env or {})
        if check and answer.code:
            raise _git_error(words, answer)
        return answer

    def _run(self, words: Iterable[str], file: Any, env: Mapping[str, str]) -> Answer:
        try:
            code, out, error = self._repo.git.execute(
                ["git", *words],
                istream=file,
                env=dict(env),
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        except GitCommandNotFound:
            raise GitStateError("git is not installed", "install git 2.38 or newer") from None
        said = error if isinstance(error, str) else error.decode(errors="replace")
        return Answer(code, out, said.strip())

    def _check(self) -> None:
        answer = self.git("rev-parse", "--git-dir", check=False)
        if answer.code:
            lines = [line.strip() for line in answer.error.splitlines() if line.strip()]
            mend = next(
                (line for line in lines if line.startswith("git config")), "see: git status"
            )
            raise GitStateError(lines[0] if lines else "git does not open this repository", mend)

    def _status(self, worktree: Path, *words: str) -> list[str]:
        out = self.git("-C", str(worktree), "status", "--porcelain", "-z", *words).out
        return [part[3:].decode(errors="replace") for part in out.split(b"\0") if part]

    def _modes(self, tree: str, paths: list[str]) -> dict[str, str]:
        out = self.git("ls-tree", "-z", "--full-tree", tree, "--", *paths).out
        entries = [entry.split(b"\t", 1) for entry in out.split(b"\0") if entry]
        return {
            path.decode(errors="surrogateescape"): head.split()[0].decode()
            for head, path in entries
        }

    def _index_line(self, path: str, data: bytes | None, mode: str) -> bytes:
        name = path.encode(errors="surrogateescape")
        if data is None:
            return b"0 " + b"0" * self._hash_length + b"\t" + name + b"\0"
        blob = self.git("hash-object", "-w", "--stdin", stdin=data).text
        return f"{mode} {blob}\t".encode() + name + b"\0"

    @cached_property
    def _hash_length(self) -> int:
        return 64 if self.git("rev-parse", "--show-object-format").text == "sha256" else 40


def _commit(entry: str) -> Commit:
    sha, parents, tree, date, message = entry.split("\n", 4)
    return Commit(sha, tuple(parents.split()), tree, date, message.strip("\n"))


def _git_error(words: Sequence[str], answer: Answer) -> GitStateError:
    said = answer.error.strip()
    if "tell me who you are" in said or "ident name" in said or "auto-detect email" in said:
        return GitStateError(
            "git does not know who you are",
            'git config user.name "Your Name" && git config user.email you@example.org',
        )
    if "gpg" in said or "sign" in said:
        return GitStateError(
            f"git could not sign: {said}", "unlock the key, or commit.gpgsign=false"
        )
    last = said.splitlines()[-1] if said else f"exit code {answer.code}"
    return GitStateError(f"git {words[0]}: {last}", "see: git status; git fsck")
