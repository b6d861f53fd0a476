"""How many workers would have been enough, found by a replay of the attempts on fewer and on more workers."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace

from msgspec import Struct

from trimma.ports import History
from trimma.views.timeline import attempts
from trimma.views.worker_slots import shifts

ENOUGH = 1.1  # a replay may take this many times as long as with all workers, and still be good enough


class Sizing(Struct, frozen=True, kw_only=True):
    """``seconds`` is how long a replay takes on ``workers``, the largest number of workers that the study had.

    ``enough`` is the smallest number of workers on which it takes at most a tenth longer, and ``enough_seconds`` is how
    long it takes on these. ``doubled_seconds`` is how long it takes on twice as many workers as the study had.
    """

    workers: int
    seconds: float
    enough: int
    enough_seconds: float
    doubled_seconds: float


def sizing(history: History, now: float | None = None) -> Sizing | None:
    """Replay the study up to ``now`` (seconds since the epoch; default: the last event).

    The result is None when no trial took time. The replay is list scheduling: in the order in which they were started,
    each attempt goes to the worker that is free first, and takes as long as it took. Workers join when they joined in
    the study, and additional workers join together with the last of these. Each session is replayed with its own number
    of workers, or with fewer or more if that is asked for. The replay leaves out that a scheduler might have stopped
    other trials, and that more workers on one machine may each be slower.

    Source: Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM Journal on Applied Mathematics, 1969.
    """
    sessions = _sessions(history, now)
    most = max((len(session.joins) for session in sessions), default=0)
    seconds = _replayed(sessions, lambda own: own)
    if not seconds:
        return None

    def with_at_most(workers: int) -> float:
        return _replayed(sessions, lambda own: min(own, workers))

    # fewer workers would take longer even if none was ever idle; from there on, more workers never take longer
    least = min(most, math.ceil(sum(sum(session.seconds) for session in sessions) / (ENOUGH * seconds)))
    enough = least + bisect_left(range(least, most), True, key=lambda number: with_at_most(number) <= ENOUGH * seconds)
    return Sizing(
        workers=most,
        seconds=seconds,
        enough=enough,
        enough_seconds=with_at_most(enough),
        doubled_seconds=_replayed(sessions, lambda own: 2 * own),
    )


class _Session(Struct):
    """``joins``: when the workers joined, in ascending seconds since the session's beginning.

    ``seconds``: how long each attempt took, in the order in which they were started.
    """

    joins: Sequence[float]
    seconds: list[float]


def _sessions(history: History, now: float | None) -> list[_Session]:
    found = shifts(history, now)
    starts = [shift.start for shift in found]
    sessions = [
        _Session(joins=sorted(seat[0].start - shift.start for seat in shift.seats), seconds=[]) for shift in found
    ]
    for row in attempts(history, now):
        sessions[max(0, bisect_right(starts, row.start) - 1)].seconds.append(row.end - row.start)
    return [session for session in sessions if session.joins]


def _replayed(sessions: Sequence[_Session], workers: Callable[[int], int]) -> float:
    """The seconds of all sessions. ``workers`` says how many workers to take for the number that a session had."""
    return sum(_makespan(session, workers(len(session.joins))) for session in sessions)


def _makespan(session: _Session, workers: int) -> float:
    free = [*session.joins[:workers], *[session.joins[-1]] * (workers - len(session.joins))]
    heapify(free)
    end = 0.0
    for seconds in session.seconds:
        until = free[0] + seconds
        heapreplace(free, until)
        end = max(end, until)
    return end
