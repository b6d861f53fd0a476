"""A machine's cache of program files: all agents of a user share one copy, which is fetched once."""

import hashlib
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

from trimma.errors import EngineError
from trimma.worker.shared_files import VARIABLE, SharedCopy, own_folder


class CachedProgram:
    """A file of the cache, which stays at ``path`` until `close`. As a context manager it gives the path.

    It is held open as ``descriptor``, so that it isn't lost to this process when somebody sweeps its folder.

    The last user of the file on the machine that closes it removes it.
    """

    def __init__(self, file: SharedCopy) -> None:
        self.path = file.path
        self._file = file
        self._opened = file.path.open("rb")
        self.descriptor = self._opened.fileno()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the use of the file. Closing twice does nothing."""
        self._opened.close()
        self._file.leave()


def cached(
    digest: str, size: int, fetch: Callable[[int], bytes], waiting: Callable[[int], None] = lambda done: None
) -> CachedProgram:
    """The file of ``size`` bytes with this SHA-256 ``digest``, from the cache or through ``fetch``.

    ``fetch(offset)`` returns one or more bytes of the file, from ``offset`` on. If several processes or threads ask at
    once, only one of them fetches. The others call ``waiting`` many times a second with the number of bytes that have
    been fetched; an exception of ``waiting`` ends the wait. When the process that fetches is killed, another takes its
    place.

    The cache is a folder that only this user may use, in ``TRIMMA_CACHE`` or, by default, in the folder for temporary
    files. Raises `EngineError` when it can't be used, when the disk is full, and when the fetched file has another
    digest.
    """
    file = SharedCopy(own_folder("trimma"), digest, ".program")

    file.use(lambda: _provide(file, digest, size, fetch), lambda: waiting(_fetched(file)))
    try:
        return CachedProgram(file)
    except BaseException:
        file.leave()
        raise


def _fetched(file: SharedCopy) -> int:
    """How many bytes of the file have been fetched."""
    for path in (file.part, file.path):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            continue
    return 0


def _provide(file: SharedCopy, digest: str, size: int, fetch: Callable[[int], bytes]) -> None:
    if file.path.exists():
        if _digest(file.path) == digest:
            return
        file.path.unlink()
    free = shutil.disk_usage(file.path.parent).free
    if free < size:
        raise _unwritable(file, size, f"{free:,} bytes are free")
    if _fetch(file, size, fetch) != digest:
        raise EngineError(f"the objective and its data were damaged on their way to {platform.node()}")
    file.part.rename(file.path)


def _fetch(file: SharedCopy, size: int, fetch: Callable[[int], bytes]) -> str:
    """Fetch the rest of the file, and return the digest of the whole."""
    digest, done = hashlib.sha256(), 0
    descriptor = os.open(file.part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
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
                    raise _unwritable(file, size, str(error.strerror)) from error
                rest = rest[written:]
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _unwritable(file: SharedCopy, size: int, why: str) -> EngineError:
    return EngineError(
        f"the objective and its data take {size:,} bytes, and can't be kept in {file.path.parent} on "
        f"{platform.node()} ({why}): make room there, or name another folder with {VARIABLE}"
    )
