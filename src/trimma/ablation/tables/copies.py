"""Copies of files: one for all processes of a machine that need the same, removed when none does any more.

A copy is a folder with a lock beside it. Who writes it holds the lock alone, who uses it shares the lock; the kernel
lets go of it for a process that is killed. What nobody holds is a leftover, and the next to come removes it.
"""

import contextlib
import fcntl
import os
import platform
import shutil
import stat
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from trimma.errors import EngineError

VARIABLE = "TRIMMA_CACHE"

_LOOK_UP = 0.05

_writing = threading.Lock()
_kept: dict[str, "_Copy"] = {}
_trial = threading.local()


def of(key: str, write: Callable[[Path], None], owner: int | None = None) -> Path:
    """The folder that ``write`` fills, or has filled for this ``key``, here or in another process of this user.

    It stays until the process ends. With an ``owner`` it stays until the same thread asks for a copy of another owner,
    or ends: there would be too many, if each trial has its own.

    Raises `EngineError` when it can't be written.
    """
    if owner is None:
        with _writing:
            if key not in _kept:
                _kept[key] = _Copy(_folder(), key, write)
            return _kept[key].path
    if getattr(_trial, "owner", None) != owner:
        _trial.copies, _trial.owner = {}, owner
    if key not in _trial.copies:
        _trial.copies[key] = _Copy(_folder(), key, write)
    path: Path = _trial.copies[key].path
    return path


class _Copy:
    """A copy that this process uses, for as long as this object lives."""

    def __init__(self, folder: Path, key: str, write: Callable[[Path], None]) -> None:
        self.path = folder / key
        self._lock = _held(folder, key, write)
        weakref.finalize(self, _leave, folder, key, self._lock, os.getpid())


def _held(folder: Path, key: str, write: Callable[[Path], None]) -> int:
    """A shared lock on the copy, which is there."""
    _collect(folder, key)
    while True:
        lock = os.open(folder / f"{key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if _alone(folder, key, lock) and not (folder / key).exists():
                _write(folder, key, write)
            # waits for who writes
            fcntl.flock(lock, fcntl.LOCK_SH)
            if _is_current(folder, key, lock) and (folder / key).exists():
                return lock
        except BaseException:
            os.close(lock)
            raise
        # who wrote has failed, or was the last to use it
        os.close(lock)
        time.sleep(_LOOK_UP)


def _write(folder: Path, key: str, write: Callable[[Path], None]) -> None:
    part = folder / f"{key}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(mode=0o700)
        write(part)
        part.rename(folder / key)
    except OSError as error:
        raise EngineError(
            f"a copy without the columns can't be written to {folder} on {platform.node()} "
            f"({error.strerror or error}): make room there, or name another folder with {VARIABLE}"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _alone(folder: Path, key: str, lock: int) -> bool:
    """Take the lock for this process alone, if nobody else has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return _is_current(folder, key, lock)


def _is_current(folder: Path, key: str, lock: int) -> bool:
    """Whether the lock's file is still the one that others would open."""
    try:
        return os.path.samestat(os.fstat(lock), (folder / f"{key}.lock").lstat())
    except FileNotFoundError:
        return False


def _leave(folder: Path, key: str, lock: int, process: int) -> None:
    """Use the copy no more; the last to do so removes it. A forked process has nothing to leave."""
    if os.getpid() == process:
        if _alone(folder, key, lock):
            for left in (folder / key, folder / f"{key}.part"):
                shutil.rmtree(left, ignore_errors=True)
            # the lock comes last: who finds none begins anew
            with contextlib.suppress(OSError):
                (folder / f"{key}.lock").unlink()
        os.close(lock)


def _collect(folder: Path, wanted: str) -> None:
    """Remove what killed processes have left, but for the copy that is wanted."""
    for path in folder.glob("*.lock"):
        if path.stem != wanted:
            with contextlib.suppress(OSError):
                _leave(folder, path.stem, os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW), os.getpid())


def _folder() -> Path:
    folder = Path(os.environ.get(VARIABLE) or tempfile.gettempdir()) / f"trimma-tables-{os.getuid()}"
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
