"""Seats of workers. A worker that replaces another takes its seat.

A session has as many seats as it could have had workers at the same time.
"""

from bisect import bisect_right
from collections.abc import Sequence
from heapq import heappop, heappush

from msgspec import Struct

from trimma.ports import History
from trimma.views.elapsed import Elapsed
from trimma.views.timeline import Presence, stays

Seat = Sequence[Presence]
"""The stays of the workers on one seat, one after the other."""


class Shift(Struct, frozen=True, kw_only=True):
    """One session and its seats. Times are the study's own, in seconds."""

    start: float
    end: float
    seats: Sequence[Seat]


def shifts(history: History, now: float | None = None) -> list[Shift]:
    """One shift for each session. Its seats are in the order in which they were first taken.

    A worker that comes back has its old seat again. A worker with a new name takes the seat that has been empty longest
    of those whose worker did not come back. If there is none, it has a seat of its own.
    """
    elapsed = Elapsed(history, now)
    starts = [session.start for session in history.sessions]
    rows: list[list[Presence]] = [[] for _ in starts]
    for stay, row in zip(history.stays, stays(history, now), strict=True):
        rows[max(0, bisect_right(starts, stay.start) - 1)].append(row)
    edges = [*map(elapsed.at, starts), elapsed.end]
    return [Shift(start=edges[place], end=edges[place + 1], seats=_seats(some)) for place, some in enumerate(rows)]


def _seats(rows: Sequence[Presence]) -> Sequence[Seat]:
    last = {row.worker: number for number, row in enumerate(rows)}
    seats: list[list[Presence]] = []
    own: dict[str, int] = {}
    left: list[tuple[float, int]] = []  # a heap of the seats to which no worker comes back, by when they were left
    for number, row in enumerate(rows):
        if row.worker not in own and left and left[0][0] <= row.start:
            own[row.worker] = heappop(left)[1]
        seat = own.setdefault(row.worker, len(seats))
        if seat == len(seats):
            seats.append([])
        seats[seat].append(row)
        if row.cause and last[row.worker] == number:
            heappush(left, (row.end, seat))
    return seats
