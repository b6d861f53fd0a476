"""A lock file that names its holder and that the operating system releases when the holder dies."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from trimma.errors import StoreError

_TRIES = 20
_PAUSE = 0.01


class Held(Exception):
    """Somebody else holds the lock. ``holder`` says who, in words."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(f"held by {holder}")


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock while the context lasts.

    Raises `Held` when somebody else holds it, and `StoreError` when it can't be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # append mode makes the file if there is none, and keeps the text that names the holder
        opened = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"the lock file {path} can't be made: {error.strerror}") from error
    with opened as file:
        if not _locked(file):
            raise Held(_read(path))
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def holder(path: Path) -> str | None:
    """Who holds the lock, in words, or None."""
    if not path.exists():
        return None
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(path)
    return None


def _locked(file: IO[str]) -> bool:
    """Lock the file, and return whether it was free.

    This is tried several times, because `holder` locks the file for a moment, too.
    """
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        else:
            return True
    return False


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() or "another process"
