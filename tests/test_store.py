"""The cache: many writers, damaged files, unknown prices."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fnopt.errors import FnoptError
from fnopt.records import Score, Trial, Usage
from fnopt.store import VERSION, Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "fnopt" / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


def trial(answer: str, **closures: str) -> dict[str, Any]:
    return Trial("t", 0, "key", answer, Score(1.0), closures=closures).to_json()


def test_replies_stay_as_first_kept(store: Store) -> None:
    """A key answers with its first reply; an unknown one with None."""
    assert store.reply("k") is None
    store.keep_reply("k", {"text": "é \ud800 \0"})
    store.keep_reply("k", {"text": "other"})
    assert store.reply("k") == {"text": "é \ud800 \0"}


def test_a_reply_can_be_replaced(store: Store) -> None:
    """What is found out anew takes the place of what was kept, or is kept as the first."""
    for text in ("one", "two"):
        store.replace_reply("k", {"text": text})
        assert store.reply("k") == {"text": text}


def test_trials_differ_by_the_functions_called(store: Store) -> None:
    """One key holds a trial per set of closures; the first of each stays."""
    for kept in (trial("one", f="1"), trial("two", f="2"), trial("other", f="1"), trial("none")):
        store.keep_trial(kept)
    found = [Trial.from_json(kept) for kept in store.trials("key")]
    assert sorted(t.answer for t in found) == ["none", "one", "two"]
    assert store.trials("absent") == []


def test_spending_adds_up_per_run(store: Store) -> None:
    """Each run has its own bill; nothing spent is a bill of 0."""
    store.spend("a", Usage(1, 10, 5, 0.25))
    store.spend("a", Usage(2, 20, 5, 0.5))
    store.spend("b", Usage(1, 1, 1, 9.0))
    assert store.spent("a") == Usage(3, 30, 10, 0.75)
    assert store.spent("c") == Usage(0, 0, 0, 0.0)


def test_one_unknown_price_makes_the_bill_unknown(store: Store) -> None:
    """Unknown is never 0."""
    store.spend("a", Usage(1, 10, 5, 0.25))
    store.spend("a", Usage(1, 10, 5, None))
    assert store.spent("a") == Usage(2, 20, 10, None)


def test_what_is_kept_outlives_the_process(path: Path) -> None:
    """Closed and opened again, all is there."""
    first = Store(path)
    first.keep_reply("k", {"a": 1})
    first.close()
    second = Store(path)
    assert second.reply("k") == {"a": 1}
    second.close()


def test_in_memory() -> None:
    """Without a path nothing is written, and two stores share nothing."""
    one, two = Store(None), Store(None)
    one.keep_reply("k", {"a": 1})
    assert one.reply("k") == {"a": 1}
    assert two.reply("k") is None


def test_eight_threads_at_once(store: Store) -> None:
    """Nothing is lost, nothing is locked."""

    def work(i: int) -> None:
        store.keep_reply(str(i), {"i": i})
        store.spend("run", Usage(1, i, 0, 0.5))
        assert store.reply(str(i)) == {"i": i}
        store.keep_trial(trial("x", f=str(i)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(200)))
    assert store.spent("run") == Usage(200, sum(range(200)), 0, 100.0)
    assert len(store.trials("key")) == 200


WRITER = """
import sys
import time
from pathlib import Path
from fnopt.records import Usage
from fnopt.store import Store
sys.stdin.readline()
for i in range(20):
    while time.time() < float(sys.argv[3]) + i * 0.02:
        pass
    Store(Path(f"{sys.argv[1]}-{i}")).close()
for i in range(5):
    store = Store(Path(sys.argv[1]))
    for n in range(20):
        store.keep_reply(f"{sys.argv[2]}-{i}-{n}", {"n": n})
        store.spend("run", Usage(1, 1, 1, None if sys.argv[2] == "0" else 0.5))
    store.close()
"""


def test_several_processes_open_and_write_at_once(path: Path) -> None:
    """Twenty files are made, and one is written, by four processes in the same moment."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    began = time.time()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(n), str(began + 0.7)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
        )
        for n in range(4)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    said = [writer.communicate(timeout=60)[1] for writer in writers]
    assert said == [b""] * 4
    store = Store(path)
    assert store.spent("run") == Usage(400, 400, 400, None)
    assert store.reply("3-4-19") == {"n": 19}
    assert not path.with_name("store.db.broken").exists()
    store.close()


@pytest.mark.parametrize("data", [b"not a database, certainly not" * 100, b"SQLite format 3\0" * 9])
def test_a_file_that_is_no_database_is_set_aside(path: Path, data: bytes) -> None:
    """It is kept beside the new one, which works."""
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    store = Store(path)
    store.keep_reply("k", {"a": 1})
    store.close()
    assert path.with_name("store.db.broken").read_bytes() == data


def test_an_empty_file_is_begun(path: Path) -> None:
    """A file of no bytes, as a full disk leaves it, is an empty store."""
    path.parent.mkdir(parents=True)
    path.touch()
    store = Store(path)
    store.keep_reply("k", {"a": 1})
    assert store.reply("k") == {"a": 1}
    store.close()
    assert not path.with_name("store.db.broken").exists()


def test_another_versions_file_is_set_aside(path: Path) -> None:
    """What a newer fnopt wrote is not touched, and read by neither."""
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    store = Store(path)
    assert store.reply("k") is None
    store.close()
    with sqlite3.connect(path.with_name("store.db.broken")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)
    db.close()


