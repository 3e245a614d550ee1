"""``fnopt eval`` under SIGKILL in mid-evaluation: what was paid for is kept, and counted once.

The whole process group is killed when the server has had so many requests more; the model server,
and with Dask the workers, live on.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import scripted_run
from dask_cluster import Cluster

from .conftest import ROOT, Server, end_group, git, processes_in

CONCURRENCY = 4
KILLS = 5  # of each seed
TASKS = 60
FREE = ("model_calls", "tokens", "cost")  # of the last process alone
SEEDS = range(6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_evaluation_goes_on(seed: int, server: Server, tmp_path: Path) -> None:
    """Same figures; each trial kept once; only requests under way are paid for twice."""
    work = repository(tmp_path)
    killed = kill_and_resume(work, server, random.Random(seed), "threads")
    assert 0 < killed <= KILLS
    assert again(work, server) <= killed * CONCURRENCY


@pytest.mark.slow
def test_a_killed_evaluation_on_dask_goes_on(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same of one whose trials run elsewhere: whole trials are what may be paid for twice."""
    pytest.importorskip("distributed")
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    cluster = Cluster(tmp_path)
    cluster.start_scheduler()
    try:
        for _ in range(2):
            cluster.start_worker("--no-nanny")
        work = repository(tmp_path / "repository")
        killed = kill_and_resume(work, server, random.Random(0), f"dask:{cluster.address}")
    finally:
        cluster.stop()
    assert 0 < killed <= KILLS
    assert again(work, server) <= killed * CONCURRENCY * 2


def kill_and_resume(work: Path, server: Server, chance: random.Random, executor: str) -> int:
    """Kill it again and again, then let it finish and look at what it left; how often it died."""
    killed = 0
    for _ in range(KILLS):
        process = start(work, server, executor)
        until = len(asked(work, server)) + chance.randint(1, 2 * TASKS // (KILLS + 1))
        while process.poll() is None and len(asked(work, server)) < until:
            time.sleep(0.005)
        killed += process.poll() is None
        end_group(process)
    process = start(work, server, executor)
    out, _ = process.communicate(timeout=100)
    end_group(process)
    told: dict[str, Any] = {k: v for k, v in json.loads(out).items() if k not in FREE}
    rev = git(work, "rev-parse", "main")
    figures = {"score": 1.0, "trials": TASKS, "right": TASKS}
    assert told == {"schema": 1, "rev": rev, "split": "val", "tier": "confined", **figures}
    assert processes_in(work) == []
    assert git(work, "status", "--porcelain") == ""
    with sqlite3.connect(work / ".git" / "fnopt" / "store.db") as store:
        (count,) = store.execute("SELECT count(*) FROM trials").fetchone()
    store.close()
    assert count == TASKS
    return killed


def again(work: Path, server: Server) -> int:
    """How many requests were made beyond one of each; none is missing."""
    paid = Counter(asked(work, server))
    assert len(paid) == 2 * TASKS
    return paid.total() - len(paid)


def asked(work: Path, server: Server) -> list[str]:
    """The requests since the repository was made."""
    return server.requests()[int((work.parent / "before").read_text() or 0) :]


def start(work: Path, server: Server, executor: str) -> subprocess.Popen[bytes]:
    """``fnopt eval`` in a session of its own."""
    before = work.parent / "before"
    if not before.exists():
        before.write_text(str(len(server.requests())))
    with (work.parent / "said").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", "from fnopt.cli.main import main; main()", "eval", "--json"],
            cwd=work,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "OPENAI_BASE_URL": server.url,
                "OPENAI_API_KEY": "a-key",
                "FNOPT_AGENT_CONCURRENCY": str(CONCURRENCY),
                "FNOPT_AGENT_EXECUTOR": executor,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )


def repository(folder: Path) -> Path:
    """A repository with the function that all of many val tasks need; each question its own."""
    work = folder / "work"
    words = [f"{'e' * (n % 7)}{chr(97 + n % 26)}{'r' * (n // 7)}" for n in range(TASKS)]
    val = tuple(scripted_run.letters("e", f"{word}{n}") for n, word in enumerate(words))
    files = {
        **scripted_run.FILES,
        "functions/count_letter.py": scripted_run.COUNT_ALL.encode(),
        "tasks/val.jsonl": scripted_run.lines("val", val),
    }
    for path, content in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)
    git(work, "init", "-q", "-b", "main")
    git(work, "add", ".")
    git(work, "commit", "-qm", "start")
    return work
