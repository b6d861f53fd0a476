"""What each trial reported, step by step."""

from msgspec import Struct

from trimma.errors import UnknownName
from trimma.ports import History
from trimma.trial import State


class TrialCurve(Struct, frozen=True, kw_only=True):
    """One trial's values of a metric, without the reports of lost attempts.

    ``values[i]`` was reported at ``steps[i]``.
    """

    trial: int
    state: State
    steps: list[int]
    values: list[float]


def curves(history: History, metric: str | None = None) -> list[TrialCurve]:
    """The curves of all trials that have reported ``metric`` (default: the study's own), in the order of trials.

    Raises `UnknownName` for a metric that no trial has reported, if others were reported.
    """
    name = history.spec.metric.name if metric is None else metric
    if metric is not None and name not in (known := metric_names(history)) and known:
        raise UnknownName("metric", name, known)
    return [
        TrialCurve(trial=trial.id, state=trial.state, steps=list(series.steps), values=list(series.values))
        for trial in history.trials
        if len(series := trial.curve.series(name))
    ]


def metric_names(history: History) -> list[str]:
    """All metrics that were reported or returned. The study's own comes first, the others are sorted."""
    names = {name for trial in history.trials for name in (*trial.curve.metrics, *trial.result)}
    own = history.spec.metric.name
    return [name for name in (own,) if name in names] + sorted(names - {own})
