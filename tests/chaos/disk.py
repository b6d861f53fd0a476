"""A small disk of the run's own, where its store is, that can be filled: one in memory, where it may be mounted."""

from __future__ import annotations

import contextlib
import resource
import subprocess
from pathlib import Path

_SIZE = 48 << 20


class Disk:
    """A folder with little room. Where no disk can be mounted, the driver may write no larger files instead."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._filler = folder, folder / "filler"
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)]
        self._mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0

    def fill(self, driver: int) -> None:
        if not self._mounted:
            largest = max((each.stat().st_size for each in self.folder.iterdir() if each.is_file()), default=0)
            _limit(driver, largest)
            return
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    def make_room(self, processes: list[int]) -> None:
        """``processes`` are those that may have inherited the limit of the driver."""
        if self._mounted:
            self._filler.unlink(missing_ok=True)
            return
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                _limit(pid, resource.RLIM_INFINITY)

    def close(self, keep_in: Path | None) -> None:
        """Let the disk go. What is on it is kept in a folder, if one is given."""
        if keep_in is not None:
            subprocess.run(["cp", "-r", str(self.folder), str(keep_in)], check=True)
        if self._mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)


def _limit(pid: int, size: int) -> None:
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
