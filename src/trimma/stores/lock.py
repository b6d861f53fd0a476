"""A lock file that names its holder and that the operating system releases when the holder dies."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from trimma.errors import StoreError
from trimma.stores.sqlite_errors import of_file

_TRIES = 20
_PAUSE = 0.01
_LONGEST = 1_000
_UNKNOWN = "another process"


class Held(Exception):
    """Somebody else holds the lock. ``holder`` says who, in words."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(f"held by {holder}")


@contextmanager
def hold(path: Path, store: Path) -> Iterator[None]:
    """Hold the lock of a ``store`` while the context lasts.

    Raises `Held` when somebody else holds it, and `StoreError` when it can't be made or written.
    """
    file = _made(path, store)
    try:
        try:
            if not _locked(file):
                raise Held(_text(file))
            os.ftruncate(file, 0)
            now = datetime.now(UTC)
            os.write(
                file, f"process {os.getpid()} on {socket.gethostname()}, since {now:%Y-%m-%d %H:%M:%S} UTC".encode()
            )
        except OSError as error:
            raise of_file(store, error) from error
        _held.add(file)
        try:
            yield
        finally:
            os.ftruncate(file, 0)
            # not only closed: a process that this one has forked may have it open, too
            fcntl.flock(file, fcntl.LOCK_UN)
    finally:
        _held.discard(file)
        os.close(file)


_held: set[int] = set()


def _let_go() -> None:
    """Close the locks in a process that was forked, which would hold them longer than its parent."""
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_let_go)


def holder(path: Path) -> str | None:
    """Who holds the lock, in words, or None. A lock that this user can't look at counts as held by nobody."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            return None
        raise of_file(path, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _text(file)
    except OSError as error:
        raise of_file(path, error) from error
    finally:
        os.close(file)
    return None


def _made(path: Path, store: Path) -> int:
    """The descriptor of the lock file, which is made if there is none. The text of one that is there stays."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # a link is not followed, for the file that it leads to would be emptied
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        if error.errno in (errno.EROFS, errno.ENOSPC, errno.EDQUOT):
            raise of_file(store, error) from error
        raise StoreError(
            f"the lock file {path} can't be made ({error.strerror}): who goes on with a study must be able to write "
            "in that folder; to look at it takes no lock"
        ) from error


def _locked(file: int) -> bool:
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


def _text(file: int) -> str:
    """What the holder has written, or that it isn't known who holds the lock."""
    return os.pread(file, _LONGEST, 0).decode("utf-8", "replace").strip() or _UNKNOWN
