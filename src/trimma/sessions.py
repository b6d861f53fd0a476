"""Who has worked on a study, and when: its drivers and its workers."""

from msgspec import Struct


class Growth(Struct, frozen=True):
    """A process holds ``more`` bytes more after so many ``trials`` than after its first.

    ``exceeded`` says that this is more than it may hold.
    """

    more: int
    trials: int
    exceeded: bool

    def __str__(self) -> str:
        mebibytes = round(self.more / 2**20)
        size = f"{mebibytes} MiB" if mebibytes < 1024 else f"{self.more / 2**30:.1f} GiB"
        return f"{size} more after {self.trials} trials than after its first"


class Stay(Struct, kw_only=True):
    """A worker's time in the study, in seconds since the epoch. ``end`` is None while it lasts.

    ``cause`` says why the worker left, and ``renewed`` that it left to join again with a fresh process, which was
    ``asked`` for after a number of trials or not. ``host`` is the machine that it is on, or empty when that isn't
    known. ``number`` is the worker's own number of this stay.

    A worker has one process during a stay. ``trials`` counts the attempts that were started in it. The last ``alike``
    of them have failed in the same way, ``failing``, beginning with event number ``failing_since`` of the study.
    ``done_at`` is the number of the event by which an attempt last ended without a failure. ``growth`` is how much
    memory was left behind in the process, as it was last told.
    """

    worker: str
    start: float
    end: float | None = None
    cause: str = ""
    host: str = ""
    number: int = 0
    renewed: bool = False
    asked: bool = False
    trials: int = 0
    failing: tuple[str, str, str] | None = None
    failing_since: int = 0
    alike: int = 0
    done_at: int | None = None
    growth: Growth | None = None


class Session(Struct, kw_only=True):
    """One driver's time with the study. ``end`` is the time of the last event that it stored.

    ``reason`` says why the session was closed. It is empty while the session lasts, and when the driver died.
    """

    start: float
    end: float
    reason: str = ""
