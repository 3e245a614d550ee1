"""Disks that are full or cannot be written, stores that are damaged, clocks and machines asleep."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer

from .conftest import Fnopt
from .fault_scene import Arrange, Fault, Scene, faults, play

pytestmark = pytest.mark.slow

DONE = "stopped (small)"
UNMOUNT = ["umount", "-l"]  # a bind mount is none to os.path.ismount


@pytest.fixture
def scene(
    tools: Path, server: ScriptedServer, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """A repository with the scripted run's files; whatever was mounted over it goes."""
    yield Scene(tools, server, fnopt, monkeypatch)
    while (
        subprocess.run([*UNMOUNT, str(tools / ".git")], capture_output=True, check=False).returncode
        == 0
    ):
        pass


def store(scene: Scene) -> Path:
    """The cache."""
    return scene.tools / ".git" / "fnopt" / "store.db"


def after_a_step(damage: Arrange) -> Arrange:
    """Something happens to the files after a first step."""

    def arrange(scene: Scene) -> None:
        told = scene.fnopt("step")
        assert told.code == 0, told
        damage(scene)

    return arrange


def meanwhile(damage: Arrange, request: int = 25) -> Arrange:
    """Something happens while a certain request is answered."""

    def arrange(scene: Scene) -> None:
        count = [0]

        def respond(body: Json) -> Answer:
            count[0] += 1
            if count[0] == request:
                damage(scene)
            return scripted_run.respond(body)

        scene.answers(respond)

    return arrange


def scramble(scene: Scene) -> None:
    """A block of it is overwritten."""
    for path in store(scene).parent.glob("store.db*"):
        with path.open("r+b") as file:
            file.seek(0)
            file.write(b"\xde\xad\xbe\xef" * 1024)


def other_version(scene: Scene) -> None:
    """Another fnopt wrote it."""
    with sqlite3.connect(store(scene)) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def truncate(scene: Scene) -> None:
    """It is cut in half."""
    data = store(scene).read_bytes()
    store(scene).write_bytes(data[: len(data) // 2])


def remove(scene: Scene) -> None:
    """It is gone, and all beside it."""
    shutil.rmtree(store(scene).parent)


def mounted(*words: str) -> None:
    """Mount something, or skip the test where that is not allowed."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount: {done.stderr.strip()}")


def read_only(scene: Scene) -> None:
    """The git folder can be read only, as in a container's mounted checkout."""
    folder = str(scene.tools / ".git")
    mounted("--bind", folder, folder)
    mounted("-o", "remount,ro,bind", folder)


def writable(scene: Scene) -> None:
    """As before."""
    subprocess.run([*UNMOUNT, str(scene.tools / ".git")], check=True)


def small_disk(scene: Scene) -> None:
    """The git folder lies on a disk of its own, with room for a little."""
    folder = scene.tools / ".git"
    copy = scene.tools.parent / "git-copy"
    shutil.copytree(folder, copy)
    mounted("-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(folder))
    shutil.copytree(copy, folder, dirs_exist_ok=True)


def fill(scene: Scene) -> None:
    """Something else takes what room was left."""
    filler = os.open(scene.tools / ".git" / "filler", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(filler, b"x" * 4096):
            pass
    os.close(filler)


def full_disk(scene: Scene) -> None:
    """It is full in mid-run."""
    small_disk(scene)
    meanwhile(fill)(scene)


def full_at_once(scene: Scene) -> None:
    """It is full when the command begins."""
    small_disk(scene)
    fill(scene)


def room_again(scene: Scene) -> None:
    """What filled it goes, and it grows."""
    (scene.tools / ".git" / "filler").unlink(missing_ok=True)
    folder = str(scene.tools / ".git")
    subprocess.run(["mount", "-o", "remount,size=50m", folder], check=True)


def from_the_future(scene: Scene) -> None:
    """The clock went back by years between two commands: all that is there is younger than now."""
    scene.monkeypatch.setenv("GIT_COMMITTER_DATE", "2039-01-01T00:00:00+00:00")
    scene.monkeypatch.setenv("GIT_AUTHOR_DATE", "2039-01-01T00:00:00+00:00")
    assert scene.fnopt("step").code == 0
    later = time.time() + 400_000_000
    for path in (scene.tools / ".git").rglob("*"):
        os.utime(path, (later, later))
    scene.monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02T03:04:06+00:00")
    scene.monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-02T03:04:06+00:00")


@faults(
    Fault("the store is overwritten between steps", after_a_step(scramble), 0, DONE, again=99),
    Fault("the store is cut in half between steps", after_a_step(truncate), 0, DONE, again=99),
    Fault("another version wrote the store", after_a_step(other_version), 0, DONE, again=99),
    Fault("the store is deleted between steps", after_a_step(remove), 0, DONE, again=99),
    Fault("a read-only git folder", read_only, 4, "mend: ", writable),
    Fault(
        "a read-only git folder, in mid-run", meanwhile(read_only), 4, "mend: ", writable, again=2
    ),
    Fault("a disk that is full", full_at_once, 4, "No space left on device", room_again),
    Fault("a disk that fills in mid-run", full_disk, 1, "mend: ", room_again, again=4),
    Fault("a clock that went back by years", from_the_future, 0, DONE),
)
def test_the_run_survives(scene: Scene, fault: Fault) -> None:
    """Set aside and begun anew, or ended with a clear line; what git has is never lost."""
    play(scene, fault)


def test_a_machine_that_sleeps(scene: Scene) -> None:
    """Stopped in its tracks for longer than a model may take to answer, and woken: it goes on."""
    scene.answers(scripted_run.respond)
    scene.configure("agent", "timeout = 2.0")
    words = [sys.executable, "-m", "fnopt", "train", "--json"]
    process = subprocess.Popen(words, cwd=scene.tools, start_new_session=True, text=True, stdout=-1)
    time.sleep(3.0)
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(4.0)
    os.killpg(process.pid, signal.SIGCONT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    log = scene.fnopt("log", "--json").json["updates"]
    told = [(one["verdict"], one["action"], one["function"]) for one in log]
    assert told == scripted_run.STORY
