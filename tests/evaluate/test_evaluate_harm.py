"""Evaluations while the world around them goes wrong: real HTTP, real sandbox, a store on disk."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scripted_server import Answer, Fail, Json, ScriptedServer, text

from fnopt.agents.agent import Setup
from fnopt.agents.tools import ToolsAgent
from fnopt.evaluate.evaluation import Evaluator, Progress
from fnopt.evaluate.trial import Bench
from fnopt.models.connect import connect
from fnopt.models.protocol import TEXT_LIMIT
from fnopt.prose import Prose
from fnopt.records import Evaluation
from fnopt.sandbox import Sandbox
from fnopt.store import VERSION, Store
from fnopt.tasks.scorers import Checked, contains, exact
from fnopt.train.budget import Budget, Limits

from .doubling import library, respond, tasks

COUNT = 20


@dataclass
class Desk:
    """One who evaluates with a store at a path."""

    box: Sandbox
    server: ScriptedServer
    path: Path
    scorer: Checked = field(default_factory=lambda: Checked(exact))
    progress: list[Progress] = field(default_factory=list)

    def evaluate(self, count: int = COUNT) -> Evaluation:
        """So many tasks, with a store that is opened for it."""
        store, budget = Store(self.path), Budget(Limits())
        client = connect("m", self.server.url, store, meter=budget)
        bench = Bench(ToolsAgent(Setup(client, Prose(), "m")), self.box, self.scorer)
        evaluator = Evaluator(bench, store, concurrency=4, on_progress=self.progress.append)
        try:
            return evaluator.evaluate(library(), "val", tasks(count))
        finally:
            client.close()
            store.close()

    def asked(self, count: int = COUNT) -> int:
        """How many requests an evaluation makes."""
        before = len(self.server.requests)
        self.evaluate(count)
        return len(self.server.requests) - before


@pytest.fixture
def desk(
    box: Sandbox,
    scripted_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Desk]:
    """A desk whose model doubles."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    scripted_server.respond = respond
    yield Desk(box, scripted_server, tmp_path / "store.db")


def garbage(path: Path) -> None:
    """Other bytes in the same file, and in what was not yet written back to it."""
    for one in (path, path.with_name("store.db-wal")):
        one.write_bytes(os.urandom(max(8_192, one.stat().st_size)))


def cut(path: Path) -> None:
    """A file of no bytes."""
    os.truncate(path, 0)


def gone(path: Path) -> None:
    """No file."""
    path.unlink()


def fill(path: Path) -> None:
    """More in the store than SQLite remembers of the file."""
    store = Store(path)
    store.close()
    with sqlite3.connect(path) as db:
        keys = (hashlib.sha256(str(n).encode()).hexdigest() for n in range(4_000))
        rows = [(key, "x" * 1_000) for key in keys]
        db.executemany("INSERT INTO replies VALUES (?, ?)", rows)
    db.close()


@pytest.mark.slow
@pytest.mark.parametrize("harm", [garbage, cut, gone])
def test_a_store_that_breaks_in_mid_run(desk: Desk, harm: Callable[[Path], None]) -> None:
    """Set aside and begun anew; the evaluation is what it is without, and what was kept since is
    not paid for again."""
    fill(desk.path)
    answered = iter(range(10_000))

    def harmful(request: Json) -> Answer:
        if next(answered) == COUNT:  # half of the requests are through
            harm(desk.path)
        return respond(request)

    desk.server.respond = harmful
    found = desk.evaluate()
    assert found.right == COUNT
    assert desk.path.with_name("store.db.broken").exists() == (harm is not gone)
    assert [one.done for one in desk.progress] == list(range(1, COUNT + 1))
    assert 0 < desk.asked() < 2 * COUNT
    assert desk.evaluate() == found
    assert desk.progress[-1].cached == COUNT


def test_a_store_of_another_version(desk: Desk) -> None:
    """It is set aside: everything is paid for once more, and it stays beside for who wrote it."""
    found = desk.evaluate(4)
    with sqlite3.connect(desk.path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    assert desk.asked(4) == 8
    assert desk.evaluate(4) == found
    assert desk.path.with_name("store.db.broken").exists()


def test_kept_trials_of_an_older_shape_are_misses(desk: Desk) -> None:
    """Rows that hold other fields, or no JSON object of ours, break nothing."""
    found = desk.evaluate(4)
    with sqlite3.connect(desk.path) as db:
        db.execute("UPDATE trials SET value = json_remove(value, '$.usage') WHERE rowid % 2")
        db.execute("UPDATE trials SET value = json_set(value, '$.colour', 1) WHERE rowid % 2 = 0")
        db.execute("UPDATE replies SET value = '{}'")
    db.close()
    assert desk.evaluate(4) == found


def test_answers_of_a_megabyte(desk: Desk) -> None:
    """They are scored, kept and found again whole; what is longer still is cut."""
    desk.scorer = Checked(contains)
    long = "x" * (TEXT_LIMIT - 20)
    desk.server.respond = lambda _: text(f"ANSWER: 0 {long}")
    found = desk.evaluate(6)
    assert {len(one.answer) for one in found.trials} == {len(long) + 2}
    assert desk.evaluate(6) == found
    desk.server.respond = lambda _: text(f"ANSWER: 0 {long}{long}")
    assert len(desk.evaluate(7).trials[6].messages[-1]["content"]) == TEXT_LIMIT


def test_a_model_that_calls_itself_otherwise(desk: Desk) -> None:
    """Aliases are answered under dated names: it is the same model, before and after."""
    found = desk.evaluate(3)
    assert found.right == 3

    def dated(request: Json) -> Answer:
        answer = respond(request)
        answer = text(answer) if isinstance(answer, str) else answer
        assert isinstance(answer, dict)
        return {**answer, "model": "m-2026-11-29"}

    desk.server.respond = dated
    assert desk.asked(3) == 0
    assert desk.asked(4) == 2
    assert desk.evaluate(4).trials[:3] == found.trials


def test_all_trials_failing(desk: Desk) -> None:
    """Nothing is scored, and each says why; none of it is kept, so that it is tried again."""
    desk.server.respond = lambda _: Fail(503, {"retry-after": "3600"})
    found = desk.evaluate(5)
    assert (found.scored, found.score, found.right) == ((), 0.0, 0)
    assert all("503" in str(one.error) for one in found.trials)
    desk.server.respond = respond
    assert desk.evaluate(5).right == 5
