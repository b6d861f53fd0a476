"""The trials, best first."""

import heapq
import math
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from trimma.ports import History
from trimma.trial import ENDED, State, Trial, fidelity
from trimma.views.comparable import comparable, has_finite_end
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


def leaderboard(
    history: History, limit: int | None = None, now: float | None = None, *, only_ended: bool = False
) -> list[Row]:
    """The trials by value, best first. Of equals, the first to end comes first. The first row is ``history.best``.

    Only the trials that are done with a finite value have a rank. As long as there is none, those of the stopped trials
    that came furthest have one. After them come the other stopped trials by how far they came and by value. Unless
    ``only_ended``, the live trials by their value follow, then trials that ended without a finite value, and the failed
    trials last. ``limit`` is the largest number of rows (default: all). The time of live trials is counted up to
    ``now`` (seconds since the epoch; default: the last event).
    """
    places = {trial: place for place, trial in enumerate(history.ended)}
    sign = -1.0 if history.maximize else 1.0

    def key(trial: Trial) -> tuple[int, float, float, int]:
        group = _group(history, trial)
        finite = trial.value is not None and math.isfinite(trial.value)
        value = sign * trial.value if trial.value is not None and finite else 0.0
        return group, -fidelity(trial) if group == _STOPPED else 0.0, value, places.get(trial.id, trial.id)

    asked = filter(has_finite_end, history.trials) if only_ended else history.trials
    trials = sorted(asked, key=key) if limit is None else heapq.nsmallest(limit, asked, key=key)
    elapsed = Elapsed(history, now)
    return [_row(trial, place, elapsed, ranked=key(trial)[0] == _RANKED) for place, trial in enumerate(trials, start=1)]


_RANKED, _STOPPED, _LIVE, _LIVE_WITHOUT_VALUE, _WITHOUT_VALUE, _FAILED = range(6)


def _group(history: History, trial: Trial) -> int:
    if comparable(history, trial):
        return _RANKED
    if trial.state is State.FAILED:
        return _FAILED
    finite = trial.value is not None and math.isfinite(trial.value)
    if trial.state in ENDED:
        return _STOPPED if finite else _WITHOUT_VALUE
    return _LIVE if finite else _LIVE_WITHOUT_VALUE


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
