"""Files and folders that the processes of one user share on a machine.

The first process that needs such a file makes it, and the last process to use it removes it. While the file is made, it
has another name (its "part"). Beside it lies a lock file. The process that makes or removes the file holds the lock
alone, and those that use the file share the lock. The kernel releases the lock of a process that is killed. So a file
whose lock nobody holds is a leftover, which the next process takes over or removes.
"""

import contextlib
import fcntl
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
_PATIENCE = 40  # a copy may be in use but not there for a moment; after so many looks it counts as swept away


def own_folder(name: str) -> Path:
    """A folder that only this user may use, in ``TRIMMA_CACHE`` or, by default, in the folder for temporary files.

    Raises `EngineError` when it can't be made, and when others may use it.
    """
    folder = Path(os.environ.get(VARIABLE) or tempfile.gettempdir()) / f"{name}-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise EngineError(
            f"the folder {folder} on {platform.node()} can't be made ({error.strerror}): name another with {VARIABLE}"
        ) from error
    # in a folder where everybody may write, another user may have made it
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EngineError(
            f"{folder} on {platform.node()} isn't a folder of this user's alone: remove it, or name another with "
            f"{VARIABLE}"
        )
    return folder


class SharedCopy:
    """A file or a folder at ``path``, made as ``part``, and the right to use or to change them."""

    def __init__(self, folder: Path, name: str, suffix: str = "") -> None:
        self._folder, self._suffix = folder, suffix
        self._descriptor: int | None = None
        self._take_name(name)

    def _take_name(self, name: str) -> None:
        self._name, self.path, self.part = name, self._folder / f"{name}{self._suffix}", self._folder / f"{name}.part"
        self._lock = self._folder / f"{name}.lock"

    def use(self, provide: Callable[[], None], waiting: Callable[[], None] = lambda: None) -> None:
        """Begin to use the copy, which stays until `leave`.

        If the copy isn't there, ``provide`` is called to make it, while this process holds the lock alone. While other
        processes hold the lock, ``waiting`` is called many times a second. Exceptions of ``provide`` and ``waiting``
        are passed on. If other processes use the copy, but somebody has swept it away, another one is made under
        another name.
        """
        self._collect()
        name, vanished, swept = self._name, 0, 0
        try:
            while True:
                if self._take(fcntl.LOCK_EX):
                    provide()
                if self._take(fcntl.LOCK_SH):
                    if self.path.exists():
                        return
                    vanished += 1
                    self._drop()
                if vanished >= _PATIENCE:
                    vanished, swept = 0, swept + 1
                    self._take_name(f"{name}-{swept}")
                waiting()
                # not a blocking lock, because that would wait without end and call nobody
                time.sleep(_LOOK_UP)
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """End the use of the copy. The last process to use it removes it. Leaving twice does nothing."""
        if self._descriptor is None:
            return
        try:
            if self._take(fcntl.LOCK_EX):
                # the lock is removed last, because a process that finds no lock file makes everything anew
                for path in (self.path, self.part, self._lock):
                    _remove(path)
        finally:
            self._drop()

    def _collect(self) -> None:
        """Remove what killed processes have left in the folder, except this copy."""
        for name in {path.stem for path in self._folder.iterdir()} - {self._name}:
            with contextlib.suppress(OSError):
                left = SharedCopy(self._folder, name, self._suffix)
                if left._take(fcntl.LOCK_EX):
                    left.leave()

    def _take(self, kind: int) -> bool:
        """Take the lock, or change it to another kind. Returns whether that worked; if not, no lock is held."""
        if self._descriptor is None:
            self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self._drop()
            return False
        if not self._is_current(self._descriptor):
            self._drop()
            return False
        return True

    def _is_current(self, descriptor: int) -> bool:
        """Whether the open lock file is still the one in the folder. If it was removed, others lock a newer one."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._lock.lstat())
        except FileNotFoundError:
            return False

    def _drop(self) -> None:
        """Hold the lock no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _remove(path: Path) -> None:
    """Remove a file or a folder. If it can't be removed, it is left to the next process."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink()
