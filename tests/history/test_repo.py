"""Plumbing on one repository: objects, references, and what stays untouched."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fnopt.errors import GitStateError
from fnopt.history.repo import Repository
from fnopt.library.layout import Layout

from .conftest import Git, run_git

LAYOUT = Layout.of("functions")


def footprint(work: Path) -> tuple[bytes, str, dict[str, bytes]]:
    """The index, the references and the files of a working tree."""
    files = {
        str(p): p.read_bytes() for p in work.rglob("*") if p.is_file() and ".git" not in p.parts
    }
    return (work / ".git" / "index").read_bytes(), run_git(work, "show-ref"), files


def test_write_tree_touches_neither_index_nor_working_tree(work: Path, repo: Repository) -> None:
    """A tree is written while the user's own changes and index stay to the byte."""
    (work / "functions" / "words.py").write_text("mine\n")
    run_git(work, "add", ".")
    (work / "other.txt").write_text("untracked\n")
    before = footprint(work)
    tree = repo.write_tree(repo.tree("HEAD"), {"functions/new.py": b"def new(): ...\n"})
    assert footprint(work) == before
    assert sorted(repo.blobs(tree)) == [
        "functions/new.py",
        "functions/run.py",
        "functions/words.py",
    ]


def test_write_tree_while_the_index_is_locked(work: Path, repo: Repository) -> None:
    """Somebody's commit with its editor open is no obstacle."""
    lock = work / ".git" / "index.lock"
    lock.touch()
    tree = repo.write_tree(repo.tree("HEAD"), {"a.py": b"1"})
    commit = repo.commit(tree, [repo.resolve("HEAD")], "feat: a\n")
    repo.move("refs/heads/other", commit, None, "test")
    assert repo.ref("refs/heads/other") == commit
    assert lock.exists()


def test_write_tree_keeps_the_mode_of_an_executable(git: Git, repo: Repository) -> None:
    """A revised script stays executable; a new file is not."""
    tree = repo.write_tree(repo.tree("HEAD"), {"functions/run.py": b"new", "b.py": b"b"})
    assert git("ls-tree", tree, "functions/run.py").startswith("100755 ")
    assert git("ls-tree", tree, "b.py").startswith("100644 ")


def test_write_tree_turns_a_link_into_a_file(work: Path, git: Git, repo: Repository) -> None:
    """Source written where a symbolic link was does not become the link's target."""
    (work / "link.py").symlink_to("functions/words.py")
    git("add", "link.py")
    git("commit", "-qm", "link")
    tree = repo.write_tree(repo.tree("HEAD"), {"link.py": b"x = 1\n"})
    assert git("ls-tree", tree, "link.py").startswith("100644 ")


def test_write_tree_takes_files_out_and_a_file_becomes_a_folder(repo: Repository) -> None:
    """None removes, also what is not there; a removed file's name is free for a folder."""
    base = repo.write_tree(None, {"tools": b"file", "keep.py": b"k"})
    changes = {"tools/a.py": b"a", "tools": None, "absent.py": None}
    assert sorted(repo.blobs(repo.write_tree(base, changes))) == ["keep.py", "tools/a.py"]


def test_write_tree_without_changes_is_its_base(repo: Repository) -> None:
    """Nothing to change gives the same tree; no base and no changes the empty one."""
    base = repo.tree("HEAD")
    assert repo.write_tree(base, {}) == base
    assert repo.blobs(repo.write_tree(None, {})) == {}


def test_file_names_of_any_characters(repo: Repository) -> None:
    """Accents, blanks, quotes, line breaks and bytes that are no UTF-8 come back as they were."""
    names = ["fünctions/zählen.py", 'a "b"\tc.py', "two\nlines.py", "d/e/f/g.py", "b\udcff.py"]
    tree = repo.write_tree(None, {name: name.encode(errors="replace") for name in names})
    found = repo.blobs(tree)
    assert sorted(found) == sorted(names)
    assert repo.read(found["fünctions/zählen.py"]) == "fünctions/zählen.py".encode()
    assert list(repo.blobs(tree, "fünctions")) == ["fünctions/zählen.py"]
    revised = repo.write_tree(tree, dict.fromkeys(names, b"2"))
    assert sorted(repo.blobs(revised)) == sorted(names)


@pytest.mark.parametrize("path", ["../x", "/etc/x", ".git/hooks/x", "a//b", "", "a\0b", "a/../b"])
def test_paths_outside_are_refused(repo: Repository, path: str) -> None:
    """A path that git would silently leave out is an error, not a lost update."""
    with pytest.raises(GitStateError):
        repo.write_tree(repo.tree("HEAD"), {path: b"x"})


