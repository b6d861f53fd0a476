"""The metric against one hyperparameter at a time."""

import math
from typing import Any

from msgspec import Struct

from trimma.errors import UnknownName
from trimma.ports import History
from trimma.space import Dimension
from trimma.trial import ENDED, State
from trimma.views.hyperparameters import hyperparameters, settings


class Point(Struct, frozen=True, kw_only=True):
    """One trial that has ended. ``setting`` is the value of the hyperparameter, ``value`` that of the metric."""

    trial: int
    state: State
    setting: Any
    value: float


class Slice(Struct, frozen=True, kw_only=True):
    """One hyperparameter, and the points of all trials that have it."""

    hyperparameter: Dimension
    points: list[Point]


def slices(history: History, *names: str) -> list[Slice]:
    """One slice for each hyperparameter, or for those in ``names``.

    Trials that haven't ended, have failed or have no finite value are left out. Raises `UnknownName` for a name that is
    none of the study's hyperparameters.
    """
    scales = {scale.name: scale for scale in hyperparameters(history)}
    for name in names:
        if name not in scales:
            raise UnknownName("hyperparameter", name, scales)
    found = {name: Slice(hyperparameter=scales[name], points=[]) for name in names or scales}
    for trial in history.trials:
        value = trial.value
        if trial.state not in ENDED or trial.state is State.FAILED or value is None or not math.isfinite(value):
            continue
        config = settings(history, trial)
        for name, one in found.items():
            if name in config:
                one.points.append(Point(trial=trial.id, state=trial.state, setting=config[name], value=value))
    return list(found.values())