def test_damage_that_shows_later_costs_money_only(path: Path) -> None:
    """A page that turns out unreadable in mid-run: set aside, begun anew, the work goes on."""
    store = Store(path)
    for n in range(500):
        store.keep_reply(f"key-{n}", {"text": "x" * 500})
    store.close()
    data = path.read_bytes()
    page = 4096
    assert len(data) > 20 * page
    path.write_bytes(data[: 6 * page] + b"\xff" * (len(data) - 6 * page))
    store = Store(path)
    for n in range(500):
        assert store.reply(f"key-{n}") in (None, {"text": "x" * 500})
    store.keep_reply("new", {"a": 1})
    assert store.reply("new") == {"a": 1}
    store.close()
    assert path.with_name("store.db.broken").exists()


def spoil(path: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(path) as db:
        db.execute(sql, values)
    db.close()


@pytest.mark.parametrize("value", ['{"oops', "[]", "null", 5, b"{\xff", "[" * 100_000])
def test_a_value_that_is_no_document_is_a_miss(path: Path, value: object) -> None:
    """Only its row goes, and makes room for what is paid for again."""
    said: list[str] = []
    store = Store(path, say=said.append)
    store.keep_reply("k", {"a": 1})
    store.keep_reply("l", {"a": 2})
    store.keep_trials([trial("one", f="1"), trial("two", f="2")])
    spoil(path, "UPDATE replies SET value = CAST(? AS TEXT) WHERE key = 'k'", value)
    spoil(path, "UPDATE trials SET value = ? WHERE value LIKE '%\"one\"%'", value)
    assert (store.reply("k"), store.reply("l")) == (None, {"a": 2})
    assert [one["answer"] for one in store.recent_trials(9)] == ["two"]
    store.keep_reply("k", {"a": 3})
    store.keep_trial(trial("anew", f="1"))
    assert store.reply("k") == {"a": 3}
    assert sorted(one["answer"] for one in store.trials("key")) == ["anew", "two"]
    store.close()
    assert said == []
    assert not path.with_name("store.db.broken").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE trials",
        "ALTER TABLE trials DROP COLUMN value",
        "ALTER TABLE trials ADD COLUMN more",
    ],
)
@pytest.mark.parametrize("opened", ["before", "after"])
def test_a_file_with_other_tables_is_set_aside(path: Path, sql: str, opened: str) -> None:
    """Whether they were lost before it was opened or later; it is said once."""
    said: list[str] = []
    Store(path).close()
    store = Store(path, say=said.append) if opened == "before" else None
    spoil(path, sql)
    store = store or Store(path, say=said.append)
    store.keep_trial(trial("one"))
    assert [one["answer"] for one in store.trials("key")] == ["one"]
    store.close()
    aside = path.with_name("store.db.broken")
    assert aside.exists()
    assert said == [f"the store cannot be read; set aside as {aside}, and begun anew"]


def test_tables_of_another_program_are_set_aside(path: Path) -> None:
    """A file of version 0 whose tables have our names and other columns."""
    path.parent.mkdir(parents=True)
    spoil(path, "CREATE TABLE spending (what TEXT)")
    store = Store(path)
    assert store.spent("a") == Usage(0, 0, 0, 0.0)
    store.close()
    assert path.with_name("store.db.broken").exists()


def test_what_was_set_aside_earlier_stays(path: Path) -> None:
    """Each file has a name of its own."""
    path.parent.mkdir(parents=True)
    said: list[str] = []
    for n in range(3):
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(b"not a database %d" % n * 100)
        Store(path, say=said.append).close()
    names = ["store.db.broken", "store.db.broken-2", "store.db.broken-3"]
    kept = [path.with_name(name).read_bytes()[:16] for name in names]
    assert kept == [b"not a database %d" % n for n in range(3)]
    assert [name for name, one in zip(names, said, strict=True) if f"{name}," in one] == names


def test_a_file_that_goes_away_is_begun_anew(path: Path) -> None:
    """Deleted in mid-run, or set aside by another process: what is kept from then on is kept."""
    store, other = Store(path), Store(path)
    store.keep_reply("k", {"a": 1})
    for one in path.parent.iterdir():
        one.unlink()
    store.keep_reply("l", {"a": 2})
    assert (store.reply("k"), store.reply("l"), other.reply("l")) == (None, {"a": 2}, {"a": 2})
    other.keep_reply("m", {"a": 3})
    for one in (store, other):
        one.close()
    again = Store(path)
    assert (again.reply("l"), again.reply("m")) == ({"a": 2}, {"a": 3})
    again.close()


def test_a_locked_store_stays(path: Path) -> None:
    """Another's lock is an error with a mend; the file is neither moved nor emptied."""
    store = Store(path, patience=0.1)
    store.keep_reply("k", {"a": 1})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(FnoptError, match="locked") as caught:
        store.keep_reply("l", {"a": 2})
    assert caught.value.mend
    assert store.reply("k") == {"a": 1}
    other.execute("ROLLBACK")
    other.close()
    store.keep_reply("l", {"a": 2})
    assert store.reply("l") == {"a": 2}
    store.close()
    assert not path.with_name("store.db.broken").exists()


def test_a_store_that_cannot_be_made(tmp_path: Path) -> None:
    """A file where the folder should be, or a folder where the file should be, is an error."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for bad in (tmp_path / "file" / "store.db", tmp_path / "folder"):
        with pytest.raises(FnoptError, match="cannot be used"):
            Store(bad)
