"""The only room that runs git, here: plumbing on one repository.

Nothing here touches the user's working tree, index, stash or branches. Objects are written by
themselves; references move by compare-and-swap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fnopt import tempdir
from fnopt.errors import GitStateError
from fnopt.history import command
from fnopt.history.command import Answer
from fnopt.history.objects import TREE, ObjectReader, listed
from fnopt.history.writer import ObjectWriter
from fnopt.library.layout import Layout
from fnopt.library.unread import Entry

TREES = 256
"""Trees whose entries are kept."""

_PLAIN = re.compile(r"refs/(?!.*-g[0-9a-f]+$)[^\s~^:?*\[\\@{}]+")
"""References whose names mean nothing else: ``NAME-gABCDEF`` may mean a commit (gitrevisions)."""

_ORDINARY = re.compile(r"\w[\w .-]*(?<![ .])(/\w[\w .-]*(?<![ .]))*")
"""Paths that mean the same everywhere. Of others git knows whether it may hold them: ``git~1``."""

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
        self._trees: dict[str, Mapping[str, tuple[str, str]]] = {}

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
        found = self._objects.find(f"{commit}^{{tree}}")
        if found is None:
            raise GitStateError(f"{commit} has no tree in this repository", "see: git fsck")
        return found.name

    def blobs(self, tree: str, *folders: str) -> dict[str, str]:
        """Path and blob of every regular file of a tree, or of some folders and files in it."""
        entries = self._entries(tree, folders)
        return {path: blob for path, mode, blob in entries if mode.startswith("100")}

    def others(self, tree: str, *folders: str) -> dict[str, Entry]:
        """Path and kind of what else a library's folders hold; of files, those named as folders."""
        kinds: dict[str, Entry] = {"120000": "link", "160000": "repository"}
        found: dict[str, Entry] = {}
        for path, mode, _ in self._entries(tree, folders):
            if mode in kinds or path in folders:
                found[path] = kinds.get(mode, "file")
        return found

    def _entries(self, tree: str, folders: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Path, mode and object of every file in a tree, or of those below or at some paths."""
        root = self.tree(tree)
        if not all(folders):
            folders = ()
        if not folders:
            yield from self._below("", root)
        for folder in sorted(set(folders)):
            mode, name = self._at(root, folder)
            if mode == TREE:
                yield from self._below(f"{folder}/", name)
            elif mode:
                yield folder, mode, name

    def _at(self, tree: str, path: str) -> tuple[str, str]:
        """Mode and object of what lies at a path of a tree; empty where nothing does."""
        mode, name = TREE, tree
        for part in path.split("/"):
            mode, name = self._tree(name).get(part, ("", "")) if mode == TREE else ("", "")
        return mode, name

    def _below(self, folder: str, tree: str) -> Iterator[tuple[str, str, str]]:
        for part, (mode, name) in self._tree(tree).items():
            if mode == TREE:
                yield from self._below(f"{folder}{part}/", name)
            else:
                yield f"{folder}{part}", mode, name

    def _tree(self, name: str) -> Mapping[str, tuple[str, str]]:
        """Mode and object by name of what a tree object lists. Most are read again and again."""
        known = self._trees.get(name)
        if known is None:
            known = self._trees[name] = listed(self._objects.read(name), len(name) // 2)
            while len(self._trees) > TREES:
                self._trees.pop(next(iter(self._trees)), None)
        return known

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
        if not all(_ORDINARY.fullmatch(path) for path in changes):
            return self._write_by_index(base, changes)
        top = self._changed(self.tree(base) if base else "", changes)
        return top or self._writer.tree({})

    def _changed(self, tree: str, changes: Mapping[str, bytes | None]) -> str:
        """A tree with the files below it changed; empty where no file is left."""
        entries = dict(self._tree(tree)) if tree else {}
        within: dict[str, dict[str, bytes | None]] = {}
        for path, data in changes.items():
            part, _, rest = path.partition("/")
            mode, name = entries.get(part, ("", ""))
            if rest:
                within.setdefault(part, {})[rest] = data
            elif data is not None:
                kept = (
                    mode if mode.startswith("100") else "100644"
                )  # what was a link becomes a file
                entries[part] = (kept, self._writer.blob(data))
            elif mode != TREE:
                entries.pop(part, None)
        for part, inside in within.items():
            mode, name = entries.get(part, ("", ""))
            if mode != TREE and all(data is None for data in inside.values()):
                continue  # no folder: there is nothing to take out
            below = self._changed(name if mode == TREE else "", inside)
            entries.pop(part, None)
            entries |= {part: (TREE, below)} if below else {}
        return self._writer.tree(entries) if entries else ""

    def _write_by_index(self, base: str | None, changes: Mapping[str, bytes | None]) -> str:
        """The same through an index file: git says which of the names may be."""
        with _index_folder() as folder:
            index = {"GIT_INDEX_FILE": str(folder / "index")}
            self.git("read-tree", base or "--empty", env=index)
            modes = self._modes(self.tree(base), list(changes)) if base and changes else {}
            # what goes makes room first: a file may become a folder
            files = sorted(changes.items(), key=lambda change: change[1] is not None)
            lines = b"".join(self._index_line(path, data, modes) for path, data in files)
            words = ("update-index", "-z", "--add", "--index-info")
            answer = self.git(*words, env=index, stdin=lines)
            if "Ignoring path" in answer.error:  # git skips ../x and goes on
                raise GitStateError(f"git update-index: {answer.complaint}", "name another file")
            return self.git("write-tree", env=index).text

    def exchange(self, tree: str, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
        """The tree with the files ``new`` in place of ``old``, which it holds."""
        edits = {path: new.get(path) for path in old.keys() | new.keys()}
        return self.write_tree(tree, {p: data for p, data in edits.items() if data != old.get(p)})

    def commit(self, tree: str, parents: Sequence[str], message: str, *, sign: bool = False) -> str:
        """Write a commit object; no reference moves, no hook runs.

        ``sign`` obeys the user's ``commit.gpgsign``. Raises GitStateError without an identity.
        """
        words = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree]
        words += [word for parent in parents for word in ("-p", parent)]
        if sign and self.setting("commit.gpgsign", "bool") == "true":
            words.append("-S")
        text = message.replace("\0", " ").encode(errors="replace")
        return self.git(*words, "-F", "-", stdin=text).text

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
    ) -> Answer:
        """Run one git command. Raises GitStateError when it fails and ``check`` is set."""
        answer = command.run(words, self.root, stdin, env)
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

    def _modes(self, tree: str, paths: list[str]) -> dict[str, str]:
        """The modes of the regular files among paths; what was a link becomes a file."""
        found = {path: self._at(tree, path)[0] for path in paths}
        return {path: mode for path, mode in found.items() if mode.startswith("100")}

    def _index_line(self, path: str, data: bytes | None, modes: Mapping[str, str]) -> bytes:
        name = path.encode(errors="surrogateescape")
        if b"\0" in name:
            raise GitStateError(f"{path!r} cannot name a file", "name another file")
        if data is None:
            return b"0 " + b"0" * self._hash_length + b"\t" + name + b"\0"
        blob = self.git("hash-object", "-w", "--stdin", stdin=data).text
        return f"{modes.get(path, '100644')} {blob}\t".encode() + name + b"\0"

    @cached_property
    def _hash_length(self) -> int:
        return 64 if self.git("rev-parse", "--show-object-format").text == "sha256" else 40


@contextmanager
def _index_folder() -> Iterator[Path]:
    folder = tempdir.folder("index")
    try:
        yield folder
    finally:
        tempdir.remove(folder)


def _commit(entry: str) -> Commit:
    sha, parents, tree, date, message = entry.split("\n", 4)
    return Commit(sha, tuple(parents.split()), tree, date, message.strip("\n"))


def _not_usable(folder: Path, answer: Answer) -> GitStateError:
    if "not a git repository" in answer.error:
        return GitStateError(f"{folder} is in no git repository", "run: git init")
    lines = [line.strip() for line in answer.error.splitlines()]
    mend = next((line for line in lines if line.startswith("git config")), "see: git status")
    return GitStateError(answer.complaint.removeprefix("fatal: "), mend)
