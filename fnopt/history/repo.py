"""The only room that runs git, here: plumbing on one repository.

Nothing here touches the user's working tree, index, stash or branches. Objects are written by
themselves; references move by compare-and-swap.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnopt.errors import GitStateError
from fnopt.history import command
from fnopt.history.command import Answer
from fnopt.history.objects import ObjectReader
from fnopt.history.trees import Trees
from fnopt.history.writer import ObjectWriter
from fnopt.library.layout import Layout
from fnopt.library.unread import Entry

_PLAIN = re.compile(r"refs/(?!.*-g[0-9a-f]+$)[^\s~^:?*\[\\@{}]+")
"""References whose names mean nothing else: ``NAME-gABCDEF`` may mean a commit (gitrevisions)."""

_ELSEWHERE = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
"""Where git looks for a name next, if there is no such reference (gitrevisions)."""


@dataclass(frozen=True)
class Commit:
    """A commit as the log shows it; ``date`` is the author's, ISO 8601."""

    sha: str
    parents: tuple[str, ...]
    tree: str
    date: str
    message: str


class Repository:
    """One git repository, opened from any folder in it. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises GitStateError when ``folder`` is in no usable repository."""
        if not folder.is_dir():
            raise GitStateError(f"{folder} is no folder", "name a folder in a git repository")
        words = ("rev-parse", "--is-bare-repository", "--git-common-dir", "--show-toplevel")
        answer = command.run(words, folder)
        lines = answer.out.decode(errors="surrogateescape").splitlines()
        self.bare = lines[:1] == ["true"]
        """Whether there is no working tree."""
        if answer.code and not self.bare:
            raise _not_usable(folder, answer)
        common = (folder / lines[1]).resolve()
        self.root = common if self.bare else Path(lines[2])
        """The top of the working tree (of a bare repository: its git folder)."""
        self.folder = common / "fnopt"
        """Where fnopt keeps what is not history: ``.git/fnopt``, shared by linked worktrees."""
        self._objects = ObjectReader(self.root)
        self._writer = ObjectWriter(self.root)
        self._trees = Trees(self._objects, self._writer, self.git)

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git processes that serve this repository."""
        self._objects.close()
        self._writer.close()

    def resolve(self, rev: str) -> str:
        """The commit that a user's words name. Raises GitStateError."""
        if not rev.strip():
            raise GitStateError("no commit is called ''", "name one, such as HEAD or main")
        words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"]
        answer = self.git(*words, check=False)
        if answer.code:
            raise GitStateError(f"no commit is called {rev!r} here", self._mend(rev))
        return answer.text

    def ref(self, name: str) -> str | None:
        """The object that a full reference name points to, or None."""
        if _PLAIN.fullmatch(name):
            found = self._objects.find(name)
            if not found or not any(self._objects.find(form.format(name)) for form in _ELSEWHERE):
                return found.name if found else None
        answer = self.git("show-ref", "--verify", "--hash", "--", name, check=False)
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
        """Whether the commit ``old`` is ``new`` or one of its ancestors."""
        return old == new or (
            self.git("merge-base", "--is-ancestor", old, new, check=False).code == 0
        )

    def tree(self, commit: str) -> str:
        """The tree of a commit."""
        return self._trees.find(commit)

    def blobs(self, tree: str, *folders: str) -> dict[str, str]:
        """Path and blob of every regular file of a tree, or of some folders and files in it."""
        entries = self._trees.entries(tree, folders)
        return {path: blob for path, mode, blob in entries if mode.startswith("100")}

    def others(self, tree: str, *folders: str) -> dict[str, Entry]:
        """Path and kind of what else a library's folders hold; of files, those named as folders."""
        kinds: dict[str, Entry] = {"120000": "link", "160000": "repository"}
        found: dict[str, Entry] = {}
        for path, mode, _ in self._trees.entries(tree, folders):
            if mode in kinds or path in folders:
                found[path] = kinds.get(mode, "file")
        return found

    def files(self, tree: str, layout: Layout) -> dict[str, bytes]:
        """Path and bytes of the regular files of a library."""
        found = self.blobs(tree, *layout.roots)
        return {path: self.read(blob) for path, blob in found.items() if layout.holds(path)}

    def read(self, blob: str) -> bytes:
        """A blob's bytes, from the long-lived cat-file process."""
        return self._objects.read(blob)

    def write_tree(self, base: str | None, changes: Mapping[str, bytes | None]) -> str:
        """The tree ``base`` (None: empty) with files set to bytes, or taken out for None.

        Raises GitStateError for a path that no repository may hold, such as ``../x``.
        """
        return self._trees.write(base, changes)

    def exchange(self, tree: str, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
        """The tree with the files ``new`` in place of ``old``, which it holds."""
        edits: dict[str, bytes | None] = {path: None for path in old if path not in new}
        edits |= {path: data for path, data in new.items() if data != old.get(path)}
        return self.write_tree(tree, edits)

    def commit(self, tree: str, parents: Sequence[str], message: str, *, sign: bool = False) -> str:
        """Write a commit object, signed if asked for; no reference moves, no hook runs.

        Raises GitStateError without an identity, or a key that works.
        """
        words = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree]
        words += [word for parent in parents for word in ("-p", parent)]
        if sign:
            words.append("-S")
        text = message.replace("\0", " ").encode(errors="replace")
        return self.git(*words, "-F", "-", stdin=text).text

    def write_commit(self, raw: bytes) -> str:
        """Write a commit object from its bytes (gitformat), by a process that stays: no identity,
        no hook, no signature. Raises GitStateError when git does not take it for one."""
        return self._writer.commit(raw)

    def signs(self) -> bool:
        """Whether the user wants commits to be signed (``commit.gpgsign``)."""
        return self.setting("commit.gpgsign", "bool") == "true"

    def move(self, ref: str, new: str, old: str | None, why: str) -> None:
        """Move a reference if it still is at ``old`` (None: if it does not exist).

        Raises GitStateError when somebody else has moved it meanwhile.
        """
        answer = self.git(
            "update-ref", "-m", f"fnopt: {why}", ref, new, old or "0" * len(new), check=False
        )
        if answer.code:
            raise GitStateError(
                f"{ref} could not be moved to {new[:10]}: {answer.complaint}",
                "somebody else moved it, or a dead git left its .lock file: look, then try again",
            )

    def delete(self, ref: str, old: str) -> None:
        """Delete a reference if it still is at ``old``. Raises GitStateError."""
        answer = self.git("update-ref", "-d", ref, old, check=False)
        if answer.code:
            raise GitStateError(f"{ref} could not be deleted: {answer.complaint}", "try again")

    def log(self, *revisions: str) -> list[Commit]:
        """First-parent commits of a revision range, newest first."""
        form = "--format=%H%n%P%n%T%n%aI%n%B"
        options = ("-z", "--first-parent", "--no-show-signature", "--encoding=UTF-8", form)
        out = self.git("log", *options, "--end-of-options", *revisions, "--").out
        return [_commit(entry) for entry in out.decode(errors="replace").split("\0") if entry]

    def graph(self, branch: str) -> str:
        """``git log --oneline --graph`` of a branch."""
        return self.git("log", "--oneline", "--graph", "--end-of-options", branch).text

    def merge_revert(self, head: str, bad: str) -> tuple[str | None, tuple[str, ...]]:
        """The tree of ``head`` without what ``bad`` changed, or the paths that conflict.

        A three-way merge without a working tree. git 2.39 has no ``--merge-base``, so the three
        trees are dressed as commits of their own (unreachable, gone with the next gc): this holds
        whether or not ``bad`` is an ancestor of ``head``.
        """
        middle = self.commit(self.tree(bad), [], "merge base")
        ours = self.commit(self.tree(head), [middle], "ours")
        undone = self.commit(self.tree(f"{bad}^"), [middle], "undone")
        tree, conflicts = self.merge(ours, undone)
        return (None, conflicts) if conflicts else (tree, ())

    def merge(self, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
        """The tree of a three-way merge of two commits, without a working tree, and the paths that
        conflict: those hold git's marks there."""
        words = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs]
        answer = self.git(*words, check=False)
        if answer.code > 1:
            raise GitStateError(
                f"git merge-tree: {answer.complaint}", "fnopt needs git 2.38 or newer"
            )
        tree, *paths = [part.decode(errors="replace") for part in answer.out.split(b"\0") if part]
        if answer.code and not paths:
            raise GitStateError("git merge-tree names no file that conflicts", "merge by hand")
        return tree.strip(), tuple(sorted(set(paths)))

    def worktrees(self, branch: str) -> list[Path]:
        """The working trees that have a branch (full name) checked out and are still there."""
        out = self.git("worktree", "list", "--porcelain", "-z").out.decode(errors="surrogateescape")
        blocks = [block.split("\0") for block in out.split("\0\0") if block]
        return [
            Path(lines[0].removeprefix("worktree "))
            for lines in blocks
            if f"branch {branch}" in lines and not any(x.startswith("prunable") for x in lines)
        ]

    def changes_in(self, worktree: Path, layout: Layout) -> list[str]:
        """Tracked files that differ from HEAD there, and untracked ones where the library is."""
        tracked = self._status(worktree, "--untracked-files=no")
        where = [root or "." for root in layout.roots]
        return sorted({*tracked, *self._status(worktree, "--untracked-files=all", "--", *where)})

    def head_file(self, worktree: Path) -> Path:
        """Where the HEAD of a working tree lies."""
        return Path(self.git("-C", str(worktree), "rev-parse", "--absolute-git-dir").text) / "HEAD"

    def setting(self, key: str, kind: str = "") -> str | None:
        """A value of git's configuration, or None."""
        words = ["config", *([f"--type={kind}"] if kind else []), "--get", key]
        answer = self.git(*words, check=False)
        return answer.text if not answer.code else None

    def version(self) -> tuple[int, ...]:
        """The version of git, such as (2, 39, 5)."""
        said = re.search(r"\d+(?:\.\d+)*", self.git("version").text)
        return tuple(int(part) for part in said[0].split(".")) if said else ()

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
        timeout: float | None = None,
    ) -> Answer:
        """Run one git command, for ``timeout`` seconds at most.

        Raises GitStateError when it fails and ``check`` is set.
        """
        answer = command.run(words, self.root, stdin, env, timeout)
        if check and answer.code:
            raise command.failure(words, answer)
        return answer

    def _mend(self, rev: str) -> str:
        if rev == "HEAD":
            return "make a first commit"
        cut = "the clone is shallow: git fetch --unshallow (in CI: fetch-depth: 0)"
        return cut if self.shallow() else "see: git log --all --oneline"

    def _status(self, worktree: Path, *words: str) -> list[str]:
        options = ("--no-optional-locks", "--literal-pathspecs", "-C", str(worktree))
        out = self.git(*options, "status", "--porcelain", "-z", "--no-renames", *words).out
        return [part[3:].decode(errors="replace") for part in out.split(b"\0") if part]


def _commit(entry: str) -> Commit:
    sha, parents, tree, date, message = entry.split("\n", 4)
    return Commit(sha, tuple(parents.split()), tree, date, message.strip("\n"))


def _not_usable(folder: Path, answer: Answer) -> GitStateError:
    if "not a git repository" in answer.error:
        return GitStateError(f"{folder} is in no git repository", "run: git init")
    lines = [line.strip() for line in answer.error.splitlines()]
    mend = next((line for line in lines if line.startswith("git config")), "see: git status")
    return GitStateError(answer.complaint.removeprefix("fatal: "), mend)
