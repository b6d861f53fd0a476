"""One flat row for each trial, for exports."""

from collections.abc import Iterable, Mapping
from typing import Any

from trimma.ports import History
from trimma.space.flatten import flatten
from trimma.trial import ENDED, Trial
from trimma.views.comparable import comparable
from trimma.views.curves import metric_names
from trimma.views.elapsed import Elapsed, trial_seconds
from trimma.views.flatten import flat_place, names_of
from trimma.views.steps import steps_of

FIRST = ("trial", "state", "value", "comparable", "attempt", "steps", "seconds", "worker", "reason")
LAST = ("started", "ended")


def table(history: History, now: float | None = None) -> list[dict[str, Any]]:
    """One row for each trial, in their order.

    A row lacks the places of configs that its trial doesn't have, so that they are told from those that are None. All
    other columns stand in each row, with None for what a trial lacks.

    The columns are ``trial, state, value, comparable`` (whether the value may be compared with the best one, since both
    are of the same fidelity), ``attempt, steps, seconds`` (worker-seconds of all attempts), ``worker`` (the latest),
    ``reason`` (why it was stopped or failed), then ``place.<name>`` (which part of the study the trial belongs to),
    ``config.<name>`` in the order of the configs, ``metric.<name>`` (as returned, or else as last reported),
    ``note.<name>`` (texts that were returned), ``started`` and ``ended`` (seconds since the epoch).
    """
    known = names_of(history)
    given = [
        {f"place.{name}": value for name, value in flat_place(trial).items()}
        | {f"config.{name}": value for name, value in flatten(trial.config, known).items()}
        for trial in history.trials
    ]
    names = sorted(dict.fromkeys(name for each in given for name in each), key=lambda name: name.startswith("config."))
    metrics = metric_names(history)
    notes = list(dict.fromkeys(name for trial in history.trials for name in trial.notes))
    elapsed = Elapsed(history, now)
    return [
        _front(history, trial, elapsed)
        | {name: each[name] for name in names if name in each}
        | {f"metric.{name}": _latest(trial, name) for name in metrics}
        | {f"note.{name}": trial.notes.get(name) for name in notes}
        | _back(trial)
        for trial, each in zip(history.trials, given, strict=True)
    ]


def columns(history: History) -> list[str]:
    """The columns of `table`, in their order, also when there is no trial."""
    return columns_of(table(history))


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The columns of rows that `table` has made."""
    found = dict.fromkeys(name for row in rows for name in row)
    between = (name for part in ("place.", "config.", "metric.", "note.") for name in found if name.startswith(part))
    return [*FIRST, *between, *LAST]


def _front(history: History, trial: Trial, elapsed: Elapsed) -> dict[str, Any]:
    row = (
        trial.id,
        trial.state.value,
        trial.value,
        comparable(history, trial),
        trial.attempt,
        steps_of(trial),
        trial_seconds(trial, elapsed),
        " + ".join(trial.spans[-1].workers) if trial.spans else None,
        str(trial.failure) if trial.failure else trial.reason or None,
    )
    return dict(zip(FIRST, row, strict=True))


def _back(trial: Trial) -> dict[str, Any]:
    started = trial.spans[0].start if trial.spans else None
    return dict(zip(LAST, (started, trial.since if trial.state in ENDED else None), strict=True))


def _latest(trial: Trial, metric: str) -> float | None:
    if metric in trial.result:
        return trial.result[metric]
    series = trial.curve.series(metric)
    return series.values[-1] if len(series) else None
