"""Each trial as one line through all hyperparameters."""

from typing import Any

from msgspec import Struct

from trimma.ports import History
from trimma.trial import ENDED, State
from trimma.views.comparable import comparable, has_finite_end
from trimma.views.hyperparameters import hyperparameters as hyperparameters_of
from trimma.views.hyperparameters import settings


class TrialLine(Struct, frozen=True, kw_only=True):
    """One trial that has ended. ``settings`` has a value for each hyperparameter that the trial has.

    ``value`` is None where the trial failed or its value isn't finite. ``comparable`` says whether the value may be
    compared with that of the best trial (see `comparable`).
    """

    trial: int
    state: State
    comparable: bool
    settings: dict[str, Any]
    value: float | None


def parallel(history: History) -> list[TrialLine]:
    """A line for each trial that has ended, in the order of trials. Failed trials are among them."""
    names = [scale.name for scale in hyperparameters_of(history)]
    lines = []
    for trial in history.trials:
        if trial.state not in ENDED:
            continue
        config = settings(history, trial)
        lines.append(
            TrialLine(
                trial=trial.id,
                state=trial.state,
                comparable=comparable(history, trial),
                settings={name: config[name] for name in names if name in config},
                value=trial.value if has_finite_end(trial) else None,
            )
        )
    return lines
