"""A folder that is held open, so that nobody can put another one, or a link to one, in its place."""

import contextlib
import fcntl
import os
import stat
from pathlib import Path

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# not blocking, for what is read may be a pipe
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class HeldFolder:
    """A folder, opened by its ``path``, or by its name in another folder that is held.

    Links aren't followed, neither to the folder itself nor in it. Whatever can't be done raises an `OSError`.
    """

    def __init__(self, path: Path | str, parent: "HeldFolder | None" = None) -> None:
        self._descriptor: int = os.open(path, _OPEN, dir_fd=None if parent is None else parent._descriptor)

    @classmethod
    def made(cls, path: Path | str, parent: "HeldFolder | None" = None) -> "HeldFolder":
        """Make a folder that only this user may enter, and hold it."""
        os.mkdir(path, 0o700, dir_fd=None if parent is None else parent._descriptor)
        folder = cls(path, parent)
        if not folder.is_own:
            folder.close()
            raise PermissionError(0, "somebody has put another folder in the place of the one that was made")
        return folder

    @property
    def is_own(self) -> bool:
        """Whether it is this user's, and nobody else may enter it."""
        found = os.fstat(self._descriptor)
        return found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077

    @property
    def is_gone(self) -> bool:
        """Whether the folder has been removed."""
        try:
            return os.fstat(self._descriptor).st_nlink == 0
        except OSError:
            return True

    def names(self) -> list[str]:
        return os.listdir(self._descriptor)  # noqa: PTH208 - pathlib knows no descriptors

    def read(self, name: str, most: int) -> bytes | None:
        """The content of a regular file of at most so many bytes; None for what isn't one."""
        descriptor = os.open(name, _READ, dir_fd=self._descriptor)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > most:
                return None
            return file.readall()

    def write(self, name: str, content: bytes) -> None:
        """Write a file, which appears under its name when it is complete."""
        draft = f".{name}"
        with contextlib.suppress(FileNotFoundError):
            self.remove(draft)
        with os.fdopen(os.open(draft, _WRITE, 0o600, dir_fd=self._descriptor), "wb") as file:
            file.write(content)
        os.rename(draft, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Remove a file."""
        os.unlink(name, dir_fd=self._descriptor)

    def remove_folder(self, name: str) -> None:
        """Remove a folder in this one, with all that is in it."""
        with contextlib.closing(HeldFolder(name, self)) as inner:
            inner.clear()
        self.remove_empty_folder(name)

    def remove_empty_folder(self, name: str) -> None:
        """Remove a folder in this one that holds nothing. One that has vanished is removed."""
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(name, dir_fd=self._descriptor)

    def clear(self, last: str = "") -> None:
        """Remove all that is in it, and the file of the name ``last`` after all others."""
        for name in sorted(self.names(), key=lambda each: each == last):
            # others may remove something in the meantime
            with contextlib.suppress(FileNotFoundError):
                try:
                    self.remove(name)
                except (IsADirectoryError, PermissionError):
                    # unlinking a folder is EISDIR on Linux, and EPERM elsewhere
                    self.remove_folder(name)

    def lock(self) -> bool:
        """Hold its lock until it is closed. Returns False if somebody else holds it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Hold it no longer. It may be closed more than once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
