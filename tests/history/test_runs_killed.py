"""SIGKILL of the whole process group in the middle of publishing, then the next holder."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fnopt.history import message
from fnopt.history.runs import RunBranch
from fnopt.library.layout import Layout

from .conftest import Git

LAYOUT = Layout.of("functions")

PUBLISHER = """
import sys
from pathlib import Path
from fnopt.history import message
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.library.layout import Layout

LAYOUT = Layout.of("functions")

def step(run):
    n = len(run.repo.log(run.branch))
    text = message.compose("feat: f", ".", [("Fnopt-Run", "r"), ("Fnopt-Step", str(n))])
    files = {"functions/words.py": b"%d" % n, f"functions/f{n % 3}.py": b"f" if n % 2 else None}
    tree = run.repo.write_tree(run.repo.tree(run.head()), files)
    run.publish(run.pending() or run.pend(tree, n, text), text, LAYOUT, keep=n % 4 > 1)

with Repository(Path(sys.argv[1])) as repo:
    run = RunBranch(repo, "r")
    with run.lock():
        print("held", flush=True)
        while True:
            step(run)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups here")
def test_no_kill_leaves_anything_half(work: Path, git: Git, run: RunBranch) -> None:
    """Six seeded kills: each next holder goes on; at the end all is whole and in order."""
    git("checkout", "-q", "fnopt/r")
    seed = random.Random(4)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    words = [sys.executable, "-c", PUBLISHER, str(work)]
    for _ in range(6):
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, env=env, text=True, start_new_session=True
        ) as publisher:
            assert publisher.stdout is not None
            assert publisher.stdout.readline() == "held\n"
            time.sleep(0.02 + seed.random() * 0.15)
            os.killpg(publisher.pid, signal.SIGKILL)
    with run.lock():
        assert git("status", "--porcelain") == ""
        tree = run.repo.write_tree(run.repo.tree(run.head()), {"functions/last.py": b"last"})
        text = message.compose("feat: last", ".", [("Fnopt-Run", "r"), ("Fnopt-Step", "99")])
        run.publish(run.pending() or run.pend(tree, 99, text), text, LAYOUT, keep=False)
        assert git("status", "--porcelain") == ""
    assert [path for path in (work / ".git").rglob("*.lock") if path.parent.name != "fnopt"] == []
    whole = run.repo.log(run.branch)
    reverted = {commit.parents[0] for commit in whole if message.reverted(commit.message)}
    assert len(whole) >= 3
    assert reverted == {bad for c in whole if (bad := message.reverted(c.message))}
    git("fsck", "--strict", "--no-dangling")
