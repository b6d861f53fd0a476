"""The trials, best first."""

import heapq
import math
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from trimma.ports import History
from trimma.trial import ENDED, State, Trial
from trimma.views.elapsed import Elapsed, trial_seconds
from trimma.views.steps import steps_of


class Row(Struct, frozen=True, kw_only=True):
    """One trial. ``rank`` counts from 1, and is None for a trial that can't be best.

    ``seconds`` are worker-seconds.
    """

    rank: int | None
    trial: int
    state: State
    value: float | None
    steps: int
    seconds: float
    attempt: int
    config: Mapping[str, Any]


def leaderboard(history: History, limit: int | None = None, now: float | None = None) -> list[Row]:
    """The trials by value, best first. Of equals, the first to end comes first. The first row is ``history.best``.

    Trials that ended with a finite value come first, and have a rank. After them come the live trials by what they last
    reported, then trials that ended without a finite value, and the failed trials last. ``limit`` is the largest number
    of rows (default: all). The time of live trials is counted up to ``now`` (seconds since the epoch; default: the last
    event).
    """
    places = {trial: place for place, trial in enumerate(history.ended)}
    sign = -1.0 if history.maximize else 1.0

    def key(trial: Trial) -> tuple[int, float, int]:
        finite = trial.value is not None and math.isfinite(trial.value)
        value = sign * trial.value if trial.value is not None and finite else 0.0
        return _group(trial.state, finite), value, places.get(trial.id, trial.id)

    trials = sorted(history.trials, key=key) if limit is None else heapq.nsmallest(limit, history.trials, key=key)
    elapsed = Elapsed(history, now)
    return [_row(trial, place, elapsed, ranked=key(trial)[0] == 0) for place, trial in enumerate(trials, start=1)]


def _group(state: State, finite: bool) -> int:
    if state is State.FAILED:
        return 4
    if state in ENDED:
        return 0 if finite else 3
    return 1 if finite else 2


def _row(trial: Trial, place: int, elapsed: Elapsed, *, ranked: bool) -> Row:
    return Row(
        rank=place if ranked else None,
        trial=trial.id,
        state=trial.state,
        value=trial.value,
        steps=steps_of(trial),
        seconds=trial_seconds(trial, elapsed),
        attempt=trial.attempt,
        config=trial.config,
    )
