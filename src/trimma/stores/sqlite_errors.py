"""What the errors of SQLite and of the file system mean for a store, and what to do about them."""

import errno
import sqlite3
from pathlib import Path

from trimma.errors import StoreError, StoreFull

PATIENCE = 30.0
"""Seconds to wait for a store that another program has locked."""

# of SQLite's I/O errors those that a quota or a limit on the size of files causes, too
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def mapped(path: Path, error: Exception) -> StoreError:
    """What an error of SQLite's means, one of its texts that is no text, or one of the file system."""
    if isinstance(error, OSError):
        return of_file(path, error)
    if path.is_dir():
        return StoreError(f"the store {path} is a folder: name a file in it")
    text, code = str(error), getattr(error, "sqlite_errorcode", 0)
    if code in _NO_ROOM:
        return StoreFull(f"the store {path} has no room for more ({text}): make room on its disk, or in your quota")
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(f"the store {path} stayed locked by another program for {PATIENCE:g} s")
        case sqlite3.SQLITE_READONLY:
            return read_only(path)
        case sqlite3.SQLITE_CANTOPEN:
            return StoreError(
                f"the store {path} can't be opened or made ({text}): see whether its folder is there, and whether "
                "you may write in it"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CONSTRAINT:
            return damaged(path, text)
    if isinstance(error, UnicodeDecodeError) or "decode" in text:
        return damaged(path, text)
    return StoreError(f"the store {path} can't be used: {text}")


def of_file(path: Path, error: OSError) -> StoreError:
    """What it means that a file beside the store can't be used."""
    where, why = error.filename or path, error.strerror or error
    if error.errno in _FULL_DISK:
        return StoreFull(f"{where} can't be written ({why}): make room on the disk, or in your quota")
    if error.errno == errno.EROFS:
        return read_only(path)
    return StoreError(
        f"{where} can't be used ({why}): see whether its folder is there, and whether you may write in it"
    )


def damaged(path: Path, how: object) -> StoreError:
    """The file itself is damaged, so that there is no telling what is lost."""
    return StoreError(f"the store {path} is damaged ({how}): restore a copy, or name another file with store=")


def read_only(path: Path) -> StoreError:
    """Somebody wants to write a store that can only be read."""
    return StoreError(
        f"the store {path} is read-only: its studies can be looked at, but not gone on with; copy the file to a "
        "folder in which you may write, and name the copy with store="
    )
