"""One copy of a program's file for all agents of a machine and a user, fetched once.

A digest has up to three files: the copy, the part of it that has been fetched, and a lock. Who fetches or removes holds
the lock alone, who uses the copy shares the lock, and the kernel lets go of it for a process that is killed. So files
whose lock nobody holds are leftovers: who wants them takes them over, and who doesn't removes them.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from trimma.errors import EngineError

VARIABLE = "TRIMMA_CACHE"

_LOOK_UP = 0.05
_PATIENCE = 200


class Copy:
    """A file of the cache, which stays at ``path`` until it is closed; a context manager that gives the path.

    The last one of a machine to be closed removes the file.
    """

    def __init__(self, path: Path, lock: "_Lock") -> None:
        self.path = path
        self._lock = lock

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Use the file no more. Closing twice does nothing."""
        self._lock.leave()


def cached(
    digest: str, size: int, fetch: Callable[[int], bytes], waiting: Callable[[int], None] = lambda done: None
) -> Copy:
    """The file of ``size`` bytes with this SHA-256 ``digest``, from the cache or through ``fetch``.

    ``fetch(offset)`` gives some bytes from an offset on, one or more. However many ask at once, in processes or
    threads, one fetches. The others call ``waiting`` many times a second with the number of bytes that are there; what
    it raises ends the wait. When the one that fetches is killed, another takes its place.

    The cache is a folder of this user's alone in ``TRIMMA_CACHE``, or else where temporary files are. Raises
    `EngineError` when it can't be used, when the disk is full, and when what was fetched has another digest.
    """
    folder = _folder()
    _collect(folder, digest)
    lock = _Lock(folder / digest)
    vanished = 0
    try:
        while vanished < _PATIENCE:
            if lock.take(fcntl.LOCK_EX):
                _provide(lock, digest, size, fetch)
            if lock.take(fcntl.LOCK_SH):
                if lock.copy.exists():
                    return Copy(lock.copy, lock)
                vanished += 1
                lock.drop()
            waiting(lock.fetched())
            # the kernel would wait for the lock, but without an end and without a word
            time.sleep(_LOOK_UP)
    except BaseException:
        lock.leave()
        raise
    raise EngineError(f"{lock.copy} is in use, but was removed: end what uses it on {platform.node()}")


class _Lock:
    """A digest's files, and the right to use or to change them."""

    def __init__(self, stem: Path) -> None:
        self.copy, self.part = stem.with_suffix(".program"), stem.with_suffix(".part")
        self._path = stem.with_suffix(".lock")
        self._descriptor: int | None = None

    def take(self, kind: int) -> bool:
        """Take the lock, or change it to another kind; if that can't be now, nothing is held."""
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self.drop()
            return False
        if not self._is_current(self._descriptor):
            self.drop()
            return False
        return True

    def _is_current(self, descriptor: int) -> bool:
        """Whether the file wasn't removed after it was opened: if it was, others lock a newer one."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.lstat())
        except FileNotFoundError:
            return False

    def drop(self) -> None:
        """Hold it no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def leave(self) -> None:
        """Hold it no more; the last to do so removes the files."""
        if self._descriptor is None:
            return
        if self.take(fcntl.LOCK_EX):
            # the lock comes last: who finds none begins anew
            for path in (self.copy, self.part, self._path):
                path.unlink(missing_ok=True)
        self.drop()

    def fetched(self) -> int:
        """How many bytes are there."""
        for path in (self.part, self.copy):
            try:
                return path.stat().st_size
            except FileNotFoundError:
                continue
        return 0


def _folder() -> Path:
    folder = Path(os.environ.get(VARIABLE) or tempfile.gettempdir()) / f"trimma-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise EngineError(
            f"the folder {folder} on {platform.node()} can't be made ({error.strerror}): name another with {VARIABLE}"
        ) from error
    # where everybody may write, somebody else may have made it
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EngineError(
            f"{folder} on {platform.node()} isn't a folder of this user's alone: remove it, or name another with "
            f"{VARIABLE}"
        )
    return folder


def _collect(folder: Path, wanted: str) -> None:
    """Remove what killed agents have left, but for the digest that is wanted."""
    for digest in {path.stem for path in folder.iterdir()} - {wanted}:
        left = _Lock(folder / digest)
        if left.take(fcntl.LOCK_EX):
            left.leave()


def _provide(lock: _Lock, digest: str, size: int, fetch: Callable[[int], bytes]) -> None:
    if lock.copy.exists():
        if _digest(lock.copy) == digest:
            return
        lock.copy.unlink()
    free = shutil.disk_usage(lock.copy.parent).free
    if free < size:
        raise _unwritable(lock, size, f"{free:,} bytes are free")
    if _fetch(lock, size, fetch) != digest:
        raise EngineError(f"the objective and its data were damaged on their way to {platform.node()}")
    lock.part.rename(lock.copy)


def _fetch(lock: _Lock, size: int, fetch: Callable[[int], bytes]) -> str:
    """Fill the part; the digest of what has come."""
    digest, done = hashlib.sha256(), 0
    descriptor = os.open(lock.part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while done < size:
            rest = memoryview(fetch(done))
            if not rest:
                raise EngineError(f"the driver gave {done:,} of the {size:,} bytes of the objective and its data")
            digest.update(rest)
            done += len(rest)
            while rest:
                try:
                    written = os.write(descriptor, rest)
                except OSError as error:
                    raise _unwritable(lock, size, str(error.strerror)) from error
                rest = rest[written:]
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unwritable(lock: _Lock, size: int, why: str) -> EngineError:
    return EngineError(
        f"the objective and its data take {size:,} bytes, and can't be kept in {lock.copy.parent} on "
        f"{platform.node()} ({why}): make room there, or name another folder with {VARIABLE}"
    )
