"""The file of a SQLite store: how it is made, recognized and brought up to date, and what its errors mean."""

import sqlite3
import time
from pathlib import Path

from trimma.errors import StoreError

SCHEMA_VERSION = 2
_PATIENCE = 30.0
_APPLICATION = 0x7472696D  # "trim": tells our files from other SQLite databases

_REQUESTS = """
CREATE TABLE request (
    number INTEGER PRIMARY KEY,
    study INTEGER NOT NULL REFERENCES study (id),
    record BLOB NOT NULL
);
"""
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
{_REQUESTS}
"""


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the store, which is made where there is none; `StoreError` where that can't be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder of the store {path} can't be made: {error.strerror}") from error
    connection = None
    try:
        # each is used by one thread, but may be closed by another
        connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        _prepare(connection, path)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise mapped(path, error) from error
        raise
    return connection


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give a store of an earlier schema what it lacks. It is done when somebody writes: reading changes no file."""
    if _version(connection) < SCHEMA_VERSION:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if _version(connection) < SCHEMA_VERSION:
                connection.execute(_REQUESTS)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def mapped(path: Path, error: sqlite3.Error) -> StoreError:
    """What an error of SQLite's means, and what to do about it."""
    if path.is_dir():
        return StoreError(f"the store {path} is a folder: name a file in it")
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreError(f"the store {path} stayed locked by another program for {_PATIENCE:g} s")
    if "not a database" in text or "malformed" in text or "disk image" in text:
        return StoreError(f"the store {path} is damaged ({text}): restore a copy, or name another file with store=")
    return StoreError(f"the store {path} can't be used: {text}")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # in this order: while another process makes the store, all of its marks appear at once
    if not _empty(connection) and _pragma(connection, "application_id") != _APPLICATION:
        raise StoreError(f"{path} is a SQLite database, but not a store of Trimma's: name another file")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    if _empty(connection):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if _empty(connection):
                for statement in _SCHEMA.strip().split(";\n"):
                    connection.execute(statement)
    version = _version(connection)
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} was written by a newer Trimma (schema {version}, this one knows up to "
            f"{SCHEMA_VERSION}): upgrade with pip install --upgrade trimma"
        )


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have the file keep a write-ahead log.

    Of two processes that make the same file, each may hold a lock that the other needs for this. SQLite then refuses at
    once instead of waiting, and the one that is refused has to try again.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _empty(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return not tables and _version(connection) == 0


def _version(connection: sqlite3.Connection) -> int:
    return _pragma(connection, "user_version")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