def test_read_gives_the_very_bytes(repo: Repository) -> None:
    """Blobs are bytes: empty, without last line break, with NULs and carriage returns."""
    for data in (b"", b"a\r\n\0\xff", b"x" * 100_000):
        (blob,) = repo.blobs(repo.write_tree(None, {"f": data})).values()
        assert repo.read(blob) == data


def test_reading_what_is_not_there(repo: Repository) -> None:
    """A missing object is an error with a mend, and the next read still works."""
    with pytest.raises(GitStateError, match="not in this repository"):
        repo.read("0123456789" * 4)
    (blob, *_) = repo.blobs(repo.tree("HEAD")).values()
    assert repo.read(blob)


def test_eight_threads_at_once(repo: Repository) -> None:
    """git() and read() from several threads never mix their answers."""
    tree = repo.write_tree(None, {f"f{i}": f"{i}\n".encode() * 500 for i in range(16)})
    blobs = repo.blobs(tree)

    def work(i: int) -> bool:
        blob = blobs[f"f{i % 16}"]
        data = f"{i % 16}\n".encode() * 500
        return repo.read(blob) == data and repo.git("cat-file", "blob", blob).out == data

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(160)))


def test_sha256_repository(tmp_path: Path) -> None:
    """Everything holds with 64-digit names too."""
    run_git(tmp_path, "init", "-q", "--object-format=sha256", "s")
    with Repository(tmp_path / "s") as repo:
        tree = repo.write_tree(repo.write_tree(None, {"a": b"1", "b": b"2"}), {"a": None})
        commit = repo.commit(tree, [], "one")
        repo.move("refs/heads/x", commit, None, "test")
        assert len(commit) == 64
        assert {path: repo.read(blob) for path, blob in repo.blobs(commit).items()} == {"b": b"2"}
        repo.delete("refs/heads/x", commit)
        assert repo.ref("refs/heads/x") is None


def test_bare_repository(tmp_path: Path, work: Path) -> None:
    """A bare repository has a root, takes commits, and shows no branch anywhere."""
    run_git(tmp_path, "clone", "-q", "--bare", str(work), "bare.git")
    with Repository(tmp_path / "bare.git") as repo:
        assert repo.bare
        assert repo.root == tmp_path / "bare.git"
        commit = repo.commit(repo.tree("HEAD"), [repo.resolve("HEAD")], "again")
        repo.move("refs/heads/main", commit, repo.resolve("HEAD"), "test")
        assert repo.resolve("main") == commit
        assert repo.worktrees("refs/heads/main") == []


def test_opened_from_a_subfolder_and_a_linked_worktree(
    work: Path, git: Git, tmp_path: Path
) -> None:
    """From any folder; linked working trees have their own root and share fnopt's folder."""
    git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    with Repository(work / "functions") as repo, Repository(tmp_path / "linked") as linked:
        assert repo.root == work
        assert linked.root == tmp_path / "linked"
        assert repo.folder == linked.folder == work / ".git" / "fnopt"
        assert linked.checked_out() == "refs/heads/side"
        assert repo.worktrees("refs/heads/side") == [tmp_path / "linked"]


def test_a_folder_named_like_a_variable(tmp_path: Path) -> None:
    """A dollar sign in a folder's name is a character."""
    run_git(tmp_path, "init", "-q", "$HOME")
    with Repository(tmp_path / "$HOME") as repo:
        assert repo.root == tmp_path / "$HOME"


def test_detached_head(git: Git, repo: Repository) -> None:
    """A detached HEAD shows no branch and resolves all the same."""
    git("checkout", "-q", "--detach")
    assert repo.checked_out() is None
    assert repo.resolve("HEAD") == git("rev-parse", "HEAD")


def test_empty_repository(tmp_path: Path) -> None:
    """Without a commit the mend is to make one."""
    run_git(tmp_path, "init", "-q", "empty")
    with Repository(tmp_path / "empty") as repo, pytest.raises(GitStateError) as caught:
        repo.resolve("HEAD")
    assert caught.value.mend == "make a first commit"


def test_outside_of_git(tmp_path: Path) -> None:
    """A folder in no repository says git init; one that is not there says so."""
    with pytest.raises(GitStateError, match="no git repository") as caught:
        Repository(tmp_path)
    assert "git init" in caught.value.mend
    with pytest.raises(GitStateError, match="is no folder"):
        Repository(tmp_path / "absent")


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the process in /proc")
def test_the_reading_process_may_be_killed(repo: Repository) -> None:
    """An interrupt that ends git's reader costs nothing: the next read begins another."""
    (blob, *_) = repo.blobs(repo.tree("HEAD")).values()
    first = repo.read(blob)
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    readers = [int(c) for c in children if b"cat-file" in Path(f"/proc/{c}/cmdline").read_bytes()]
    assert readers
    for process in readers:
        os.kill(process, signal.SIGKILL)
    assert repo.read(blob) == first


