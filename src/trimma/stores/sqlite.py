"""A store in one SQLite file. A study has one writer, and any number of readers while it runs."""

import hashlib
import re
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from trimma.codec import decode, encode, encode_request
from trimma.errors import StudyBusy, StudyNotFound
from trimma.events import Event
from trimma.requests import Request
from trimma.stores.lock import Held, hold, holder
from trimma.stores.request_records import requests_of
from trimma.stores.sqlite_schema import bring_up_to_date, connect, mapped

_PAGE = 5_000


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
                with self._errors() as connection:
                    bring_up_to_date(connection)
                yield
        except Held as error:
            raise StudyBusy(f"study {study!r} is being written by {error.holder}") from None

    def delete(self, study: str) -> None:
        with self.claim(study), self._errors() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            for table in ("event", "request"):
                connection.execute(f"DELETE FROM {table} WHERE study = (SELECT id FROM study WHERE name = ?)", (study,))
            connection.execute("DELETE FROM study WHERE name = ?", (study,))

    def ask(self, study: str, request: Request) -> None:
        record = encode_request(request)
        with self._errors() as connection:
            bring_up_to_date(connection)
            # one statement: it is a transaction of its own
            asked = connection.execute(
                "INSERT INTO request (study, record) SELECT id, ? FROM study WHERE name = ?", (record, study)
            )
        if not asked.rowcount:
            raise StudyNotFound(f"there is no study {study!r} that could be asked")

    def take_requests(self, study: str) -> Sequence[Request]:
        with self._errors() as connection:
            of_study = "FROM request WHERE study = (SELECT id FROM study WHERE name = ?)"
            # only to write takes the file's lock, and there is seldom anything to take
            if not connection.execute(f"SELECT 1 {of_study} LIMIT 1", (study,)).fetchone():
                return []
            taken = connection.execute(f"DELETE {of_study} RETURNING number, record", (study,)).fetchall()
        return requests_of(study, (record for _, record in sorted(taken)))

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
            opened = self._local.opened = _Opened(connect(self.path))
        return opened.connection

    @contextmanager
    def _errors(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection()
        except sqlite3.Error as error:
            raise mapped(self.path, error) from error


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
