"""Which trials are compared with each other: those of the highest fidelity."""

import math

from trimma.ports import History
from trimma.trial import State, Trial, fidelity


def has_finite_end(trial: Trial) -> bool:
    """Whether the trial is done or stopped, and has a finite value."""
    return trial.state in (State.DONE, State.STOPPED) and trial.value is not None and math.isfinite(trial.value)


def comparable(history: History, trial: Trial) -> bool:
    """Whether the trial's value may be compared with that of ``history.best``.

    That holds for the trials that are done with a finite value. As long as there is none, it holds for those of the
    stopped trials that came furthest.
    """
    return has_finite_end(trial) and fidelity(trial) == history.fidelity


def best_step(history: History, trial: Trial) -> int | None:
    """The step at which the trial reported its value. None if it returned the value or has none."""
    series = trial.curve.series(history.spec.metric.name)
    if trial.value is None or trial.value not in series.values:
        return None
    return series.steps[series.values.index(trial.value)]
