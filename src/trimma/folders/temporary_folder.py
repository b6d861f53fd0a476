"""Temporary folders, which the next process on the machine clears if the one that has made them was killed.

A folder is in use as long as a process holds its lock (``flock`` on the folder itself, which the kernel releases when
the process dies). Systemd doesn't sweep a folder that is locked either. Only folders of this user and this machine are
cleared, with a mark in them that nobody else can have made. Age has no say.
"""

import contextlib
import hashlib
import os
import platform
import secrets
import tempfile
import weakref
from pathlib import Path

from trimma.folders.held_folder import HeldFolder

_MARK = ".trimma-temporary"
_MACHINE, _START = Path("/etc/machine-id"), Path("/proc/sys/kernel/random/boot_id")


class TemporaryFolder:
    """A new folder that only this user may enter, until `close`, or else until this process ends.

    It lies in the folder for temporary files, or in ``parent``, which other machines may share. What processes that
    were killed have left behind there is removed first. ``kind`` is a part of its name. As a context manager it gives
    the ``path``. Raises `OSError` when it can't be made.
    """

    def __init__(self, kind: str, parent: Path | None = None) -> None:
        within = parent or Path(tempfile.gettempdir())
        prefix = f"trimma-{kind}-{os.geteuid()}-{_machine(shared=parent is not None)}-"
        _clear_leftovers(within, prefix)
        self.path, self.folder = _made(within, prefix)
        self._end = weakref.finalize(self, _remove, self.path, self.folder, os.getpid())

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder with all that is in it. It may be closed more than once."""
        self._end()


def _made(parent: Path, prefix: str) -> tuple[Path, HeldFolder]:
    while True:
        path = parent / f"{prefix}{secrets.token_hex(6)}"
        folder = HeldFolder.made(path)
        try:
            # another process may have cleared it in the moment before it was locked
            if _locked(folder) and not folder.is_gone:
                folder.write(_MARK, b"")
                return path, folder
        except BaseException:
            _remove(path, folder, os.getpid())
            raise
        folder.close()


def _locked(folder: HeldFolder) -> bool:
    try:
        return folder.lock()
    except OSError:
        # no folder can be locked here, so that nobody finds it free either
        return True


def _remove(path: Path, folder: HeldFolder, maker: int) -> None:
    if os.getpid() == maker:
        # what can't be removed now is left to the next process
        with contextlib.suppress(OSError):
            folder.clear(last=_MARK)
            path.rmdir()
    folder.close()


def _clear_leftovers(parent: Path, prefix: str) -> None:
    with contextlib.suppress(OSError), contextlib.closing(HeldFolder(parent.resolve())) as within:
        for name in within.names():
            if name.startswith(prefix):
                # one that is locked, has vanished, or can't be removed is no reason to begin nothing
                with contextlib.suppress(OSError):
                    _clear_leftover(name, within)


def _clear_leftover(name: str, within: HeldFolder) -> None:
    with contextlib.closing(HeldFolder(name, within)) as folder:
        if not folder.is_own or not folder.lock():
            return
        names = folder.names()
        # whoever may write beside it could have given its name to another folder of this user's
        if _MARK in names:
            folder.clear(last=_MARK)
        # a folder that is empty can be removed whatever it is; this fails for any other
        within.remove_empty_folder(name)


def _machine(*, shared: bool) -> str:
    """What tells this machine from others. In a folder that is ``shared``, it is another one after each of its starts.

    Machines that were copied may look the same but for that, and know nothing of each other's locks.
    """
    files = [_MACHINE, *([_START] if shared else [])]
    known = [file.read_text(encoding="ascii", errors="replace") for file in files if file.is_file()]
    return hashlib.sha256("\n".join([platform.node(), *known]).encode()).hexdigest()[:10]
