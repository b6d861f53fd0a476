"""Each trial as one line through all hyperparameters."""

from typing import Any

from msgspec import Struct

from trimma.ports import History
from trimma.trial import State
from trimma.views.comparable import comparable, has_finite_end
from trimma.views.hyperparameters import hyperparameters as hyperparameters_of
from trimma.views.hyperparameters import settings


class TrialLine(Struct, frozen=True, kw_only=True):
    """One trial that has ended. ``settings`` has a value for each hyperparameter that the trial has.

    ``comparable`` says whether the value may be compared with that of the best trial (see `comparable`).
    """

    trial: int
    state: State
    comparable: bool
    settings: dict[str, Any]
    value: float


def parallel(history: History) -> list[TrialLine]:
    """A line for each trial that ended with a finite value, in the order of trials. Failed trials are left out."""
    names = [scale.name for scale in hyperparameters_of(history)]
    lines = []
    for trial in history.trials:
        value = trial.value
        if value is None or not has_finite_end(trial):
            continue
        config = settings(history, trial)
        kept = {name: config[name] for name in names if name in config}
        compared = comparable(history, trial)
        lines.append(TrialLine(trial=trial.id, state=trial.state, comparable=compared, settings=kept, value=value))
    return lines
