"""A store in one SQLite file. A study has one writer, and any number of readers while it runs."""

import hashlib
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from trimma.codec import decode, encode, encode_request
from trimma.errors import StoreError, StudyBusy, StudyNotFound
from trimma.events import Event
from trimma.requests import Request
from trimma.stores.checksums import of_name, of_record
from trimma.stores.event_records import damaged_study, unreadable_record
from trimma.stores.lock import Held, hold, holder
from trimma.stores.request_records import requests_of
from trimma.stores.sqlite_connection import Connection
from trimma.stores.sqlite_entries import count_up, entries, events_held, key_of, new_key
from trimma.stores.sqlite_errors import mapped
from trimma.stores.sqlite_schema import END

_PAGE = 5_000


class SQLiteStore:
    """The store in the SQLite file ``path``, with its ``-wal`` and ``-shm`` files and a folder of lock files.

    Events that were appended survive the death of any process. After a loss of power the last ones may be missing, but
    none is damaged. The file must be on a local disk. Each thread that uses the store has a connection of its own,
    which is closed when the thread or the store is gone.

    The file is made for its owner only. It holds a checksum of each record, so that damage is told, whatever it has
    hit. A store that can't be written, as on a medium that is read-only, can be looked at.

    Raises `StoreError` when the file isn't a store of Trimma, is damaged, or was written by another version, and its
    kind `StoreFull` when there is no room for more.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()
        self._local = threading.local()
        self._connection()

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"

    def append(self, study: str, events: Sequence[Event], expected: int) -> None:
        records = [encode(event) for event in events]
        name = of_name(study)
        with self._errors() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            key = key_of(connection, study, self.path) or new_key(connection, study)
            count_up(connection, study, key, expected, expected + len(records), self.path)
            rows = [
                (key, number, of_record(name, number, record), record)
                for number, record in enumerate(records, start=expected)
            ]
            connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?)", rows)

    def read(self, study: str, after: int = 0) -> Iterator[Event]:
        name = of_name(study)
        while True:
            # a page at a time, so that no read transaction stays open while the caller uses the events
            with self._errors() as connection, connection:
                connection.execute("BEGIN")
                key = key_of(connection, study, self.path)
                if key is None:
                    return
                rows = connection.execute(
                    "SELECT number, crc, record FROM event WHERE study = ? AND number >= ? ORDER BY number LIMIT ?",
                    (key, after, _PAGE),
                ).fetchall()
            end = rows.pop() if rows and rows[-1][0] == END else None
            for due, (number, crc, record) in enumerate(rows, start=after):
                if number != due:
                    raise damaged_study(study, self.path, f"record {due} is missing")
                if type(record) is not bytes or crc != of_record(name, number, record):
                    raise damaged_study(study, self.path, f"the checksum of record {number} doesn't fit")
                try:
                    event = decode(record)
                except StoreError as error:
                    raise unreadable_record(study, number, error) from error
                yield event
            after += len(rows)
            if end is not None:
                held = events_held(study, *end[1:])
                if held is None or (held != after if rows else held > after):
                    raise damaged_study(study, self.path, f"record {after} is missing")
                return
            if len(rows) < _PAGE:
                raise damaged_study(study, self.path, "its end is missing")

    def studies(self) -> Mapping[str, str | None]:
        with self._errors() as connection, connection:
            connection.execute("BEGIN")
            names = list(entries(connection, self.path))
        return {name: holder(self._lock_file(name)) for name in names}

    @contextmanager
    def claim(self, study: str) -> Iterator[None]:
        try:
            with hold(self._lock_file(study), self.path):
                yield
        except Held as error:
            raise StudyBusy(f"study {study!r} is being written by {error.holder}") from None

    def delete(self, study: str, first: Callable[[], None] = lambda: None) -> None:
        with self.claim(study):
            first()
            with self._errors() as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                # not found by an index, which may be what is damaged
                key = entries(connection, self.path).get(study)
                for table in ("event", "request"):
                    connection.execute(f"DELETE FROM {table} WHERE study = ?", (key,))
                connection.execute("DELETE FROM study WHERE id = ?", (key,))

    def ask(self, study: str, request: Request) -> None:
        record = encode_request(request)
        with self._errors() as connection:
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
        digest = hashlib.sha256(study.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        return self.path.with_name(f"{self.path.name}-locks") / f"{readable}-{digest}.lock"

    def _connection(self) -> sqlite3.Connection:
        opened: Connection | None = getattr(self._local, "opened", None)
        if opened is None:
            opened = self._local.opened = Connection(self.path)
        else:
            try:
                opened.check_file()
            except BaseException:
                del self._local.opened
                raise
        return opened.sqlite

    @contextmanager
    def _errors(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise mapped(self.path, error) from error
