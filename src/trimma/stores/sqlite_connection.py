"""Opens the file of a SQLite store: to write and read, or only to read where it can't be written."""

import os
import sqlite3
import time
import weakref
from pathlib import Path

from trimma.errors import StoreError
from trimma.stores.sqlite_errors import PATIENCE, mapped
from trimma.stores.sqlite_schema import make_tables, recognize, refuse_other_version

_ONLY_OWNER = 0o600
_CHECK_SECONDS = 0.25


class Connection:
    """A thread's connection to a store. It is closed when the thread has ended or the store is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.sqlite = connect(path)
        self.close = weakref.finalize(self, self.sqlite.close)
        self._file = _identity(self._path)
        self._checked = time.monotonic()

    def check_file(self) -> None:
        """Raise `StoreError` when the file isn't there any more: what is written now would be lost.

        This looks several times a second, since the question costs as much as to store an event.
        """
        now = time.monotonic()
        if now < self._checked + _CHECK_SECONDS:
            return
        self._checked = now
        if _identity(self._path) != self._file:
            self.close()
            raise StoreError(
                f"the store {self._path} was removed or replaced while it was in use: bring the file back, or name "
                "another one with store="
            )


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the store, which is made where there is none; `StoreError` where that can't be.

    A store that is made may be read and written by its owner only. One that can't be written is opened to be read.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # SQLite gives its other files the mode of this one
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _ONLY_OWNER))
    except OSError as error:
        raise StoreError(
            f"the store {path} can't be made ({error.strerror}): name a file in a folder in which you may write"
        ) from error
    try:
        return _writable(path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if _primary(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN) or not path.is_file():
            raise mapped(path, error) from error
    try:
        return _read_only(path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise mapped(path, error) from error


def _writable(path: Path) -> sqlite3.Connection:
    # each is used by one thread, but may be closed by another
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        recognize(connection, path)
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        make_tables(connection)
        refuse_other_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that can only read, for a file or a folder that can't be written."""
    try:
        return _readable(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if _primary(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise
        written_ahead = path.with_name(f"{path.name}-wal")
        if written_ahead.exists() and written_ahead.stat().st_size:
            raise StoreError(
                f"the store {path} can't be read where it is, for its last events are in {written_ahead.name}, and "
                "to read these takes a folder that can be written: copy both files to one, and name the copy"
            ) from error
    # nobody can write the file, so it needs no locks, for which SQLite would make files beside it
    return _readable(path, "immutable=1")


def _readable(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?{how}", uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        recognize(connection, path)
        refuse_other_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have the file keep a write-ahead log.

    Of two processes that make the same file, each may hold a lock that the other needs for this. SQLite then refuses at
    once instead of waiting, and the one that is refused has to try again.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _identity(path: Path) -> int | None:
    """The number of the file in its file system, or None where there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _primary(error: Exception) -> int:
    """The kind of an error of SQLite's, without what it says in detail."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
