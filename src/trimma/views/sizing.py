"""How many workers would have been enough: the attempts that were made, replayed on fewer and on more."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace

from msgspec import Struct

from trimma.ports import History
from trimma.views.timeline import attempts
from trimma.views.worker_slots import shifts

ENOUGH = 1.1  # so many times as long as with all workers is as good


class Sizing(Struct, frozen=True, kw_only=True):
    """``seconds`` is what the study takes when it is replayed with as many ``workers`` as it had at most.

    ``enough`` is the least number of workers that take at most a tenth longer, ``enough_seconds`` what they take,
    ``doubled_seconds`` what twice as many workers as there were would take.
    """

    workers: int
    seconds: float
    enough: int
    enough_seconds: float
    doubled_seconds: float


def sizing(history: History, now: float | None = None) -> Sizing | None:
    """The replay up to ``now`` (seconds since the epoch; default: the last event); None before any trial took time.

    List scheduling: in the order in which they were started, each attempt goes to the worker that is free first, and
    takes as long as it took. Workers come when they came; those beyond, with the last. Of each session its own
    workers are replayed, or as many of them as are asked for. Source: Graham, "Bounds on Multiprocessing Timing
    Anomalies", SIAM Journal on Applied Mathematics, 1969. It leaves out that a scheduler might have stopped other
    trials, and that more workers on one machine may be slower ones.
    """
    sessions = _sessions(history, now)
    most = max((len(session.joins) for session in sessions), default=0)
    seconds = _replayed(sessions, lambda own: own)
    if not seconds:
        return None

    def with_at_most(workers: int) -> float:
        return _replayed(sessions, lambda own: min(own, workers))

    # fewer would take longer even if they never waited; from there on, each worker more never makes it longer
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
    """When each worker came, in order, from the session's beginning; how long each attempt took, in order of start."""

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
    """The seconds of all sessions, each with so many ``workers`` for those that it had."""
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
