"""Where the loop reads the time from, so that a simulation can own it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since the epoch, never going back within one study."""

    def now(self) -> float: ...


class SystemClock:
    """The machine's own time, held still rather than turned back when somebody sets it."""

    def __init__(self) -> None:
        self._latest = 0.0

    def now(self) -> float:
        self._latest = max(self._latest, time.time())
        return self._latest


class ManualClock:
    """A clock that moves only when told; the simulated engine and tests own one."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance_to(self, moment: float) -> None:
        """Move forward to ``moment``; an earlier moment leaves the clock where it is."""
        self._now = max(self._now, moment)
