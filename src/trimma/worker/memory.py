"""How much memory a process holds that its trials have left behind, and how much it may hold."""

import gc
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

_MIB = 2**20
_LEAST_ALLOWED = 256 * _MIB
_LEAST_TOLD = 64 * _MIB
_GROUPS = Path("/sys/fs/cgroup")


class PrivateMemory:
    """Tells how many bytes in memory only this process uses. None where the system doesn't tell, as on macOS.

    What it shares with others doesn't count, such as the pages of the program's file.
    """

    def __init__(self) -> None:
        try:
            # it stays open, since to open it takes longer than to read it
            self._file = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:
            self._file = -1
        self._page = os.sysconf("SC_PAGE_SIZE")

    def __call__(self) -> int | None:
        if self._file < 0:
            return None
        try:
            _, resident, shared, *_ = os.pread(self._file, 256, 0).split()
            return (int(resident) - int(shared)) * self._page
        except (OSError, ValueError):
            # a trial has closed the descriptor, which may be another file by now
            self._file = -1
            return None

    def close(self) -> None:
        """Close the descriptor. It tells nothing more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class MemoryWatch:
    """Compares the memory that a process holds after each trial with what it held after its first.

    ``allowed`` is how many bytes more it may hold. The largest single rise isn't counted, because it may be something
    that is loaded once, such as data that an objective keeps.
    """

    def __init__(self, allowed: int, measure: Callable[[], int | None]) -> None:
        self._allowed, self._measure = allowed, measure
        self._told_from: float = max(allowed // 4, _LEAST_TOLD)
        self._first = self._before = self._largest = 0
        self.trials = 0

    def after_trial(self) -> int | None:
        """How many bytes more the process holds, if that is worth to be told. It is told twice at most.

        The first time is when it holds a quarter of what it may, and the second time when it holds more than it may.
        """
        held = self._measure()
        self.trials += 1
        if held is None:
            return None
        if self.trials == 1:
            self._first = self._before = held
            return None
        if self._grown(held) > self._told_from:
            # what is only waiting to be collected isn't left behind
            gc.collect()
            collected = self._measure()
            held = held if collected is None else collected
        grown = self._grown(held)
        self._largest, self._before = max(self._largest, held - self._before), held
        if grown <= self._told_from:
            return None
        self._told_from = math.inf if grown > self._allowed else self._allowed
        return held - self._first

    def _grown(self, held: int) -> int:
        return held - self._first - max(self._largest, held - self._before)

    @property
    def exceeded(self) -> bool:
        """Whether the process was told to hold more than it may."""
        return self._told_from == math.inf


def allowed_growth(slots: int) -> int:
    """How many bytes more than after its first trial the process of a worker may hold.

    It is half of the worker's share of the memory of this machine or container, and 256 MiB at least. ``slots`` is how
    many workers share it.
    """
    return max(usable_memory() // (2 * slots), _LEAST_ALLOWED)


def usable_memory() -> int:
    """The bytes of memory that this process may use: those of the machine, or fewer where its container has a limit."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits(_GROUPS, Path("/proc/self/cgroup"))])


def _limits(groups: Path, own: Path) -> Iterator[int]:
    """The limits of the control groups that hold for this process. ``own`` is the file that names its groups."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root, name = (groups, "memory.max") if not controllers else (groups / "memory", "memory.limit_in_bytes")
        # a group has the limits of those above it, too; within a container they may not be there
        here = PurePosixPath(path.lstrip("/"))
        for group in (here, *here.parents):
            try:
                text = (root / group / name).read_text(encoding="utf-8").strip()
            except OSError:
                continue
            if text.isdigit():
                yield int(text)
