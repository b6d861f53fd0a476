"""The tables of a SQLite store, and the marks by which a file is recognized as one."""

import sqlite3
from pathlib import Path

from trimma.errors import StoreError

SCHEMA_VERSION = 3
_APPLICATION = 0x7472696D  # "trim": tells our files from other SQLite databases

END = 2**62
"""The number of a study's last row among the events, which says how many events there are.

So an end that is lost is noticed. It stands beside the newest event, since to write another page with each event would
cost more than all else.
"""

# each row of a study or an event has a checksum, see trimma.stores.checksums
_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    crc INTEGER NOT NULL
);
CREATE TABLE event (
    study INTEGER NOT NULL REFERENCES study (id),
    number INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (study, number)
) WITHOUT ROWID;
CREATE TABLE request (
    number INTEGER PRIMARY KEY,
    study INTEGER NOT NULL REFERENCES study (id),
    record BLOB NOT NULL
);
"""


def recognize(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `StoreError` for a database that isn't a store. An empty file may become one."""
    # in this order: while another process makes the store, all of its marks appear at once
    if not is_empty(connection) and _pragma(connection, "application_id") != _APPLICATION:
        raise StoreError(f"{path} is a SQLite database, but not a store of Trimma's: name another file")


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file, unless another process does so first."""
    if is_empty(connection):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if is_empty(connection):
                for statement in _SCHEMA.strip().split(";\n"):
                    connection.execute(statement)


def refuse_other_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `StoreError` for a store that this Trimma can't read."""
    version = _pragma(connection, "user_version")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} was written by a newer Trimma (schema {version}, this one knows up to "
            f"{SCHEMA_VERSION}): upgrade with pip install --upgrade trimma"
        )
    if version < SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} was written by a Trimma from before the first release (schema {version}, this one "
            f"reads {SCHEMA_VERSION}): remove the file, or name another one with store="
        )


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether the file holds nothing yet."""
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return not tables and _pragma(connection, "user_version") == 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
