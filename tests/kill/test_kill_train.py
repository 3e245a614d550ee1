"""``fnopt train`` under SIGKILL: whatever instant it dies at, resuming tells the same story.

The model server is a process of its own and outlives every kill. Each seed kills the whole process
group ten times, after delays spread over a run, and then lets it finish; a run that is through
before is followed by another. With ``KILL_TABLE=FILE`` the tests write a row for each kill: the
seed, and what the process had said last.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import scripted_run

from fnopt.history import message
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.updates import updates
from fnopt.tempdir import UNLOCKED

from .conftest import ROOT, Server, end_group, git, processes_in

RUN = "run-1"
CONCURRENCY = 2
KILLS = 10  # of each seed
IN_SUITE = 1  # seeds in every run of the suite; the others are marked slow
SEEDS = [
    pytest.param(seed, marks=() if seed < IN_SUITE else pytest.mark.slow) for seed in range(20)
]
PRICED = ("tokens", "cost")  # what a kill may change: replies in flight are paid for again


@dataclass(frozen=True)
class Reference:
    """An undisturbed run: what it left, its requests, and its seconds of life; ``startup`` is what
    a process takes before it does anything."""

    history: list[Any]
    documents: dict[int, Any]
    requests: Counter[str]
    seconds: float
    startup: float


_references: dict[str, Reference] = {}


@pytest.fixture
def reference(server: Server, tmp_path: Path) -> Reference:
    """The undisturbed run, made once for a server."""
    if server.url not in _references:
        work = repository(tmp_path / "reference")
        began, seen = time.monotonic(), len(server.requests())
        process = start(work, server)
        assert process.wait(timeout=90) == 0, said(work)
        seconds = time.monotonic() - began
        requests = Counter(server.requests()[seen:])
        again = time.monotonic()
        assert start(work, server).wait(timeout=90) == 0  # finds that there is nothing left to do
        startup = (time.monotonic() - again) / 2
        _references[server.url] = Reference(*left_by(work), requests, seconds, startup)
    return _references[server.url]


def test_an_undisturbed_run_pays_for_no_request_twice(reference: Reference) -> None:
    """The reference is the scripted story, every body asked once."""
    told = [(one["verdict"], *one["actions"][0]) for one in reference.documents.values()]
    assert told == scripted_run.STORY
    assert max(reference.requests.values()) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_run_ends_like_an_undisturbed_one(
    seed: int,
    reference: Reference,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Same history and evidence, a sound repository, nothing left over, nothing paid twice.

    A run that is through before it was killed so many times is followed by another.
    """
    monkeypatch.setenv("TMPDIR", str(temporary := tmp_path / "tmp"))
    temporary.mkdir()
    killed, chance, runs = 0, random.Random(seed), 0
    while killed < KILLS:
        runs += 1
        assert runs <= KILLS, "hardly a process lived until it was to be killed"
        work = repository(tmp_path / f"killed{runs}")
        last_words = killed_run(work, server, chance, reference, KILLS - killed)
        note(seed, last_words)
        killed += len(last_words)


def killed_run(
    work: Path, server: Server, chance: random.Random, reference: Reference, most: int
) -> list[str]:
    """A run that is killed up to so many times and then left to finish, looked at from all sides;
    the last words of each process that was killed."""
    main = git(work, "rev-parse", "main")
    seen = len(server.requests())
    killed = kill_and_resume(work, server, chance, reference, most)
    assert left_by(work) == (reference.history, reference.documents)
    assert git(work, "fsck", "--strict", "--no-dangling") == ""
    ours = work / ".git" / "fnopt"  # there lies the file that a run is held by
    assert [lock for lock in (work / ".git").rglob("*.lock") if lock.parent != ours] == []
    assert [path.name for path in ours.iterdir() if path.suffix in (".journal", ".holder")] == []
    left = [path.name for path in Path(os.environ["TMPDIR"]).iterdir()]
    assert [name for name in left if not name.startswith(UNLOCKED)] == []
    assert processes_in(work.parents[1]) == []
    assert git(work, "for-each-ref", "refs/fnopt/pending/") == ""
    assert git(work, "status", "--porcelain") == ""
    assert git(work, "rev-parse", "main") == main
    paid = Counter(server.requests()[seen:])
    assert paid.keys() == reference.requests.keys()
    assert paid.total() - len(paid) <= len(killed) * CONCURRENCY
    return killed


def note(seed: int, killed: list[str]) -> None:
    """Rows of the table of kills."""
    if path := os.environ.get("KILL_TABLE"):
        with Path(path).open("a") as table:
            table.writelines(f"{seed}\t{last}\n" for last in killed)


def kill_and_resume(
    work: Path, server: Server, chance: random.Random, reference: Reference, most: int
) -> list[str]:
    """Kill it again and again, then let it finish; the last words of each that was killed.

    Most kills come soon after a process has begun, so that each goes on from another instant.
    """
    killed: list[str] = []
    for _ in range(most):
        process = start(work, server)
        spread = chance.choice((0.2, 0.2, 0.2, 0.5)) * reference.seconds
        try:
            process.wait(timeout=reference.startup + chance.uniform(0.0, spread))
        except subprocess.TimeoutExpired:
            killed.append(said(work).strip().rpartition("\n")[2])
        end_group(process)
        if process.returncode == 0:
            return killed
    process = start(work, server)
    assert process.wait(timeout=90) == 0, said(work)
    end_group(process)
    return killed


def start(work: Path, server: Server) -> subprocess.Popen[bytes]:
    """``fnopt train`` in a session of its own."""
    with (work.parent / "said").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", "from fnopt.cli.main import main; main()", "train"],
            cwd=work,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "OPENAI_BASE_URL": server.url,
                "OPENAI_API_KEY": "a-key",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def said(work: Path) -> str:
    """What the last process in a repository said."""
    return (work.parent / "said").read_text()


def repository(folder: Path) -> Path:
    """A repository with the scripted run's files."""
    work = folder / "work"
    for path, content in scripted_run.FILES.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)
    git(work, "init", "-q", "-b", "main")
    git(work, "add", ".")
    git(work, "commit", "-qm", "start")
    return work


def left_by(work: Path) -> tuple[list[Any], dict[int, Any]]:
    """The branch as (subject, tree of functions/, trailers), and the evidence; without costs."""
    with Repository(work) as repo:
        branch = RunBranch(repo, RUN)
        history = [
            (
                commit.message.splitlines()[0],
                git(work, "rev-parse", f"{commit.sha}:functions"),
                {k: v for k, v in message.trailers(commit.message).items() if k != "Fnopt-Cost"},
            )
            for commit in branch.commits()
        ]
        steps = branch.evidence.steps().items()
        documents = {n: {k: v for k, v in d.items() if k not in PRICED} for n, d in steps}
        assert [(u.verdict, u.action, u.function) for u in updates(branch)] == scripted_run.STORY
    return history, documents
