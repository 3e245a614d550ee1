"""The cache of what was paid for: model replies, trials and spending, in one SQLite file.

Deleting it costs money, never truth: what a run decided lives in git. A file that SQLite cannot
read, or that another version of fnopt wrote, is set aside (``store.db.broken``) and begun anew.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fnopt.records import Usage

VERSION = 1

SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trials (key TEXT NOT NULL, closures TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (key, closures));
CREATE TABLE IF NOT EXISTS spending (run TEXT NOT NULL, calls INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost REAL);
CREATE INDEX IF NOT EXISTS spending_run ON spending (run);
"""


class Store:
    """Replies, trials and spending; safe to use from several threads and processes."""

    def __init__(self, path: Path | None) -> None:
        """Open the store at ``path``, or one in memory for None."""
        self._lock = threading.Lock()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _open(path)
        except sqlite3.OperationalError:
            raise  # locked, read-only or a full disk: the file itself may be sound
        except sqlite3.DatabaseError:
            if path is None:
                raise
            _set_aside(path)
            self._db = _open(path)

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._db.close()

    def reply(self, key: str) -> dict[str, Any] | None:
        """The model reply kept under ``key``, or None."""
        row = self._one("SELECT value FROM replies WHERE key = ?", (key,))
        return json.loads(row[0]) if row else None

    def keep_reply(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a model reply; the first one kept under a key stays."""
        self._write("INSERT OR IGNORE INTO replies VALUES (?, ?)", (key, json.dumps(value)))

    def trials(self, key: str) -> list[dict[str, Any]]:
        """The trials kept under ``key``, which differ in the functions that they called."""
        with self._lock:
            rows = self._db.execute("SELECT value FROM trials WHERE key = ?", (key,)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def keep_trial(self, trial: Mapping[str, Any]) -> None:
        """Keep a trial (its JSON document); the first with its key and closures stays."""
        closures = json.dumps(trial["closures"], sort_keys=True)
        row = (trial["key"], closures, json.dumps(trial))
        self._write("INSERT OR IGNORE INTO trials VALUES (?, ?, ?)", row)

    def spend(self, run: str, usage: Usage) -> None:
        """Book what a model call of a run cost."""
        row = (run, usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cost)
        self._write("INSERT INTO spending VALUES (?, ?, ?, ?, ?)", row)

    def spent(self, run: str) -> Usage:
        """What a run has cost on this machine; its cost is None when one price was unknown."""
        row = self._one(
            "SELECT coalesce(sum(calls), 0), coalesce(sum(prompt_tokens), 0),"
            " coalesce(sum(completion_tokens), 0), coalesce(sum(cost), 0.0),"
            " count(*) - count(cost) FROM spending WHERE run = ?",
            (run,),
        )
        assert row is not None, "BUG: an aggregate has one row"
        return Usage(row[0], row[1], row[2], None if row[4] else row[3])

    def _one(self, sql: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        with self._lock:
            row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
        return row

    def _write(self, sql: str, values: tuple[Any, ...]) -> None:
        with self._lock, self._db:
            self._db.execute(sql, values)


def _open(path: Path | None) -> sqlite3.Connection:
    target = str(path) if path is not None else ":memory:"
    db = sqlite3.connect(target, timeout=30, check_same_thread=False)
    try:
        _prepare(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        raise sqlite3.DatabaseError(f"written by another version ({version})")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.executescript(SCHEMA)
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.commit()


def _set_aside(path: Path) -> None:
    path.replace(path.with_name(path.name + ".broken"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
