"""The metric against one hyperparameter at a time."""

from typing import Any

from msgspec import Struct

from trimma.errors import UnknownName
from trimma.ports import History
from trimma.space import Dimension
from trimma.trial import ENDED, State
from trimma.views.comparable import comparable, has_finite_end
from trimma.views.hyperparameters import hyperparameters, settings


class Point(Struct, frozen=True, kw_only=True):
    """One trial that has ended. ``setting`` is the value of the hyperparameter, ``value`` that of the metric.

    ``value`` is None where the trial failed or its value isn't finite. ``comparable`` says whether the value may be
    compared with that of the best trial (see `comparable`).
    """

    trial: int
    state: State
    comparable: bool
    setting: Any
    value: float | None


class Slice(Struct, frozen=True, kw_only=True):
    """One hyperparameter, and the points of all trials that have it."""

    hyperparameter: Dimension
    points: list[Point]


def slices(history: History, *names: str) -> list[Slice]:
    """One slice for each hyperparameter, or for those in ``names``.

    Trials that haven't ended are left out. Raises `UnknownName` for a name that is
    none of the study's hyperparameters.
    """
    scales = {scale.name: scale for scale in hyperparameters(history)}
    for name in names:
        if name not in scales:
            raise UnknownName("hyperparameter", name, scales)
    found = {name: Slice(hyperparameter=scales[name], points=[]) for name in names or scales}
    for trial in history.trials:
        if trial.state not in ENDED:
            continue
        value = trial.value if has_finite_end(trial) else None
        compared = comparable(history, trial)
        config = settings(history, trial)
        for name, one in found.items():
            if name in config:
                point = Point(trial=trial.id, state=trial.state, comparable=compared, setting=config[name], value=value)
                one.points.append(point)
    return list(found.values())
