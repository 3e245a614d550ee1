"""The cache of what was paid for: model replies, trials and spending, in one SQLite file.

Deleting it costs money, never truth: what a run decided lives in git. A file that SQLite cannot
read, that lacks tables or that another version of fnopt wrote is set aside (``store.db.broken``,
the next one ``store.db.broken-2``) and begun anew. A value that is no JSON object is a miss, and
deleted.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from fnopt.errors import FnoptError
from fnopt.records import Usage

Result = TypeVar("Result")

VERSION = 1
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
MISFIT = re.compile(r"no such (table|column)|has \d+ columns? but")
"""What SQLite says where the tables are not the store's."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trials (key TEXT NOT NULL, closures TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (key, closures));
CREATE TABLE IF NOT EXISTS spending (run TEXT NOT NULL, calls INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost REAL);
CREATE INDEX IF NOT EXISTS spending_run ON spending (run);
"""
COLUMNS = (
    "key, value FROM replies",
    "key, closures, value FROM trials",
    "run, calls, prompt_tokens, completion_tokens, cost FROM spending",
)


class Store:
    """Replies, trials and spending; safe to use from several threads and processes."""

    def __init__(
        self,
        path: Path | None,
        *,
        patience: float = 30.0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Open the store at ``path``, or one in memory for None.

        ``patience``: seconds to wait for another process that writes. ``say`` is told of a file
        that is set aside. Raises FnoptError when the file cannot be opened or written: locked,
        read-only, disk full.
        """
        self._lock = threading.Lock()
        self._path = path
        self._patience = patience
        self._say = say
        self._file: tuple[int, int] | None = None
        self._db = self._opened()

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._db.close()

    def reply(self, key: str) -> dict[str, Any] | None:
        """The model reply kept under ``key``, or None."""
        found = self._documents("replies", "WHERE key = ?", (key,))
        return found[0] if found else None

    def keep_reply(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a model reply; the first one kept under a key stays."""
        self._write("INSERT OR IGNORE INTO replies VALUES (?, ?)", (key, json.dumps(value)))

    def replace_reply(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a document under ``key`` in place of what is kept there."""
        self._write("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, json.dumps(value)))

    def trials(self, key: str) -> list[dict[str, Any]]:
        """The trials kept under ``key``, which differ in the functions that they called."""
        return self._documents("trials", "WHERE key = ?", (key,))

    def keep_trial(self, trial: Mapping[str, Any]) -> None:
        """Keep a trial (its JSON document); the first with its key and closures stays."""
        self.keep_trials([trial])

    def keep_trials(self, trials: Iterable[Mapping[str, Any]]) -> None:
        """Keep several trials at once."""
        self._write("INSERT OR IGNORE INTO trials VALUES (?, ?, ?)", *map(_row, trials))

    def recent_trials(self, most: int) -> list[dict[str, Any]]:
        """The trials that were kept last, the newest first; at most so many."""
        return self._documents("trials", "ORDER BY rowid DESC LIMIT ?", (most,))

    def spend(self, run: str, usage: Usage) -> None:
        """Book what a model call of a run cost."""
        row = (run, usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cost)
        self._write("INSERT INTO spending VALUES (?, ?, ?, ?, ?)", row)

    def spent(self, run: str) -> Usage:
        """What a run has cost on this machine; its cost is None when one price was unknown."""
        (row,) = self._all(
            "SELECT coalesce(sum(calls), 0), coalesce(sum(prompt_tokens), 0),"
            " coalesce(sum(completion_tokens), 0), coalesce(sum(cost), 0.0),"
            " count(*) - count(cost) FROM spending WHERE run = ?",
            (run,),
        )
        return Usage(row[0], row[1], row[2], None if row[4] else row[3])

    def _documents(self, table: str, which: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
        """The documents in some rows of a table; a row that holds none is deleted."""
        sql = f"SELECT rowid, CAST(value AS BLOB) FROM {table} {which}"  # both ours
        rows = self._all(sql, values)
        found = [(row, _parsed(row[1])) for row in rows]
        if broken := [row for row, document in found if document is None]:
            self._write(
                f"DELETE FROM {table} WHERE rowid = ? AND CAST(value AS BLOB) = ?",
                *broken,
            )
        return [document for _, document in found if document is not None]

    def _all(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._do(lambda db: db.execute(sql, values).fetchall())
        return rows

    def _write(self, sql: str, *rows: tuple[Any, ...]) -> None:
        def insert(db: sqlite3.Connection) -> None:
            with db:
                db.executemany(sql, rows)

        self._do(insert)

    def _do(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with self._lock:
            self._reopen_if_moved()
            try:
                return work(self._db)
            except sqlite3.DatabaseError as error:
                if self._path is not None and _is_damage(error):
                    self._begin_anew(self._path)
                    return work(self._db)
                if isinstance(error, sqlite3.OperationalError):
                    raise self._unusable(error) from None
                raise

    def _begin_anew(self, path: Path) -> None:
        self._db.close()
        if _identity(path) == self._file:  # another process may have done this already
            self._set_aside(path)
        self._db = self._opened()

    def _set_aside(self, path: Path) -> None:
        aside = _set_aside(path)
        self._say(f"the store cannot be read; set aside as {aside}, and begun anew")

    def _reopen_if_moved(self) -> None:
        """Begin anew where the file is gone: deleted, or set aside by another process."""
        if self._path is not None and _identity(self._path) != self._file:
            self._db.close()
            self._db = self._opened()

    def _opened(self) -> sqlite3.Connection:
        db = self._connection()
        self._file = _identity(self._path) if self._path is not None else None
        return db

    def _connection(self) -> sqlite3.Connection:
        try:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return _open(self._path, self._patience)
            except (_OtherVersion, sqlite3.DatabaseError) as error:
                if self._path is None or not _is_damage(error):
                    raise  # locked, read-only or a full disk: the file itself may be sound
                self._set_aside(self._path)
                return _open(self._path, self._patience)
        except (sqlite3.OperationalError, OSError) as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> FnoptError:
        return FnoptError(
            f"the store {self._path} cannot be used: {error}",
            "another process may hold it, the disk be full or the folder read-only; "
            "deleting the store costs money, never truth",
        )


def _row(trial: Mapping[str, Any]) -> tuple[str, str, str]:
    return trial["key"], json.dumps(trial["closures"], sort_keys=True), json.dumps(trial)


def _parsed(value: bytes) -> dict[str, Any] | None:
    """The JSON object that was kept; None for anything else."""
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _is_damage(error: Exception) -> bool:
    """Whether an error is of the file itself, rather than of who holds it or of the disk."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # above it: which kind
    misfit = code == sqlite3.SQLITE_ERROR and MISFIT.search(str(error)) is not None
    return isinstance(error, _OtherVersion) or code in DAMAGED or misfit


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells the file at a path from another that takes its place; None without one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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
    for columns in COLUMNS:
        db.execute(f"SELECT {columns} LIMIT 0")  # ours; raises where one is missing


def _set_aside(path: Path) -> Path:
    first = path.with_name(path.name + ".broken")
    numbered = (first.with_name(f"{first.name}-{number}") for number in count(2))
    aside = first if not first.exists() else next(one for one in numbered if not one.exists())
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside
