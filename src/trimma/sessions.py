"""Who has worked on a study, and when: its drivers and its workers."""

from msgspec import Struct


class Stay(Struct, kw_only=True):
    """A worker's time in the study, in seconds since the epoch. ``end`` is None while it lasts.

    ``cause`` says why the worker left. ``host`` is the machine that it is on, or empty when that isn't known.
    """

    worker: str
    start: float
    end: float | None = None
    cause: str = ""
    host: str = ""


class Session(Struct, kw_only=True):
    """One driver's time with the study. ``end`` is the time of the last event that it stored.

    ``reason`` says why the session was closed. It is empty while the session lasts, and when the driver died.
    """

    start: float
    end: float
    reason: str = ""
