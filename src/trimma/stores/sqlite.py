"""A store in one SQLite file. A study has one writer, and any number of readers while it runs."""

import hashlib
import re
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from trimma.codec import decode, encode
from trimma.errors import StoreError, StudyBusy
from trimma.events import Event
from trimma.stores.lock import Held, hold, holder

SCHEMA_VERSION = 1
_APPLICATION = 0x7472696D  # "trim": tells our files from other SQLite databases
_PAGE = 5_000

_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE study (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE event (
    study INTEGER NOT NULL REFERENCES study (id),
    number INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (study, number)
) WITHOUT ROWID;
"""


class SQLiteStore:
    """The store in the SQLite file ``path``, with its ``-wal`` and ``-shm`` files and a folder of lock files.

    Events that were appended survive the death of any process. After a loss of power the last ones may be missing, but
    none is damaged. The file must be on a local disk. Each thread that uses the store has a connection of its own,
    which is closed when the thread or the store is gone.

    Raises `StoreError` when the file isn't a store of Trimma, is damaged, or was written by a newer version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()
        self._local = threading.local()
        self._connection()

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"

    def append(self, study: str, events: Sequence[Event], expected: int) -> None:
        records = [encode(event) for event in events]
        with self._errors() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            key = _id(connection, study) or _new_id(connection, study)
            row = connection.execute("SELECT max(number) FROM event WHERE study = ?", (key,)).fetchone()
            held = 0 if row[0] is None else row[0] + 1
            if held != expected:
                raise StudyBusy(f"study {study!r} holds {held} events, not {expected}: another writer has added some")
            connection.executemany(
                "INSERT INTO event VALUES (?, ?, ?)",
                ((key, expected + offset, record) for offset, record in enumerate(records)),
            )

    def read(self, study: str, after: int = 0) -> Iterator[Event]:
        while True:
            # a page at a time, so that no read transaction stays open while the caller uses the events
            with self._errors() as connection:
                key = _id(connection, study)
                rows = connection.execute(
                    "SELECT record FROM event WHERE study = ? AND number >= ? ORDER BY number LIMIT ?",
                    (key, after, _PAGE),
                ).fetchall()
            for (record,) in rows:
                yield decode(record)
            if len(rows) < _PAGE:
                return
            after += len(rows)

    def studies(self) -> Mapping[str, str | None]:
        with self._errors() as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM study ORDER BY id")]
        return {name: holder(self._lock_file(name)) for name in names}

    @contextmanager
    def claim(self, study: str) -> Iterator[None]:
        try:
            with hold(self._lock_file(study)):
                yield
        except Held as error:
            raise StudyBusy(
                f"study {study!r} is being written by {error.holder}; tm.load({study!r}) reads it meanwhile"
            ) from None

    def delete(self, study: str) -> None:
        with self.claim(study), self._errors() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM event WHERE study = (SELECT id FROM study WHERE name = ?)", (study,))
            connection.execute("DELETE FROM study WHERE name = ?", (study,))

    def close(self) -> None:
        """Close this thread's connection. It is opened again when it is needed."""
        opened = getattr(self._local, "opened", None)
        if opened is not None:
            opened.close()
            del self._local.opened

    def _lock_file(self, study: str) -> Path:
        readable = re.sub(r"[^\w.-]", "_", study)[:60]
        digest = hashlib.sha256(study.encode()).hexdigest()[:8]
        return self.path.with_name(f"{self.path.name}-locks") / f"{readable}-{digest}.lock"

    def _connection(self) -> sqlite3.Connection:
        opened: _Opened | None = getattr(self._local, "opened", None)
        if opened is None:
            opened = self._local.opened = _Opened(_connect(self.path))
        return opened.connection

    @contextmanager
    def _errors(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection()
        except sqlite3.Error as error:
            raise _mapped(self.path, error) from error


class _Opened:
    """A thread's connection. It is closed when the thread has ended or the store is gone."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.close = weakref.finalize(self, connection.close)
        # at exit a daemon thread may still be using its connection, so only the main thread's is closed then
        self.close.atexit = threading.current_thread() is threading.main_thread()


def _id(connection: sqlite3.Connection, study: str) -> int | None:
    row = connection.execute("SELECT id FROM study WHERE name = ?", (study,)).fetchone()
    return row and int(row[0])


def _new_id(connection: sqlite3.Connection, study: str) -> int:
    row = connection.execute("INSERT INTO study (name) VALUES (?) RETURNING id", (study,)).fetchone()
    return int(row[0])


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder of the store {path} can't be made: {error.strerror}") from error
    connection = None
    try:
        # a connection is used by one thread, but may be closed by another
        connection = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
        _prepare(connection, path)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise _mapped(path, error) from error
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # the order matters: when another process makes the store at this time, all of its marks appear at once
    if not _empty(connection) and _pragma(connection, "application_id") != _APPLICATION:
        raise StoreError(f"{path} is a SQLite database, but not a store of Trimma's: name another file")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if _empty(connection):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if _empty(connection):
                for statement in _SCHEMA.strip().split(";\n"):
                    connection.execute(statement)
    version = _pragma(connection, "user_version")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} was written by a newer Trimma (schema {version}, this one knows up to "
            f"{SCHEMA_VERSION}): upgrade with pip install --upgrade trimma"
        )


def _empty(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return not tables and _pragma(connection, "user_version") == 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _mapped(path: Path, error: sqlite3.Error) -> StoreError:
    if path.is_dir():
        return StoreError(f"the store {path} is a folder: name a file in it")
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreError(f"the store {path} stayed locked by another program for 30 s")
    if "not a database" in text or "malformed" in text or "disk image" in text:
        return StoreError(f"the store {path} is damaged ({text}): restore a copy, or name another file with store=")
    return StoreError(f"the store {path} can't be used: {text}")
