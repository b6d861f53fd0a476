"""Each trial as one line through all hyperparameters."""

import math
from typing import Any

from msgspec import Struct

from trimma.ports import History
from trimma.trial import ENDED, State
from trimma.views.hyperparameters import hyperparameters as hyperparameters_of
from trimma.views.hyperparameters import settings


class TrialLine(Struct, frozen=True, kw_only=True):
    """One trial that has ended. ``settings`` has a value for each hyperparameter that the trial has."""

    trial: int
    state: State
    settings: dict[str, Any]
    value: float


def parallel(history: History) -> list[TrialLine]:
    """A line for each trial that ended with a finite value, in the order of trials. Failed trials are left out."""
    names = [scale.name for scale in hyperparameters_of(history)]
    lines = []
    for trial in history.trials:
        value = trial.value
        if trial.state not in ENDED or trial.state is State.FAILED or value is None or not math.isfinite(value):
            continue
        config = settings(history, trial)
        kept = {name: config[name] for name in names if name in config}
        lines.append(TrialLine(trial=trial.id, state=trial.state, settings=kept, value=value))
    return lines
