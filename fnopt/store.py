"""The cache of what was paid for: model replies, trials and spending, in one SQLite file.

Deleting it costs money, never truth: what a run decided lives in git. A file that SQLite cannot
read, or that another version of fnopt wrote, is set aside (``store.db.broken``) and begun anew.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from fnopt.errors import FnoptError
from fnopt.records import Usage

Result = TypeVar("Result")

VERSION = 1
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

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

    def __init__(self, path: Path | None, *, patience: float = 30.0) -> None:
        """Open the store at ``path``, or one in memory for None.

        ``patience``: seconds to wait for another process that writes. Raises FnoptError when the
        file cannot be opened or written: locked, read-only, disk full.
        """
        self._lock = threading.Lock()
        self._path = path
        self._patience = patience
        self._db = self._opened()

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

    def replace_reply(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a document under ``key`` in place of what is kept there."""
        self._write("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, json.dumps(value)))

    def trials(self, key: str) -> list[dict[str, Any]]:
        """The trials kept under ``key``, which differ in the functions that they called."""
        sql = "SELECT value FROM trials WHERE key = ?"
        rows: list[tuple[str]] = self._do(lambda db: db.execute(sql, (key,)).fetchall())
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
        row: tuple[Any, ...] | None = self._do(lambda db: db.execute(sql, values).fetchone())
        return row

    def _write(self, sql: str, values: tuple[Any, ...]) -> None:
        def insert(db: sqlite3.Connection) -> None:
            with db:
                db.execute(sql, values)

        self._do(insert)

    def _do(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with self._lock:
            try:
                return work(self._db)
            except sqlite3.OperationalError as error:
                raise self._unusable(error) from None
            except sqlite3.DatabaseError as error:
                if self._path is None or getattr(error, "sqlite_errorcode", None) not in DAMAGED:
                    raise
                self._db.close()
                _set_aside(self._path)
                self._db = self._opened()
                return work(self._db)

    def _opened(self) -> sqlite3.Connection:
        try:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return _open(self._path, self._patience)
            except (_OtherVersion, sqlite3.DatabaseError) as error:
                if self._path is None or isinstance(error, sqlite3.OperationalError):
                    raise  # locked, read-only or a full disk: the file itself may be sound
                _set_aside(self._path)
                return _open(self._path, self._patience)
        except (sqlite3.OperationalError, OSError) as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> FnoptError:
        return FnoptError(
            f"the store {self._path} cannot be used: {error}",
            "another process may hold it, the disk be full or the folder read-only; "
            "deleting the store costs money, never truth",
        )


class _OtherVersion(Exception):
    """The file was written by another version of fnopt."""


def _open(path: Path | None, patience: float) -> sqlite3.Connection:
    deadline = time.monotonic() + patience
    while True:
        try:
            return _connected(path, patience)
        except sqlite3.OperationalError as error:
            # SQLite waits for a writer by itself, but not for another that turns WAL on
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _connected(path: Path | None, patience: float) -> sqlite3.Connection:
    target = str(path) if path is not None else ":memory:"
    db = sqlite3.connect(target, timeout=patience, check_same_thread=False)
    try:
        _prepare(db)
    except (_OtherVersion, sqlite3.Error):
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        raise _OtherVersion(version)
    if db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    if version == 0:
        db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def _set_aside(path: Path) -> None:
    path.replace(path.with_name(path.name + ".broken"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
