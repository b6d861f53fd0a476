"""The entries of a SQLite store: which studies it has, by which keys, and how many events each of them holds."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from trimma.errors import StudyBusy
from trimma.stores.checksums import of_name, of_record
from trimma.stores.event_records import damaged_study
from trimma.stores.sqlite_errors import damaged
from trimma.stores.sqlite_schema import END

# the keys of studies that have events but no entry; each step jumps to the next study, however many events there are
_WITH_EVENTS = """
WITH RECURSIVE found (study) AS (
    SELECT min(study) FROM event
    UNION ALL
    SELECT (SELECT min(study) FROM event WHERE study > found.study) FROM found WHERE found.study IS NOT NULL
)
SELECT study FROM found WHERE study IS NOT NULL AND study NOT IN (SELECT id FROM study)
"""


def key_of(connection: sqlite3.Connection, study: str, path: Path) -> int | None:
    """The key of a study, None for an unknown one. Raises `StoreError` where its entry is damaged."""
    row = connection.execute("SELECT id, crc FROM study WHERE name = ?", (study,)).fetchone()
    if row is None:
        if study in _without_entry(connection):
            raise damaged_study(study, path, "its entry is lost, and with it its name")
        return None
    key, crc = row
    if crc != of_name(study):
        raise damaged_study(study, path, "the checksum of its name doesn't fit")
    return int(key)


def new_key(connection: sqlite3.Connection, study: str) -> int:
    """Enter a new study, which holds no events yet, and return its key."""
    name = of_name(study)
    row = connection.execute("INSERT INTO study (name, crc) VALUES (?, ?) RETURNING id", (study, name)).fetchone()
    connection.execute("INSERT INTO event VALUES (?, ?, ?, ?)", (row[0], END, *_end(name, 0)))
    return int(row[0])


def count_up(connection: sqlite3.Connection, study: str, key: int, expected: int, events: int, path: Path) -> None:
    """Note that a study has no longer ``expected`` events, but ``events``.

    Raises `StudyBusy` when it holds another number of events, and `StoreError` when that number is damaged.
    """
    name = of_name(study)
    changed = connection.execute(
        "UPDATE event SET crc = ?, record = ? WHERE study = ? AND number = ? AND crc = ? AND record = ?",
        (*_end(name, events), key, END, *_end(name, expected)),
    )
    if changed.rowcount != 1:
        row = connection.execute("SELECT crc, record FROM event WHERE study = ? AND number = ?", (key, END)).fetchone()
        held = None if row is None else events_held(study, *row)
        if held is None:
            raise damaged_study(study, path, "its end is missing")
        raise StudyBusy(f"study {study!r} holds {held} events, not {expected}: another writer has added some")


def events_held(study: str, crc: object, record: object) -> int | None:
    """How many events a study holds, by its last row, or None where that is damaged."""
    if type(record) is not bytes or crc != of_record(of_name(study), END, record) or not record.isdigit():
        return None
    return int(record)


def entries(connection: sqlite3.Connection, path: Path) -> Mapping[str, int]:
    """The keys of all studies by their names, oldest first. One whose entry is lost goes by a name for that."""
    found: dict[str, int] = {}
    for key, name in connection.execute("SELECT id, name FROM study ORDER BY id"):
        if not isinstance(key, int) or not isinstance(name, str):
            raise damaged(path, f"a study with the key {key!r} and the name {name!r}")
        found[name] = key
    return {**found, **_without_entry(connection)}


def _end(name: int, events: int) -> tuple[int, bytes]:
    record = b"%d" % events
    return of_record(name, END, record), record


def _without_entry(connection: sqlite3.Connection) -> Mapping[str, int]:
    return {f"lost-name-{key}": int(key) for (key,) in connection.execute(_WITH_EVENTS)}
