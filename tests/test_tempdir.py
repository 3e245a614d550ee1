"""What a killed process leaves in the folder for temporary files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from fnopt import tempdir

MAKE = (
    "import sys, time; from fnopt import tempdir; folder = tempdir.folder('x')\n"
    "(folder / 'deep').mkdir(); (folder / 'deep' / 'file').write_text('x')\n"
    "print(folder, flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this test's processes alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def started() -> tuple[subprocess.Popen[str], Path]:
    """A process that has a folder, until its standard input ends."""
    words = [sys.executable, "-c", MAKE]
    process = subprocess.Popen(words, stdin=-1, stdout=-1, text=True)
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def ended(process: subprocess.Popen[str]) -> None:
    process.communicate("")


def test_a_process_that_ends_leaves_nothing(above: Path) -> None:
    """Not the folders that it forgot to remove either."""
    process, folder = started()
    assert folder.is_dir()
    ended(process)
    assert list(above.iterdir()) == []


def test_what_a_killed_one_left_goes_with_the_next(above: Path) -> None:
    """And what belongs to one that lives stays."""
    killed, left = started()
    alive, kept = started()
    killed.kill()
    killed.wait()
    assert left.is_dir()
    ended(started()[0])
    assert not left.exists()
    assert kept.is_dir()
    assert (kept / "deep" / "file").read_text() == "x"
    ended(alive)
    assert list(above.iterdir()) == []


def test_what_is_not_ours_stays(above: Path) -> None:
    """Links to somewhere else, other names, and one that was made this very instant."""
    elsewhere = above / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (above / f"{tempdir.PREFIX}link").symlink_to(elsewhere)
    young, old = above / f"{tempdir.UNLOCKED}young", above / f"{tempdir.UNLOCKED}old"
    young.mkdir()
    old.mkdir()
    os.utime(old, (time.time() - 2 * tempdir.STALE,) * 2)
    ended(started()[0])
    left = {path.name for path in above.iterdir()}
    assert left == {"elsewhere", f"{tempdir.PREFIX}link", young.name}
    assert (elsewhere / "file").exists()


def test_folders_of_one_process(above: Path) -> None:
    """Each new and empty; one that is gone, with all around it, is made again."""
    first, second = tempdir.folder("a"), tempdir.folder("a")
    assert first != second
    assert first.parent == second.parent
    tempdir.remove(first)
    assert not first.exists()
    tempdir.remove(second.parent)
    third = tempdir.folder("a")
    assert third.is_dir()
    tempdir.remove(third.parent)


def test_removing_what_resists(above: Path) -> None:
    """A tree deeper than any stack, without the right to enter it."""
    folder = deep = tempdir.folder("deep")
    here = os.open(deep, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.fchmod(here, 0)
    os.close(here)
    tempdir.remove(folder)
    deadline = time.monotonic() + 60  # a removal that takes long goes on beside
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not folder.exists()
    tempdir.remove(folder.parent)
