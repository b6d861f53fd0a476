"""Copies of table files. All processes of a machine share a copy, and the last process to use it removes it."""

import os
import platform
import shutil
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from trimma.errors import EngineError
from trimma.worker.shared_files import VARIABLE, SharedCopy, own_folder

_writing = threading.Lock()
_kept: dict[str, "_CopyInUse"] = {}
_trial = threading.local()


def shared_copy(key: str, write: Callable[[Path], None], owner: int | None = None) -> Path:
    """The folder that ``write`` fills. If this process or another one of this user has filled it for ``key``, that one.

    The folder stays until the process ends. With an ``owner`` it stays only until the same thread asks for a copy for
    another owner, or ends. Trials that each need their own copy have an owner; without it there would be too many
    copies.

    Raises `EngineError` when the copy can't be written.
    """
    if owner is None:
        with _writing:
            if key not in _kept or _kept[key].was_swept:
                _kept[key] = _CopyInUse(key, write)
            return _kept[key].path
    if getattr(_trial, "owner", None) != owner:
        _trial.copies, _trial.owner = {}, owner
    if key not in _trial.copies:
        _trial.copies[key] = _CopyInUse(key, write)
    path: Path = _trial.copies[key].path
    return path


class _CopyInUse:
    """A copy that this process uses while this object lives."""

    def __init__(self, key: str, write: Callable[[Path], None]) -> None:
        folder = SharedCopy(own_folder("trimma-tables"), key)
        folder.use(lambda: _provide(folder, write))
        self.path = folder.path
        weakref.finalize(self, _leave, folder, os.getpid())

    @property
    def was_swept(self) -> bool:
        """Whether somebody has removed what is in it."""
        return not self.path.is_dir() or not any(self.path.iterdir())


def _provide(folder: SharedCopy, write: Callable[[Path], None]) -> None:
    if folder.path.exists():
        return
    shutil.rmtree(folder.part, ignore_errors=True)
    try:
        folder.part.mkdir(mode=0o700)
        write(folder.part)
        folder.part.rename(folder.path)
    except OSError as error:
        raise EngineError(
            f"a copy without the columns can't be written to {folder.path.parent} on {platform.node()} "
            f"({error.strerror or error}): make room there, or name another folder with {VARIABLE}"
        ) from error
    finally:
        shutil.rmtree(folder.part, ignore_errors=True)


def _leave(folder: SharedCopy, process: int) -> None:
    """Leave the copy, except in a forked process, since the lock belongs to its parent."""
    if os.getpid() == process:
        folder.leave()
