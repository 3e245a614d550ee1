"""Objects written through long-lived processes: what git itself would have written."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fnopt.errors import GitStateError
from fnopt.history.repo import Repository
from fnopt.history.writer import ObjectWriter

from .conftest import Git

DATA = [b"", b"one\n", b"\0\xff binary", "\u00e4\r\n".encode(), b"x" * 3_000_000]


@pytest.fixture
def writer(work: Path) -> Iterator[ObjectWriter]:
    one = ObjectWriter(work)
    yield one
    one.close()


def test_blobs_are_what_git_makes_of_them(writer: ObjectWriter, repo: Repository) -> None:
    """Whatever they hold, one after the other."""
    for data in DATA:
        name = writer.blob(data)
        assert repo.read(name) == data
        assert repo.git("hash-object", "--stdin", stdin=data).text == name


CHANGES: list[Mapping[str, bytes | None]] = [
    {"a.py": b"new\n"},
    {"functions/a.py": b"1\n", "functions/deep/er/b.py": b"2\n"},
    {"functions/one.py": None},
    dict.fromkeys([f"functions/{one}.py" for one in ("one", "two", "run", "words")]),  # the folder
    {"functions": b"a file now\n"},
    {"functions": b"a file now\n", "functions/one.py": None, "functions/two.py": None},
    {"readme.md/inside.py": b"a folder now\n"},
    {"nowhere.py": None, "functions/nowhere/at/all.py": None},
    {"script.sh": b"still executable\n"},
    {"functions-x.py": b"before the folder\n", "functions0.py": b"behind it\n"},
    {"link": b"a file now\n"},
    {"link/x.py": b"a folder now\n"},
    {"\u00fcber/m\u00fcsli v1.2.py": b"spaces and letters\n"},
]


@pytest.mark.parametrize("changes", CHANGES, ids=[" ".join(one) for one in CHANGES])
def test_a_tree_is_what_the_index_makes_of_it(
    git: Git, work: Path, repo: Repository, changes: Mapping[str, bytes | None]
) -> None:
    """The same as through ``git update-index``, to the object."""
    for path, data in (("functions/one.py", "1\n"), ("functions/two.py", "2\n")):
        (work / path).parent.mkdir(exist_ok=True)
        (work / path).write_text(data)
    (work / "readme.md").write_text("Read.\n")
    (work / "script.sh").write_text("true\n")
    (work / "script.sh").chmod(0o755)
    (work / "link").symlink_to("readme.md")
    git("add", ".")
    git("commit", "-qm", "files")
    head = repo.resolve("HEAD")
    for base in (head, None):
        assert repo.write_tree(base, changes) == repo._trees.write_by_index(base, changes)
    assert git("fsck", "--strict", "--no-dangling") == ""


def test_a_killed_process_is_begun_anew(writer: ObjectWriter) -> None:
    """An interrupt is sent to the whole group, git among it."""
    first = writer.blob(b"one")
    tree = writer.tree({"a": ("100644", first)})
    for served in (writer._blobs, writer._trees):
        assert served._process is not None
        os.kill(served._process.proc.pid, signal.SIGKILL)
        served._process.proc.wait()
    assert writer.blob(b"one") == first
    assert writer.tree({"a": ("100644", first)}) == tree


def test_what_git_cannot_write_is_told_in_its_words(work: Path, writer: ObjectWriter) -> None:
    """And the next object is written."""
    (work / ".git").rename(work / "gone")
    with pytest.raises(GitStateError, match="hash-object: fatal: not a git repository"):
        writer.tree({})
    (work / "gone").rename(work / ".git")
    assert writer.tree({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_what_git_would_no_longer_write_stays(repo: Repository) -> None:
    """Trees of old repositories: a mode of before 2005, and a link that fsck warns of."""
    old = repo.git("hash-object", "-w", "--stdin", stdin=b"old").text
    lines = f"100664 blob {old}\told.py\n120000 blob {old}\t.gitignore\n"
    tree = repo.git("mktree", stdin=lines.encode()).text
    changed = repo.write_tree(tree, {"new.py": b"1\n"})
    raw = repo.git("cat-file", "tree", changed).out
    assert [raw.count(one) for one in (b"100664 old.py", b"120000 .gitignore", b"new.py")] == [
        1
    ] * 3
