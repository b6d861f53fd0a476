"""Clocks, from which the loop reads the time. A simulation has a clock of its own."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time in seconds since the epoch. It never goes back within one study."""

    def now(self) -> float: ...


class SystemClock:
    """The time of the machine. When that is set back, this clock stands still until it is caught up with."""

    def __init__(self) -> None:
        self._latest = 0.0

    def now(self) -> float:
        self._latest = max(self._latest, time.time())
        return self._latest


class ManualClock:
    """A clock that moves only when it is told to. The simulated engine and the tests use it."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance_to(self, moment: float) -> None:
        """Move forward to ``moment``. An earlier moment leaves the clock where it is."""
        self._now = max(self._now, moment)
