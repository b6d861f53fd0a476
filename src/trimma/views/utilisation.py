"""What the workers' time was spent on: trials, start-up, dispatch, and waiting for the last trials."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from trimma.ports import History
from trimma.trial import ENDED
from trimma.views.elapsed import Elapsed
from trimma.views.timeline import Attempt, Presence, attempts, stays
from trimma.views.worker_slots import shifts

Waste = Literal["start-up", "dispatch", "tail"]
Kind = Literal["busy", "lost"] | Waste


class Utilisation(Struct, frozen=True, kw_only=True):
    """Worker-seconds by what they were spent on. ``available`` is their sum, ``workers`` the most at a time.

    ``busy`` was spent on attempts that count, ``lost`` on attempts that were lost. ``start_up`` was spent waiting for a
    worker to join, from the beginning of the session or the loss of the worker before it, while there was something to
    start. ``dispatch`` is time without a trial before the last new trial was started, and time in which a trial or its
    outcome was on the way. ``tail`` is time without a trial after that, while other workers still ran the last trials.
    """

    workers: int
    available: float
    busy: float
    lost: float
    start_up: float
    dispatch: float
    tail: float


class Idle(Struct, frozen=True, kw_only=True):
    """A period without a trial, in the study's own seconds. A start-up ends when ``worker`` joins."""

    worker: str
    start: float
    end: float
    kind: Waste


def utilisation(history: History, now: float | None = None) -> Utilisation:
    """The worker-seconds of all sessions, up to ``now`` (seconds since the epoch; default: the last event).

    There was something to start until the last new trial of the session was started, and whenever a trial that had lost
    an attempt waited for the next. A worker that left and was not replaced counts until it left.
    """
    seconds = {"busy": 0.0, "lost": 0.0, "start-up": 0.0, "dispatch": 0.0, "tail": 0.0}
    for _, start, end, kind in _pieces(history, now):
        seconds[kind] += end - start
    return Utilisation(
        workers=max((len(shift.seats) for shift in shifts(history, now)), default=0),
        available=sum(seconds.values()),
        busy=seconds["busy"],
        lost=seconds["lost"],
        start_up=seconds["start-up"],
        dispatch=seconds["dispatch"],
        tail=seconds["tail"],
    )


def idle(history: History, now: float | None = None) -> list[Idle]:
    """All periods in which workers had no trial, of three kinds: start-up, dispatch and tail."""
    return [
        Idle(worker=worker, start=start, end=end, kind=kind)
        for worker, start, end, kind in _pieces(history, now)
        if kind != "busy" and kind != "lost"
    ]


_Piece = tuple[str, float, float, Kind]


def _pieces(history: History, now: float | None) -> Iterator[_Piece]:
    """What the time of each seat was spent on, in pieces that don't overlap."""
    rows = attempts(history, now)
    elapsed = Elapsed(history, now)
    # a trial that lost an attempt goes to the first free worker, so an idle worker waited for new trials only
    new = list(_new(history, elapsed))
    planned, wanted = _Stretches(new), _Stretches([*new, *_again(history, rows, elapsed)])
    own = _by_stay(rows, stays(history, now))
    for shift in shifts(history, now):
        for seat in shift.seats:
            since = shift.start
            for stay in seat:
                for start, end, needed in wanted.split(since, stay.start):
                    if needed:
                        yield stay.worker, start, end, "start-up"
                yield from _of_stay(stay, own.get(stay, ()), planned)
                since = stay.end


def _of_stay(stay: Presence, rows: Iterable[Attempt], planned: "_Stretches") -> Iterator[_Piece]:
    since = stay.start
    for row in rows:
        start = min(max(since, row.start), stay.end)
        end = min(max(start, row.end), stay.end)
        yield from _idle(stay.worker, since, start, planned)
        if row.seconds is not None and (began := max(start, end - row.seconds)) > start:
            # from the driver to the worker and back
            yield stay.worker, start, began, "dispatch"
            start = began
        if end > start:
            yield stay.worker, start, end, "lost" if row.outcome == "lost" else "busy"
        since = end
    yield from _idle(stay.worker, since, stay.end, planned)


def _idle(worker: str, since: float, until: float, planned: "_Stretches") -> Iterator[_Piece]:
    for start, end, more in planned.split(since, until):
        yield worker, start, end, "dispatch" if more else "tail"


def _by_stay(rows: Iterable[Attempt], present: Iterable[Presence]) -> Mapping[Presence, Sequence[Attempt]]:
    """The attempts in each stay of a worker, which are those that began before its next stay."""
    of_worker: dict[str, list[Presence]] = {}
    for stay in present:
        of_worker.setdefault(stay.worker, []).append(stay)
    joins = {worker: [stay.start for stay in some] for worker, some in of_worker.items()}
    found: dict[Presence, list[Attempt]] = {}
    for row in rows:
        place = max(0, bisect_right(joins[row.worker], row.start) - 1)
        found.setdefault(of_worker[row.worker][place], []).append(row)
    return found


def _new(history: History, elapsed: Elapsed) -> Iterator[tuple[float, float]]:
    """The part of each session in which there still were new trials to start."""
    sessions = [session.start for session in history.sessions]
    latest: dict[int, float] = {}
    for trial in history.trials:
        if trial.spans:
            start = trial.spans[0].start
            session = max(0, bisect_right(sessions, start) - 1)
            latest[session] = max(latest.get(session, start), start)
    for session, start in latest.items():
        yield elapsed.at(sessions[session]), elapsed.at(start)


def _again(history: History, rows: Iterable[Attempt], elapsed: Elapsed) -> Iterator[tuple[float, float]]:
    """The periods in which trials that had lost an attempt waited for the next."""
    waiting: dict[int, float] = {}
    for row in rows:
        if row.trial in waiting:
            yield waiting.pop(row.trial), row.start
        if row.outcome == "lost":
            waiting[row.trial] = row.end
    for number, since in waiting.items():
        trial = history.trials[number]
        yield since, elapsed.at(trial.since) if trial.state in ENDED else elapsed.end


class _Stretches:
    """Periods of time that don't overlap, as the moments at which they begin and end in turn."""

    def __init__(self, stretches: Iterable[tuple[float, float]]) -> None:
        self._edges: list[float] = []
        for start, end in sorted(stretches):
            if self._edges and start <= self._edges[-1]:
                self._edges[-1] = max(self._edges[-1], end)
            elif end > start:
                self._edges += [start, end]

    def split(self, start: float, end: float) -> Iterator[tuple[float, float, bool]]:
        """The time from ``start`` to ``end``, cut at these moments. Each part says whether it lies inside a period."""
        place = bisect_right(self._edges, start)
        while start < end:
            until = min(end, self._edges[place]) if place < len(self._edges) else end
            yield start, until, place % 2 == 1
            start, place = until, place + 1
