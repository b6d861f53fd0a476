"""Clocks, from which the loop reads the time. A simulation has a clock of its own."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time in seconds since the epoch. It never goes back within one study."""

    def now(self) -> float: ...


class SystemClock:
    """The time of day when the clock was made, and from then on the seconds that have really passed.

    So the times of a study tell people when something happened, and their differences are durations, also when the
    machine's time is set forward or back meanwhile. While the machine is suspended, this clock stands still.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        return self._offset + time.monotonic()


class ManualClock:
    """A clock that moves only when it is told to. The simulated engine and the tests use it."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance_to(self, moment: float) -> None:
        """Move forward to ``moment``. An earlier moment leaves the clock where it is."""
        self._now = max(self._now, moment)
