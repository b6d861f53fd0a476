"""Which worker ran what and when, and how busy the workers were.

All times are the study's own, in seconds: they begin at 0 and leave out the gaps between sessions.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from msgspec import Struct

from trimma.ports import History
from trimma.trial import Span, State, Trial
from trimma.views.elapsed import Elapsed


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt on a worker. ``outcome`` is done, stopped, failed, paused or lost.

    While the attempt lasts, ``outcome`` is the state of its trial, such as running. ``seconds`` is how long the
    objective ran, or None when that isn't known. The rest of the time was spent on the way to the worker and back.
    """

    trial: int
    attempt: int
    worker: str
    start: float
    end: float
    outcome: str
    seconds: float | None = None


class Presence(Struct, frozen=True, kw_only=True):
    """One stay of a worker. ``cause`` says why the worker left, and is empty while it stays."""

    worker: str
    start: float
    end: float
    cause: str


class Busy(Struct, frozen=True, kw_only=True):
    """How busy the workers were from ``start`` to ``end``. ``busy`` and ``present`` are worker-seconds.

    ``share`` is ``busy / present``, or None without workers.
    """

    start: float
    end: float
    busy: float
    present: float
    share: float | None


class Gap(Struct, frozen=True, kw_only=True):
    """A worker's wait between two attempts of one stay."""

    worker: str
    start: float
    end: float


def attempts(history: History, now: float | None = None) -> list[Attempt]:
    """All attempts, one row for each of their workers, in the order in which they began.

    An attempt that still lasts ends at ``now`` (seconds since the epoch; default: the last event).
    """
    elapsed = Elapsed(history, now)
    rows = [
        Attempt(
            trial=trial.id,
            attempt=span.attempt,
            worker=worker,
            start=elapsed.at(span.start),
            end=elapsed.at(span.end),
            outcome=_outcome(trial, span),
            seconds=span.seconds,
        )
        for trial in history.trials
        for span in trial.spans
        for worker in span.workers
    ]
    return sorted(rows, key=lambda row: (row.start, row.trial, row.attempt))


def stays(history: History, now: float | None = None) -> list[Presence]:
    """All stays of all workers, in the order of joining."""
    elapsed = Elapsed(history, now)
    return [
        Presence(worker=stay.worker, start=elapsed.at(stay.start), end=elapsed.at(stay.end), cause=stay.cause)
        for stay in history.stays
    ]


def busy(history: History, now: float | None = None) -> Busy:
    """How busy the workers were over the whole study: worker-seconds with a trial as a share of those present."""
    elapsed = Elapsed(history, now)
    with_trial = sum(
        len(span.workers) * (elapsed.at(span.end) - elapsed.at(span.start))
        for trial in history.trials
        for span in trial.spans
    )
    present = sum(elapsed.at(stay.end) - elapsed.at(stay.start) for stay in history.stays)
    return _share(0.0, elapsed.end, with_trial, present)


def busy_over_time(history: History, bins: int = 100, now: float | None = None) -> list[Busy]:
    """How busy the workers were in each of ``bins`` periods of equal length. Empty for a study that took no time."""
    end = Elapsed(history, now).end
    if end <= 0:
        return []
    edges = np.linspace(0.0, end, bins + 1)
    with_trial = _per_bin(((row.start, row.end) for row in attempts(history, now)), edges)
    present = _per_bin(((stay.start, stay.end) for stay in stays(history, now)), edges)
    rows = zip(edges[:-1].tolist(), edges[1:].tolist(), with_trial, present, strict=True)
    return [_share(*row) for row in rows]


def gaps(history: History, now: float | None = None) -> list[Gap]:
    """The waits between two attempts on the same worker within one stay. Waits of no length are left out."""
    by_worker: dict[str, list[Attempt]] = {}
    for row in attempts(history, now):
        by_worker.setdefault(row.worker, []).append(row)
    joined: dict[str, list[float]] = {}
    for stay in stays(history, now):
        joined.setdefault(stay.worker, []).append(stay.start)
    return [
        Gap(worker=worker, start=before.end, end=after.start)
        for worker, rows in by_worker.items()
        for before, after in pairwise(rows)
        if after.start > before.end
        and not any(before.end <= start <= after.start and start > before.start for start in joined[worker])
    ]


def _outcome(trial: Trial, span: Span) -> str:
    if span.lost:
        return "lost"
    if span.attempt != trial.attempt or trial.state is State.QUEUED:
        return "paused"
    return trial.state.value


def _per_bin(spans: Iterable[tuple[float, float]], edges: np.ndarray) -> list[float]:
    """The seconds of all spans within each bin, of shape (bins,)."""
    rows = np.array(list(spans)).reshape(-1, 2)
    upto = np.array([(np.clip(edge, rows[:, 0], rows[:, 1]) - rows[:, 0]).sum() for edge in edges])
    return np.diff(upto).tolist()  # type: ignore[no-any-return]


def _share(start: float, end: float, with_trial: float, present: float) -> Busy:
    share = min(1.0, with_trial / present) if present > 0 else None
    return Busy(start=start, end=end, busy=with_trial, present=present, share=share)