def test_the_version_of_git(repo: Repository) -> None:
    """The version is a tuple of numbers that compares."""
    assert repo.version() >= (2, 38)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to chown")
def test_a_repository_of_somebody_else(work: Path) -> None:
    """git's own mend is handed on, and nothing is configured by us."""
    for path in [work, *work.rglob("*")]:
        os.chown(path, 12345, 12345)
    with pytest.raises(GitStateError, match="dubious ownership") as caught:
        Repository(work)
    assert caught.value.mend.startswith("git config --global --add safe.directory ")


def test_a_hooks_environment_does_not_redirect_us(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_DIR, GIT_INDEX_FILE and the like, as hooks have them, point nowhere for us."""
    run_git(tmp_path, "init", "-q", "elsewhere")
    for name in ("GIT_DIR", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere" / "index"))
    with Repository(work) as repo:
        assert repo.root == work
        assert repo.folder == work / ".git" / "fnopt"
        (blob, *_) = repo.blobs(repo.tree("HEAD")).values()
        assert repo.read(blob)
        assert repo.changes_in(work, LAYOUT) == []


@pytest.mark.parametrize("rev", ["nope", "--all", "-x", "", "HEAD:functions", "a\nb", "main..main"])
def test_words_that_name_no_commit(repo: Repository, rev: str) -> None:
    """Whatever a user types is a revision or an error, never an option."""
    with pytest.raises(GitStateError, match="no commit is called"):
        repo.resolve(rev)


def test_a_nul_in_a_revision(repo: Repository) -> None:
    """A character that no process can be given is an error, not a traceback."""
    with pytest.raises(GitStateError, match="NUL"):
        repo.resolve("a\0b")


def test_a_shallow_clone_says_how_to_deepen(work: Path, git: Git, tmp_path: Path) -> None:
    """In CI the missing commit is the checkout's fault."""
    git("commit", "-q", "--allow-empty", "-m", "second")
    run_git(tmp_path, "clone", "-q", "--depth=1", work.as_uri(), "shallow")
    with Repository(tmp_path / "shallow") as repo:
        assert repo.shallow()
        with pytest.raises(GitStateError) as caught:
            repo.resolve("HEAD~1")
    assert "fetch-depth: 0" in caught.value.mend


def test_a_reference_is_found_by_its_full_name_only(git: Git, repo: Repository) -> None:
    """A tag named after a branch does not pass for it."""
    git("update-ref", "refs/tags/refs/heads/fnopt/r", "HEAD")
    assert repo.ref("refs/heads/fnopt/r") is None
    assert repo.ref("refs/heads/main") == git("rev-parse", "main")


def test_move_and_delete_by_compare_and_swap(git: Git, repo: Repository) -> None:
    """A reference that somebody else moved stays where it is."""
    one = repo.resolve("HEAD")
    two = repo.commit(repo.tree(one), [one], "two")
    repo.move("refs/fnopt/x", one, None, "made")
    for old in (None, two):
        with pytest.raises(GitStateError, match="could not be moved"):
            repo.move("refs/fnopt/x", two, old, "lost")
    with pytest.raises(GitStateError, match="could not be deleted"):
        repo.delete("refs/fnopt/x", two)
    assert repo.refs("refs/fnopt") == {"refs/fnopt/x": one}
    assert git("rev-parse", "refs/fnopt/x") == one


def test_a_locked_reference_says_so_in_one_line(work: Path, repo: Repository) -> None:
    """The error names the lock, not git's last line of advice."""
    lock = work / ".git" / "refs" / "heads" / "x.lock"
    lock.touch()
    with pytest.raises(GitStateError, match=r"x\.lock': File exists") as caught:
        repo.move("refs/heads/x", repo.resolve("HEAD"), None, "test")
    assert "\n" not in caught.value.message


def test_commit_writes_author_parents_and_message(git: Git, repo: Repository) -> None:
    """What goes in comes out of the log; what git cannot hold is replaced."""
    head = repo.resolve("HEAD")
    commit = repo.commit(repo.tree(head), [head], "Zähle\n\nbody\0 \ud800\n")
    (found,) = repo.log(commit, f"^{head}")
    assert (found.sha, found.parents, found.tree) == (commit, (head,), repo.tree(head))
    assert found.message == "Zähle\n\nbody  ?"
    assert found.date.startswith("2026-01-02T03:04:05")
    assert git("log", "-1", "--format=%cn", commit) == "Cy Committer"


def test_log_is_deaf_to_the_users_configuration(git: Git, repo: Repository) -> None:
    """Signatures, encodings and colours of the user's log do not reach ours."""
    git("config", "log.showSignature", "true")
    git("config", "i18n.logOutputEncoding", "latin1")
    git("config", "color.ui", "always")
    git("commit", "-q", "--allow-empty", "-m", "Zähle → 1")
    assert [commit.message for commit in repo.log("HEAD")] == ["Zähle → 1", "start"]


def test_no_identity(git: Git, repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name git refuses to commit, and the mend is the two commands."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    git("config", "user.useConfigOnly", "true")
    assert repo.identity() is None
    with pytest.raises(GitStateError, match="does not know who you are") as caught:
        repo.commit(repo.tree("HEAD"), [], "x")
    assert "git config user.name" in caught.value.mend
    git("config", "user.name", "Ada")
    git("config", "user.email", "ada@example.org")
    assert repo.identity() == "Ada <ada@example.org>"
    assert repo.commit(repo.tree("HEAD"), [], "x")


def test_signing_obeys_the_configuration(git: Git, repo: Repository) -> None:
    """A key that cannot sign stops a published commit, not an internal one."""
    git("config", "commit.gpgsign", "true")
    git("config", "gpg.program", "false")
    assert repo.commit(repo.tree("HEAD"), [], "candidate")
    with pytest.raises(GitStateError, match="could not sign") as caught:
        repo.commit(repo.tree("HEAD"), [], "published", sign=True)
    assert "commit.gpgsign" in caught.value.mend


def commit_file(work: Path, name: str, text: str) -> str:
    (work / name).write_text(text)
    run_git(work, "add", name)
    run_git(work, "commit", "-qm", f"write {name}")
    return run_git(work, "rev-parse", "HEAD")


def test_merge_revert_takes_one_update_back(work: Path, repo: Repository) -> None:
    """An update goes, what came after it stays; nothing in the repository moves."""
    bad = commit_file(work, "functions/bad.py", "bad\n")
    head = commit_file(work, "functions/later.py", "later\n")
    before = footprint(work)
    tree, conflicts = repo.merge_revert(head, bad)
    assert conflicts == ()
    assert tree is not None
    assert "functions/bad.py" not in repo.blobs(tree)
    assert "functions/later.py" in repo.blobs(tree)
    assert footprint(work) == before


def test_merge_revert_names_what_conflicts(work: Path, repo: Repository) -> None:
    """A later change of the same lines is a conflict, with its paths."""
    bad = commit_file(work, "zählen.py", "one\n")
    commit_file(work, "zählen.py", "two\n")
    assert repo.merge_revert("HEAD", bad) == (None, ("zählen.py",))


def test_merge_revert_of_a_commit_on_another_branch(work: Path, git: Git, repo: Repository) -> None:
    """What came here by a squash goes by the commit that it was before."""
    git("checkout", "-q", "-b", "side")
    commit_file(work, "functions/first.py", "first\n")
    bad = commit_file(work, "functions/bad.py", "bad\n")
    git("checkout", "-q", "main")
    git("merge", "-q", "--squash", "side")
    git("commit", "-qm", "squashed")
    tree, conflicts = repo.merge_revert("HEAD", bad)
    assert conflicts == ()
    assert tree is not None
    assert "functions/bad.py" not in repo.blobs(tree)
    assert "functions/first.py" in repo.blobs(tree)


def test_changes_in_leaves_the_index_alone(work: Path, git: Git, repo: Repository) -> None:
    """Looking for changes does not even refresh the index; renames name both paths."""
    os.utime(work / "functions" / "words.py", (1, 1))
    before = (work / ".git" / "index").read_bytes()
    assert repo.changes_in(work, LAYOUT) == []
    assert (work / ".git" / "index").read_bytes() == before
    git("mv", "functions/words.py", "functions/terms.py")
    (work / "notes.txt").touch()
    assert repo.changes_in(work, LAYOUT) == ["functions/terms.py", "functions/words.py"]


def test_a_deleted_worktree_shows_nothing(git: Git, repo: Repository, tmp_path: Path) -> None:
    """A linked working tree whose folder is gone need not follow."""
    git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    (tmp_path / "linked").rename(tmp_path / "moved")
    assert repo.worktrees("refs/heads/side") == []
