"""Temporary folders that do not outlive a killed process for long: the next one sweeps them away.

All of a process lie in one folder, which it holds by a lock for as long as it lives. A folder that
nobody holds was left by a process that was killed. (Process numbers would not do: containers that
share ``/tmp`` have the same ones.)
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "fnopt-work-"
UNLOCKED = "fnopt-new-"  # for the instant between making one and holding it
PATIENCE = 2.0  # seconds that a removal is waited for
STALE = 3600.0  # seconds after which one that was never held is somebody's who died in between

_lock = threading.Lock()
_held: dict[int, tuple[Path, FileLock]] = {}  # by process: a fork makes its own


def folder(what: str) -> Path:
    """A new, empty folder of this process; ``what`` it is for stands in its name.

    Who asked removes it (:func:`remove`); what is left goes when the process ends, or after it.
    """
    return Path(tempfile.mkdtemp(prefix=f"{what}-", dir=home()))


def home() -> Path:
    """The folder of this process in which all others are made."""
    with _lock:
        ours = _held.get(os.getpid())
        if ours is None or not ours[0].is_dir():
            ours = _held[os.getpid()] = _begun()
    return ours[0]


@contextmanager
def lent(what: str) -> Iterator[Path]:
    """A :func:`folder` that is removed behind its use."""
    path = folder(what)
    try:
        yield path
    finally:
        remove(path)


def remove(path: Path) -> None:
    """Remove a folder whatever stands in it. By ``rm``: Python's own removal keeps a descriptor
    and a stack frame per level, of which learned code can nest more than this process has. What
    takes longer than a moment goes on beside."""
    with contextlib.suppress(OSError):
        path.rmdir()
        return
    for command in (["rm", "-rf"], ["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        quiet = subprocess.DEVNULL
        done = subprocess.Popen(
            [*command, "--", str(path)], stdin=quiet, stdout=quiet, stderr=quiet
        )
        try:
            done.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return  # thousands of folders, say: it goes on beside
        if not path.exists():
            return


def _begun() -> tuple[Path, FileLock]:
    above = Path(tempfile.gettempdir())
    sweep(above)
    new = Path(tempfile.mkdtemp(prefix=UNLOCKED, dir=above))
    lock = FileLock(new / "lock", timeout=0, thread_local=False)
    lock.acquire()
    held = new.with_name(PREFIX + new.name.removeprefix(UNLOCKED))
    new.rename(held)
    atexit.register(_end, os.getpid())
    return held, lock


def _end(process: int) -> None:
    """At the end of the process that began it; a fork inherits what is registered."""
    ours = _held.pop(process, None) if process == os.getpid() else None
    if ours is not None:
        shutil.rmtree(ours[0], ignore_errors=True)


def sweep(above: Path | None = None) -> None:
    """Remove what killed processes left in the folder for temporary files."""
    above = above or Path(tempfile.gettempdir())
    for left in above.glob(f"{PREFIX}*"):
        if _is_ours(left) and not _is_held(left / "lock"):
            remove(left)
    for left in above.glob(f"{UNLOCKED}*"):
        with contextlib.suppress(OSError):
            if _is_ours(left) and time.time() - left.stat().st_mtime > STALE:
                remove(left)


def _is_ours(path: Path) -> bool:
    """A folder of this user, and no link to one."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _is_held(path: Path) -> bool:
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return False  # it has just been removed by another
    lock.release()
    return False
